/*
 * aggregate: DMARC aggregate reports (RFC 7489, appendix C; RFC 9990), as receivers write them.
 *
 * Read as they come, by expat, without entities and document types of their own, in any namespace or none.
 * What is missing, misspelt or twice is read as far as it goes; a row without a source is left out, and the
 * others are told. Memory is the same for a report of any length. One thread.
 */
#ifndef HELOSCOPE_MAILS_AGGREGATE_H
#define HELOSCOPE_MAILS_AGGREGATE_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/domain.h"
#include "heloscope/base/error.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define AGGREGATE_TEXT_SIZE                                                                                  \
	256 /* octets of a text that is no name, with its NUL; of longer ones the beginning */
#define AGGREGATE_WORD_SIZE 32
#define AGGREGATE_DKIM_MAX 8 /* signatures of a row that are told */

/* All texts are of any octets, in UTF-8, and empty when the report does not say it. */
struct aggregate_report {
	char organization[AGGREGATE_TEXT_SIZE];
	char id[AGGREGATE_TEXT_SIZE];
	char domain[DOMAIN_SIZE];             /* of the policy, in lower case */
	char policy[AGGREGATE_WORD_SIZE];     /* p=, in lower case, as all words are */
	char subdomains[AGGREGATE_WORD_SIZE]; /* sp= */
	char dkim_mode[AGGREGATE_WORD_SIZE], spf_mode[AGGREGATE_WORD_SIZE]; /* "r", "s" */
	size_t rows;        /* that were told before this one */
	int64_t begin, end; /* seconds since 1970; 0: not said */
};

struct aggregate_result {
	char domain[DOMAIN_SIZE];
	char selector[DOMAIN_SIZE];       /* of DKIM */
	char result[AGGREGATE_WORD_SIZE]; /* a word of RFC 8601, "unknown" for another, or "" */
};

struct aggregate_row {
	struct ipaddr source;
	uint64_t count; /* messages */
	char disposition[AGGREGATE_WORD_SIZE];
	bool is_dkim_aligned, is_spf_aligned;    /* passed in the name of the author's domain */
	char override_type[AGGREGATE_WORD_SIZE]; /* why the policy was not followed: the first that is said */
	char header_from[DOMAIN_SIZE], envelope_from[DOMAIN_SIZE], envelope_to[DOMAIN_SIZE];
	struct aggregate_result dkim[AGGREGATE_DKIM_MAX], spf;
	size_t dkim_count;
	bool has_spf;
};

/* Takes note of a row; what it wants to keep it copies. */
typedef void aggregate_taker(void *context, const struct aggregate_report *report,
			     const struct aggregate_row *row);

struct aggregate;

/* Begin; NULL when memory ran out. */
struct aggregate *aggregate_new(aggregate_taker *taker, void *context) MUST_USE;
void aggregate_free(struct aggregate *aggregate);

/* Read some octets; false once it is clear that the rest cannot be read. */
bool aggregate_add(struct aggregate *aggregate, struct span octets);

/* All has come. False, with the reason, when it could not be read to its end, the rows before that were told;
 * or when rows lack a number of messages, the others were told. */
bool aggregate_finish(struct aggregate *aggregate, struct error *reason);

#endif
