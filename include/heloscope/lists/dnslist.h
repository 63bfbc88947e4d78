/*
 * dnslist: questions to DNS lists, and what their answers mean (RFC 5782).
 *
 * Knows what a list's configuration says, asks nothing and remembers nothing. Any thread.
 */
#ifndef HELOSCOPE_LISTS_DNSLIST_H
#define HELOSCOPE_LISTS_DNSLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/config/config.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/ipaddr.h"

/*
 * Write the name under which `list` is asked for an address (2.1, 2.4). `name` takes DOMAIN_SIZE octets.
 * False when it would be too long for the DNS.
 */
bool dnslist_address_name(const struct list *list, const struct ipaddr *address, char *name) MUST_USE;

/*
 * The same for a domain (3), which is normalized. When the name would be too long, labels on the left are
 * left off until it fits: what lies below a listed domain is not free of it. Returns what is asked for, the
 * end of `domain`; NULL when nothing fits that lies within a registered domain.
 */
const char *dnslist_domain_name(const struct list *list, const char *domain, char *name) MUST_USE;

/* The same for a test entry, whole; an IPv4-mapped address stays one (RFC 5782, 5: ::FFFF:7F00:2). */
bool dnslist_entry_name(const struct list *list, const char *entry, char *name) MUST_USE;

/* Whether no public list knows anything of this address: nobody else can reach it. Those of documentation
 * and benchmarks are asked for. */
bool dnslist_is_private(const struct ipaddr *address);

/* What a list says of a subject. */
enum list_says {
	LIST_SAYS_NO,      /* no such name */
	LIST_SAYS_YES,     /* at least one answer counts as listed */
	LIST_SAYS_OTHER,   /* answers in 127.0.0.0/8, none of which counts */
	LIST_SAYS_ERROR,   /* it refuses the query; all its answers are worthless */
	LIST_SAYS_STRANGE, /* only answers outside 127.0.0.0/8 */
	LIST_SAYS_NOTHING, /* a fault of the DNS */
};

struct list_reading {
	enum list_says says;
	uint32_t answers[LIST_ANSWERS_MAX]; /* host order: those that count for YES, else the first one */
	size_t count;
};

/* Read the answer to an A question. */
struct list_reading dnslist_read(const struct list *list, const struct dns_answer *answer) MUST_USE;

/* Where `asked` can be looked up, a URL; NULL when that is not known. In `arena`. */
const char *dnslist_page(struct arena *arena, const struct list *list, const char *asked);

/*
 * Text from a list, which may repeat the question: as a string in `arena`, each occurrence of `key`
 * (NULL for none) masked, and cut at 599 octets when there is a key.
 */
const char *dnslist_without_key(struct arena *arena, struct span text, const char *key) MUST_USE;

/* Whether this answer counts as listed, and is no query error. */
bool dnslist_counts(const struct list *list, uint32_t answer);

/* What is known of one answer, from the list's line or its entry; NULL for nothing. */
const char *dnslist_meaning(const struct list *list, uint32_t answer);

/* What the catalogue says of an answer by which the list refuses a query; NULL for nothing. */
const char *dnslist_error_meaning(const struct list *list, uint32_t answer);

#endif
