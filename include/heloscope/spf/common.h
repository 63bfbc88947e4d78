/*
 * spf_common: what both SPF engines share: selecting a record, expanding macros, explanations.
 *
 * For spf_native.c and spf_libspf2.c. One evaluation, one thread.
 */
#ifndef HELOSCOPE_SPF_COMMON_H
#define HELOSCOPE_SPF_COMMON_H

#include "heloscope/base/must_use.h"
#include "heloscope/spf/spf.h"
#include "heloscope/spf/record.h"
#include "heloscope/base/strbuf.h"

/* Questions whose answers an evaluation came to and did not have. */
#define SPF_AWAITED_MAX 16

struct spf_awaited {
	struct {
		const char *name;
		enum dns_type type;
	} items[SPF_AWAITED_MAX];
	size_t count;
};

struct spf_evaluation {
	const struct spf_query *query;
	const struct spf_source *source;
	struct arena *scratch;      /* gone with the evaluation */
	unsigned terms, voids;      /* of 4.6.4, so far */
	unsigned ahead;             /* terms whose lookups were asked before they were reached */
	bool is_pending;            /* an answer is awaited: whatever comes out does not count */
	bool looks_ahead;           /* what is asked is on no trace */
	bool has_no_names;          /* `%{p}` is "unknown", whatever the reverse DNS says */
	struct spf_problem problem; /* `name` in `scratch` */
	unsigned depth;             /* of the record being evaluated */
	struct spf_trace trace;     /* in `scratch`; whole only when nothing is pending */
	size_t step;                /* of it, for which lookups are made */
	struct spf_awaited awaited; /* names in `scratch` */
};

/* The outcome when `scratch` has failed: temperror, whatever seems to have been found. */
extern const struct spf_outcome spf_out_of_memory;

/* A copy in `arena`; NULL for NULL. */
const char *spf_keep(struct arena *arena, const char *text);

/* The same of the problem, for the outcome with `result`: one only of temperror and permerror. */
struct spf_problem spf_keep_problem(struct arena *arena, const struct spf_problem *problem,
				    enum result result);

/* Note why the evaluation ends: a problem that is told by its kind alone, or by a name, too, which is copied.
 */
void spf_set_problem(struct spf_evaluation *evaluation, enum spf_problem_kind kind);
void spf_set_named_problem(struct spf_evaluation *evaluation, enum spf_problem_kind kind, const char *name);

/* Add to the problem, unless that is done already, at which term of whose record it arose. Both are
 * copied; of a very long term its beginning. */
void spf_blame_term(struct spf_evaluation *evaluation, const char *holder, struct span term);

/*
 * Ask, and note when the answer is awaited. `name` is raw: labels of any octets with dots between
 * them, as macros make them.
 */
const struct dns_answer *spf_ask(struct spf_evaluation *evaluation, const char *name, enum dns_type type);

/* The same for a name as answers hold it. */
const struct dns_answer *spf_ask_name(struct spf_evaluation *evaluation, const char *name,
				      enum dns_type type);

/* Ask for the addresses of the client's family of an MX record's host. */
const struct dns_answer *spf_ask_host(struct spf_evaluation *evaluation, const struct dns_record *host);

/* Begin a step of the trace, to which the lookups that follow belong. `domain` is kept. Returns its number.
 */
size_t spf_begin_step(struct spf_evaluation *evaluation, const char *domain, struct span term);

/* The trace, for the outcome. */
struct spf_trace spf_keep_trace(struct spf_evaluation *evaluation, struct arena *arena) MUST_USE;

/* Whether the DNS can be asked for `name`, raw: no label is empty or too long, nor is the whole. */
bool spf_is_name(const char *name);

/*
 * Fetch and read the record of `domain` (4.4 to 4.6). Its terms lie in `terms`. `record` and `text` (raw) are
 * set for RESULT_PASS; other results: none, temperror, permerror, or RESULT_UNCHECKED while the answer is
 * awaited.
 */
enum result spf_read_record(struct spf_evaluation *evaluation, const char *domain, struct arena *terms,
			    struct spf_record *record, struct span *text) MUST_USE;

/* Begin the step of the trace in which a record is fetched, and end it with what came of it. */
size_t spf_begin_record(struct spf_evaluation *evaluation, const char *domain) MUST_USE;
void spf_end_record(struct spf_evaluation *evaluation, size_t step, enum result result, struct span text);

/*
 * Expand a domain-spec for `domain` into a raw name of at most 253 octets, for which labels are
 * cut from the left (7.3). `name` takes DOMAIN_SIZE octets. False when the result is no name that
 * the DNS can be asked for (an empty or too long label), or when an answer is awaited.
 */
bool spf_expand_domain(struct spf_evaluation *evaluation, struct span spec, const char *domain,
		       char *name) MUST_USE;

/* Whether `spec` holds the local part, and that is not ASCII: such a term matches nothing (RFC 8616, 4). */
bool spf_is_beyond_names(const struct spf_query *query, struct span spec);

/*
 * The text that `domain`'s record gives for a failure, from TXT at `name` (6.2), or NULL: none,
 * or not to be had, or awaited. Lies in `arena`.
 */
const char *spf_explain(struct spf_evaluation *evaluation, const char *name, const char *domain,
			struct arena *arena);

/* Ask for the client's reverse DNS names. */
const struct dns_answer *spf_ask_pointers(struct spf_evaluation *evaluation);

/*
 * Names that the client's reverse DNS gives and that resolve back (5.5), at most SPF_NAMES_MAX,
 * pointing into answers. Returns how many.
 */
size_t spf_validated_names(struct spf_evaluation *evaluation, const char **names);

#endif
