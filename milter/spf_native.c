/* spf_native: our own evaluation of RFC 7208, sections 4 to 6. */
#include "heloscope/spf_common.h"

#include <string.h>

#define DEPTH_MAX 12 /* of includes and redirects; the limit of terms comes first */

/*
 * Results of parts of an evaluation are those of check_host(); RESULT_UNCHECKED stands for
 * "awaits an answer".
 */

static bool
counts_term(struct spf_evaluation *evaluation)
{
	if (++evaluation->terms <= SPF_TERMS_MAX)
		return true;
	evaluation->problem = "more than 10 terms that cause DNS lookups (RFC 7208, 4.6.4)";
	return false;
}

static bool
counts_void(struct spf_evaluation *evaluation, const struct dns_answer *answer)
{
	if (!dns_status_is_void(answer->status) || ++evaluation->voids <= SPF_VOIDS_MAX)
		return true;
	evaluation->problem = "more than 2 DNS lookups that find nothing (RFC 7208, 4.6.4)";
	return false;
}

/* Results of a match. */
enum match { MATCH_NO, MATCH_YES, MATCH_PENDING, MATCH_TEMPERROR, MATCH_PERMERROR };

/* Judge an answer as far as all mechanisms agree; MATCH_NO: look at its records. */
static enum match
judge_answer(struct spf_evaluation *evaluation, const struct dns_answer *answer, const char *name)
{
	if (answer == NULL)
		return MATCH_PENDING;
	if (dns_status_is_fault(answer->status)) {
		evaluation->problem = arena_printf(&evaluation->scratch, "looking up %s: %s", name,
						   dns_status_word(answer->status));
		return MATCH_TEMPERROR;
	}
	return counts_void(evaluation, answer) ? MATCH_NO : MATCH_PERMERROR;
}

static bool
address_matches(const struct spf_evaluation *evaluation, const struct spf_term *term,
		const struct ipaddr *address)
{
	const struct ipaddr *client = &evaluation->query->client;

	return ipaddr_matches(client, address, client->length == 4 ? term->prefix4 : term->prefix6);
}

static bool
holds_match(const struct spf_evaluation *evaluation, const struct spf_term *term,
	    const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (address_matches(evaluation, term, &answer->records[i].address))
			return true;
	return false;
}

static enum match
match_addresses(struct spf_evaluation *evaluation, const struct spf_term *term, const char *name,
		const struct dns_answer *answer)
{
	const enum match judged = judge_answer(evaluation, answer, name);

	return judged == MATCH_NO && holds_match(evaluation, term, answer) ? MATCH_YES : judged;
}

/*
 * The addresses of MX names, which the server may give in any order: a match counts before a fault, and that
 * before what is not there.
 */
static enum match
match_hosts(struct spf_evaluation *evaluation, const struct spf_term *term, const struct dns_answer *hosts)
{
	const struct dns_answer *answers[SPF_NAMES_MAX];
	bool is_pending = false;
	enum match match = MATCH_NO;

	for (size_t i = 0; i < hosts->count; i++) { /* all at once */
		answers[i] = spf_ask_host(evaluation, &hosts->records[i]);
		is_pending = is_pending || answers[i] == NULL;
		if (answers[i] != NULL && holds_match(evaluation, term, answers[i]))
			return MATCH_YES;
	}
	if (is_pending)
		return MATCH_PENDING;
	for (size_t i = 0; i < hosts->count; i++)
		if (dns_status_is_fault(answers[i]->status))
			return judge_answer(evaluation, answers[i], hosts->records[i].name);
	for (size_t i = 0; i < hosts->count && match == MATCH_NO; i++)
		match = judge_answer(evaluation, answers[i], hosts->records[i].name);
	return match;
}

static enum match
match_mx(struct spf_evaluation *evaluation, const struct spf_term *term, const char *name)
{
	const struct dns_answer *answer = spf_ask(evaluation, name, DNS_MX);
	const enum match match = judge_answer(evaluation, answer, name);

	if (match != MATCH_NO)
		return match;
	if (answer->count > SPF_NAMES_MAX) {
		evaluation->problem = arena_printf(&evaluation->scratch,
						   "%s has more than 10 MX records (RFC 7208, 4.6.4)", name);
		return MATCH_PERMERROR;
	}
	return match_hosts(evaluation, term, answer);
}

/* A fault of the reverse DNS makes the mechanism not match (5.5). */
static enum match
match_ptr(struct spf_evaluation *evaluation, const char *name)
{
	const struct dns_answer *pointers = spf_ask_pointers(evaluation);
	const char *names[SPF_NAMES_MAX];
	size_t count;

	if (pointers != NULL && !counts_void(evaluation, pointers))
		return MATCH_PERMERROR;
	count = spf_validated_names(evaluation, names);
	for (size_t i = 0; i < count; i++)
		if (domain_is_within(span_of(names[i]), span_of(name)))
			return MATCH_YES;
	return evaluation->is_pending ? MATCH_PENDING : MATCH_NO;
}

static enum match
match_exists(struct spf_evaluation *evaluation, const char *name)
{
	const struct dns_answer *answer = spf_ask(evaluation, name, DNS_A);
	const enum match judged = judge_answer(evaluation, answer, name);

	return judged == MATCH_NO && answer->count > 0 ? MATCH_YES : judged;
}

/* The record that speaks for a domain: its own, or the one that it redirects to. */
struct in_force {
	struct spf_record record;
	const char *domain; /* in scratch */
};

static enum result check_host(struct spf_evaluation *evaluation, const char *domain, unsigned depth,
			      struct spf_outcome *outcome, struct in_force *in_force);

static enum match
match_include(struct spf_evaluation *evaluation, const char *name, unsigned depth)
{
	struct spf_outcome ignored = { 0 };

	switch (check_host(evaluation, name, depth + 1, &ignored, NULL)) {
	case RESULT_PASS:
		return MATCH_YES;
	case RESULT_UNCHECKED:
		return MATCH_PENDING;
	case RESULT_TEMPERROR:
		return MATCH_TEMPERROR;
	case RESULT_NONE:
		evaluation->problem =
			arena_printf(&evaluation->scratch, "the included domain %s has no SPF record", name);
		return MATCH_PERMERROR;
	case RESULT_PERMERROR:
		return MATCH_PERMERROR;
	default:
		return MATCH_NO;
	}
}

static bool
asks_dns(const struct spf_term *term)
{
	return term->mechanism != SPF_ALL && term->mechanism != SPF_IP4 && term->mechanism != SPF_IP6;
}

static enum match
match_name(struct spf_evaluation *evaluation, const struct spf_term *term, const char *name, unsigned depth)
{
	switch (term->mechanism) {
	case SPF_INCLUDE:
		return match_include(evaluation, name, depth);
	case SPF_A:
		return match_addresses(
			evaluation, term, name,
			spf_ask(evaluation, name, dns_address_type(&evaluation->query->client)));
	case SPF_MX:
		return match_mx(evaluation, term, name);
	case SPF_PTR:
		return match_ptr(evaluation, name);
	default:
		return match_exists(evaluation, name);
	}
}

static enum match
match_term(struct spf_evaluation *evaluation, const struct spf_term *term, const char *domain, unsigned depth)
{
	char name[DOMAIN_SIZE];

	if (term->mechanism == SPF_ALL)
		return MATCH_YES;
	if (!asks_dns(term))
		return address_matches(evaluation, term, &term->address) ? MATCH_YES : MATCH_NO;
	if (!counts_term(evaluation))
		return MATCH_PERMERROR;
	if (term->domain_spec.length == 0)
		return match_name(evaluation, term, domain, depth);
	if (spf_expand_domain(evaluation, term->domain_spec, domain, name))
		return match_name(evaluation, term, name, depth);
	if (evaluation->is_pending)
		return MATCH_PENDING;
	if (term->mechanism != SPF_INCLUDE || spf_is_beyond_names(evaluation->query, term->domain_spec))
		return MATCH_NO; /* what cannot be looked up does not exist (4.8) */
	evaluation->problem = "an include of what is no domain name";
	return MATCH_PERMERROR;
}

/* The same, on record. Of very long records addresses that do not match are left out. */
static enum match
trace_term(struct spf_evaluation *evaluation, const struct spf_term *term, const char *domain, unsigned depth)
{
	static const enum spf_match told[] = {
		[MATCH_NO] = SPF_NO_MATCH,         [MATCH_YES] = SPF_MATCH,
		[MATCH_PENDING] = SPF_NO_MATCH,    [MATCH_TEMPERROR] = SPF_TEMPERROR,
		[MATCH_PERMERROR] = SPF_PERMERROR,
	};
	enum match match;
	size_t step;

	if (!asks_dns(term) && evaluation->trace.step_count >= SPF_PLAIN_STEPS_MAX) {
		match = match_term(evaluation, term, domain, depth);
		if (match == MATCH_NO) {
			evaluation->trace.is_cut = true;
			return match;
		}
	}
	evaluation->depth = depth;
	step = spf_begin_step(evaluation, domain, term->text);
	match = match_term(evaluation, term, domain, depth);
	spf_trace_end(&evaluation->trace, step, told[match]);
	return match;
}

/* %{p}: a macro that costs lookups of its own. */
static bool
holds_validated_name(struct span spec)
{
	for (size_t i = 0; i + 2 < spec.length; i++)
		if (spec.at[i] == '%' && spec.at[i + 1] == '{' && ascii_lower(spec.at[i + 2]) == 'p')
			return true;
	return false;
}

/*
 * While one answer is awaited, ask what the terms behind it will need; no more of them than the
 * limit of terms allows.
 */
static void
ask_ahead(struct spf_evaluation *evaluation, const struct spf_record *record, size_t first,
	  const char *domain, unsigned depth)
{
	for (size_t i = first; i < record->count && evaluation->terms + evaluation->ahead < SPF_TERMS_MAX;
	     i++) {
		const struct spf_term *term = &record->terms[i];
		struct spf_record included;
		struct span text;
		char name[DOMAIN_SIZE];

		if (term->mechanism == SPF_ALL)
			return;
		if (!asks_dns(term))
			continue;
		evaluation->ahead++;
		if (holds_validated_name(term->domain_spec))
			continue;
		evaluation->is_pending = false;
		if (term->domain_spec.length == 0)
			(void)strcpy(name, domain);
		else if (!spf_expand_domain(evaluation, term->domain_spec, domain, name))
			continue;
		if (term->mechanism == SPF_A)
			(void)spf_ask(evaluation, name, dns_address_type(&evaluation->query->client));
		else if (term->mechanism == SPF_EXISTS)
			(void)spf_ask(evaluation, name, DNS_A);
		else if (term->mechanism == SPF_MX)
			(void)spf_ask(evaluation, name, DNS_MX);
		else if (term->mechanism == SPF_PTR)
			(void)spf_ask_pointers(evaluation);
		else if (term->mechanism == SPF_INCLUDE && depth < DEPTH_MAX
			 && spf_fetch_record(evaluation, name, &included, &text) == RESULT_PASS)
			ask_ahead(evaluation, &included, 0, name, depth + 1);
	}
}

/* The end of a record without a match: redirect (6.1) or neutral (4.7). */
static enum result
finish_record(struct spf_evaluation *evaluation, const struct spf_record *record, const char *domain,
	      unsigned depth, struct spf_outcome *outcome, struct in_force *in_force)
{
	char name[DOMAIN_SIZE];
	enum result result;
	size_t step;

	if (!record->has_redirect)
		return RESULT_NEUTRAL;
	step = spf_begin_step(evaluation, domain, record->redirect_text);
	spf_trace_end(&evaluation->trace, step, SPF_PERMERROR);
	if (!counts_term(evaluation))
		return RESULT_PERMERROR;
	if (!spf_expand_domain(evaluation, record->redirect, domain, name)) {
		evaluation->problem = "a redirect to what is no domain name";
		return evaluation->is_pending ? RESULT_UNCHECKED : RESULT_PERMERROR;
	}
	spf_trace_end(&evaluation->trace, step, SPF_MATCH);
	result = check_host(evaluation, name, depth + 1, outcome, in_force);
	if (result == RESULT_NONE) {
		spf_trace_end(&evaluation->trace, step, SPF_PERMERROR);
		evaluation->problem = arena_printf(&evaluation->scratch,
						   "the domain %s, to which the record redirects, has "
						   "no SPF record",
						   name);
		return RESULT_PERMERROR;
	}
	return result;
}

static enum result
result_of_match(enum match match)
{
	return match == MATCH_PENDING     ? RESULT_UNCHECKED
	       : match == MATCH_TEMPERROR ? RESULT_TEMPERROR
					  : RESULT_PERMERROR;
}

/*
 * Evaluate the record of `domain`. For a result that `domain` itself speaks (not an include),
 * `in_force` is set to the record that speaks and its domain.
 */
static enum result
check_host(struct spf_evaluation *evaluation, const char *domain, unsigned depth, struct spf_outcome *outcome,
	   struct in_force *in_force)
{
	struct spf_record record;
	struct span text = { "", 0 };
	enum result result;

	evaluation->depth = depth;
	if (depth > DEPTH_MAX) {
		evaluation->problem = "includes or redirects that never end";
		return RESULT_PERMERROR;
	}
	result = spf_fetch_record(evaluation, domain, &record, &text);
	if (depth == 0 && text.length > 0)
		outcome->record = arena_copy(&evaluation->scratch, text);
	if (result != RESULT_PASS)
		return result;
	domain = arena_string(&evaluation->scratch, domain);
	if (in_force != NULL)
		*in_force = (struct in_force){ record, domain };
	for (size_t i = 0; i < record.count; i++) {
		const enum match match = trace_term(evaluation, &record.terms[i], domain, depth);

		if (match == MATCH_PENDING)
			ask_ahead(evaluation, &record, i + 1, domain, depth);
		if (match == MATCH_NO)
			continue;
		outcome->mechanism = arena_copy(&evaluation->scratch, record.terms[i].text);
		return match == MATCH_YES ? record.terms[i].qualifier : result_of_match(match);
	}
	return finish_record(evaluation, &record, domain, depth, outcome, in_force);
}

/* The text of exp=, or NULL; its lookup stands at the end of the trace. */
static const char *
explain(struct spf_evaluation *evaluation, const struct in_force *in_force)
{
	const size_t step = spf_begin_step(evaluation, in_force->domain, in_force->record.explanation_text);
	const char *told = NULL;
	char name[DOMAIN_SIZE];

	if (spf_expand_domain(evaluation, in_force->record.explanation, in_force->domain, name))
		told = spf_explain(evaluation, name, in_force->domain, &evaluation->scratch);
	spf_trace_end(&evaluation->trace, step, told != NULL ? SPF_MATCH : SPF_NO_MATCH);
	return told;
}

bool
spf_native_evaluate(const struct spf_query *query, const struct spf_source *source, struct arena *arena,
		    struct spf_outcome *outcome)
{
	struct spf_evaluation evaluation;
	struct spf_outcome found = { 0 };
	struct in_force in_force = { .domain = query->domain };
	const char *told = NULL;
	bool is_done;

	spf_begin(&evaluation, query, source);
	found.result = check_host(&evaluation, query->domain, 0, &found, &in_force);
	is_done = found.result != RESULT_UNCHECKED;
	evaluation.is_pending = false;
	if (found.result == RESULT_FAIL && in_force.record.has_explanation)
		told = explain(&evaluation, &in_force);
	is_done = is_done && !evaluation.is_pending;
	if (is_done && evaluation.scratch.has_failed) {
		*outcome = spf_out_of_memory;
	} else if (is_done) {
		const bool is_error = found.result == RESULT_TEMPERROR || found.result == RESULT_PERMERROR;

		*outcome = (struct spf_outcome){
			.result = found.result,
			.record = spf_keep(arena, found.record),
			.mechanism = spf_keep(arena, found.mechanism),
			.problem = is_error ? spf_keep(arena, evaluation.problem) : NULL,
			.explanation = spf_keep(arena, told),
			.trace = spf_keep_trace(&evaluation, arena),
		};
	}
	spf_end(&evaluation);
	return is_done;
}
