/*
 * list_round: what a list is asked to see whether it is well, and what the answers show.
 *
 * A list has parts that may be well or not each for itself: IPv4 addresses, IPv6 addresses, names. A round
 * asks one part for the test entries that are known of it (RFC 5782, section 5) and for others that nobody
 * can know beforehand and that no list may list: an address within 127.0.0.0/8 or ::ffff:127.0.0.0/104 whose
 * middle is drawn at random, or a random name below "invalid" (RFC 6761, 6.4). Asks nothing itself. Any
 * thread.
 */
#ifndef HELOSCOPE_LISTS_ROUND_H
#define HELOSCOPE_LISTS_ROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/config/config.h"
#include "heloscope/lists/dnslist.h"

enum list_part { LIST_PART_IPV4, LIST_PART_IPV6, LIST_PART_NAMES, LIST_PARTS };

/* In order of how much each says when a round shows several. */
enum list_trouble {
	LIST_WELL,
	LIST_UNCHECKED,  /* its test entries were not asked yet */
	LIST_UNANSWERED, /* they were, but nobody answered, which may be our own fault */
	LIST_DOUBTED,    /* a wrong answer to a test entry, which is asked again */
	LIST_NO_ANSWER,  /* suspended, as all below */
	LIST_LISTS_NONE, /* not even its test entries */
	LIST_STRANGE,    /* answers outside 127.0.0.0/8 */
	LIST_LISTS_ALL,  /* what must not be listed is */
	LIST_FILTERED,   /* the same with 127.0.0.1: somebody in between answers for every name */
	LIST_REFUSES,    /* answers with query errors */
	LIST_TROUBLES
};

/* Whether the list is asked for what belongs to this part. */
bool list_has_part(const struct list *list, enum list_part part);

/* The part that knows an address of `length` octets. */
enum list_part list_part_of_address(unsigned char length);

/* One question of a round. */
struct list_question {
	enum list_part part;
	bool is_listed;          /* it must be; else it must not be */
	bool is_random;          /* one that nobody can know */
	char entry[DOMAIN_SIZE]; /* the address or domain, as people write it */
	char name[DOMAIN_SIZE];  /* under which it is asked, key and all; "" when that is too long */
};

/* How many questions a round has; 0 when the list has no such part. */
size_t list_round_size(const struct list *list, enum list_part part);

/* Whether one of them is for an entry that must be listed. */
bool list_has_listed_entry(const struct list *list, enum list_part part);

/* The question at `index`; the last ones, at least one, are others each time. */
struct list_question list_round_question(const struct list *list, enum list_part part, size_t index);

/* What a question brought. */
struct list_proof {
	struct list_question question;
	enum dns_status status;
	struct list_reading reading;
};

/*
 * What that shows: LIST_WELL, LIST_NO_ANSWER or a trouble behind it. Which address in 127.0.0.0/8 a test
 * entry has does not matter.
 */
enum list_trouble list_proof_judge(const struct list_proof *proof);

/* Why what the list says does not count; LIST_FAULT_NONE for LIST_WELL. */
enum list_fault list_trouble_fault(enum list_trouble trouble);

#endif
