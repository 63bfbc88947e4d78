/*
 * spf_trace: what an evaluation of SPF did, term by term, for explanations.
 *
 * Plain data. Steps stand in the order in which the evaluation came to them: the record of the
 * domain, its terms, behind an include or a redirect the record that it leads to, and so on.
 * Texts and answers belong to whoever answered the questions (struct spf_source).
 */
#ifndef HELOSCOPE_SPF_TRACE_H
#define HELOSCOPE_SPF_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/span.h"

/* Steps and lookups that are kept. Terms without lookup that do not match are left out first. */
#define SPF_STEPS_MAX 256
#define SPF_PLAIN_STEPS_MAX 200
#define SPF_LOOKUPS_MAX 256
#define SPF_NAMES_OCTETS_MAX 8192 /* of the names of the lookups */

enum spf_match {
	SPF_NO_MATCH, /* a record: there is none */
	SPF_MATCH,    /* a record: it was read; a modifier: it was followed */
	SPF_TEMPERROR,
	SPF_PERMERROR,
};

struct spf_step {
	unsigned depth;     /* 0 for the record of the domain that was asked, +1 in each that it leads to */
	const char *domain; /* whose record */
	bool is_record;     /* the record itself is fetched; else a term of it */
	struct span term;   /* raw: the term, or the whole record */
	enum spf_match match;
};

struct spf_lookup {
	size_t step; /* for which it was made */
	const char *name;
	enum dns_type type;
	const struct dns_answer *answer;
};

struct spf_trace {
	struct spf_step *steps;
	size_t step_count;
	struct spf_lookup *lookups;
	size_t lookup_count;
	size_t name_octets;
	unsigned terms, voids; /* that counted against the limits of RFC 7208, 4.6.4 */
	bool is_cut;           /* there was more */
};

/* Begin a step; returns its number for the two below, or SPF_STEPS_MAX when it is left out. */
size_t spf_trace_begin(struct spf_trace *trace, struct arena *arena, const struct spf_step *step) MUST_USE;

/* Say how a step ended. */
void spf_trace_end(struct spf_trace *trace, size_t step, enum spf_match match);

/* Note a lookup of a step, once. `name` is copied. */
void spf_trace_lookup(struct spf_trace *trace, struct arena *arena, const struct spf_lookup *lookup);

/* A copy of all but texts and answers in `arena`. */
struct spf_trace spf_trace_copy(const struct spf_trace *trace, struct arena *arena);

#endif
