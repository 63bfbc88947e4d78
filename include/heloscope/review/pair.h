/*
 * pair: what became of mail of one sender's domain at one receiver: how often it was delivered, and why not.
 *
 * Plain data. For review/comparison.h and review/differences.h only; one thread.
 */
#ifndef HELOSCOPE_REVIEW_PAIR_H
#define HELOSCOPE_REVIEW_PAIR_H

#include <jansson.h>

#include "heloscope/base/table.h"
#include "heloscope/refusals/recognize.h"

#define PAIR_TEXT_MAX 400 /* octets that are kept of an answer */

/* A reason, as often as it was given, and the beginning of what was answered last. */
struct reason {
	unsigned long count;
	struct recognition known; /* without the server */
	enum refusal_status status;
	char text[PAIR_TEXT_MAX];
	size_t length;
};

/* Those that come often stay: who finds no place takes that of the rarest, and its number. */
struct reasons {
	struct reason *items;
	size_t count, size;
};

/* A sender's domain at a receiver, from one address of ours as far as it is known. */
struct pair {
	struct table_link link;
	const char *domain, *receiver;
	struct ipaddr client;
	unsigned long counts[REFUSAL_STATUSES];
	unsigned long blamed;             /* refusals that are not the recipient's or receiver's doing */
	time_t first_passed, last_passed; /* or REFUSAL_NO_TIME */
	time_t first_blamed, last_blamed;
	bool is_over;  /* something passed after the last of them, as the log has it; */
	bool is_mixed; /* and something between them */
	struct reasons reasons;
};

/* Whether a refusal may have to do with whose mail it is: not where it is the recipient's or receiver's
 * matter. */
bool pair_is_blamed(const struct recognition *known, enum refusal_status status);

/* The order of ways: by receiver, then by the address that the mail left from; 0 for the same. */
int pair_compare_ways(const struct pair *a, const struct pair *b);

/* For qsort() of pointers to pairs: by receiver, then by address, then by domain. */
int pair_compare(const void *a, const void *b);

/* What was given most often; NULL: nothing. */
const struct reason *pair_main_reason(const struct pair *pair);

/* For programs: a row of the table, and parts of it. */
json_t *pair_json(const struct pair *pair);
json_t *pair_json_of_reason(const struct reason *reason); /* NULL: null */

#endif
