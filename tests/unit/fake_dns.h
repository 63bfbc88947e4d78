/*
 * fake_dns: a dns_resolver made of a table, for unit tests.
 *
 * Questions wait until the test delivers their answers. A question that no row answers makes the
 * test fail: every lookup is expected or wrong.
 */
#ifndef TESTS_UNIT_FAKE_DNS_H
#define TESTS_UNIT_FAKE_DNS_H

#include "heloscope/dns/dns.h"

/* `records`: separated by "|". A, AAAA: addresses; PTR: names; MX: "10 name"; TXT: texts. */
struct fake_row {
	const char *name;
	enum dns_type type;
	enum dns_status status;
	const char *records;
};

struct fake_dns {
	struct dns_resolver interface; /* first */
	const struct fake_row *rows;
	size_t row_count;
	struct fake_query *queries;
	size_t asked; /* questions so far */
};

void fake_dns_init(struct fake_dns *fake, const struct fake_row *rows, size_t count);

/* Deliver what is asked, and what is asked in consequence, until nothing is. Returns how many. */
size_t fake_dns_deliver(struct fake_dns *fake);

/* Deliver only the answers to questions for `name`. */
size_t fake_dns_deliver_name(struct fake_dns *fake, const char *name);

/* Make the answer of a row. */
struct dns_answer *fake_dns_answer(const struct fake_row *row);

/* The row for a question; fails the test when there is none. */
const struct fake_row *fake_dns_find(const struct fake_row *rows, size_t count, const char *name,
				     enum dns_type type);

#endif
