/*
 * spf_native: our own evaluation of RFC 7208, sections 4 to 6.
 *
 * Whoever owns a domain decides how much there is to evaluate, and answers come one by one. So an evaluation
 * goes on where it stood: each record is read once, of its terms only those are kept that can count for this
 * client, and a term is looked at again only while it is the one that awaits an answer.
 */
#include "heloscope/spf/common.h"

#include <string.h>

#include "heloscope/base/bounds.h"

#define DEPTH_MAX 12              /* of includes and redirects; the limit of terms comes first */
#define TERMS_OCTETS (512U << 10) /* of one record, while it is read */
#define TERMS_USUAL 2048          /* octets */

static bool
counts_term(struct spf_evaluation *evaluation)
{
	if (++evaluation->terms <= SPF_TERMS_MAX)
		return true;
	spf_set_problem(evaluation, SPF_PROBLEM_TERM_LIMIT);
	return false;
}

static bool
counts_void(struct spf_evaluation *evaluation, const struct dns_answer *answer)
{
	if (!dns_status_is_void(answer->status) || ++evaluation->voids <= SPF_VOIDS_MAX)
		return true;
	spf_set_problem(evaluation, SPF_PROBLEM_VOID_LIMIT);
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
		spf_set_named_problem(evaluation, SPF_PROBLEM_LOOKUP_FAULT, name);
		evaluation->problem.status = answer->status;
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
		spf_set_named_problem(evaluation, SPF_PROBLEM_MX_LIMIT, name);
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

/*
 * A piece of a record: a term that asks the DNS or matches, or a run of terms (and modifiers between them)
 * that are addresses of others.
 */
struct piece {
	struct span run;      /* or empty */
	struct spf_term term; /* unless it is a run */
	bool is_expanded;     /* `name` is known */
	const char *name;     /* of the domain-spec, or NULL: it is none that the DNS can be asked for */
};

/* More terms than that never count: the last of them is one too many. */
#define PIECES_MAX (2 * (SPF_TERMS_MAX + 1) + 2)

/* What was found at a domain, read once. Lies in scratch. */
struct fetched {
	struct fetched *next;
	const char *domain;
	struct spf_problem problem;
	enum result result;
	struct span text;
	struct spf_record record; /* the modifiers; its terms are gone */
	struct piece *pieces;
	size_t count;
};

/* Where the evaluation of a record stands. */
struct frame {
	const char *domain;      /* in scratch; NULL: nothing is evaluated at this depth */
	size_t record_step;      /* of the trace */
	struct fetched *fetched; /* NULL while it is awaited */
	size_t next;             /* the piece that comes next; behind the last stands the redirect */
	bool is_begun;           /* it is counted and on the trace */
	size_t step;             /* of the trace, for it */
	const char *name;        /* of the redirect */
};

/* An evaluation under way. */
struct native {
	struct spf_evaluation evaluation;
	struct frame frames[DEPTH_MAX + 1];
	struct fetched *fetched;
	const struct fetched *in_force; /* what the domain says itself, not one that it includes */
	struct spf_outcome found;
	bool has_news;     /* it came to a term for which it has not looked ahead yet */
	bool has_unopened; /* or to an include ahead whose record is awaited */
	bool has_result, is_explaining;
	size_t explaining_step;
};

/* Reading records. */

static bool
asks_dns(const struct spf_term *term)
{
	return term->mechanism != SPF_ALL && term->mechanism != SPF_IP4 && term->mechanism != SPF_IP6;
}

/* Cut a record into the pieces that count for this client. */
static void
cut(struct spf_evaluation *evaluation, const struct spf_record *record, struct fetched *fetched)
{
	struct piece pieces[PIECES_MAX];
	size_t count = 0, asking = 0;
	bool is_decided = false;
	struct span *run = NULL; /* the piece before, when it is one */

	for (size_t i = 0; i < record->count && !is_decided && asking <= SPF_TERMS_MAX; i++) {
		const struct spf_term *term = &record->terms[i];

		is_decided = term->mechanism == SPF_ALL
			     || (!asks_dns(term) && address_matches(evaluation, term, &term->address));
		asking += asks_dns(term) ? 1 : 0;
		if (is_decided || asks_dns(term)) {
			pieces[count++] = (struct piece){ .term = *term };
			run = NULL;
		} else if (run != NULL) {
			run->length = (size_t)(term->text.at + term->text.length - run->at);
		} else {
			pieces[count] = (struct piece){ .run = term->text };
			run = &pieces[count++].run;
		}
	}
	fetched->pieces = arena_alloc(evaluation->scratch, (count + 1) * sizeof *fetched->pieces);
	if (fetched->pieces != NULL)
		memcpy(fetched->pieces, pieces, count * sizeof *pieces);
	fetched->count = fetched->pieces != NULL ? count : 0;
	fetched->record = *record;
	fetched->record.terms = NULL;
}

/* What stands at `domain`; NULL while that is awaited. */
static struct fetched *
fetch(struct native *native, const char *domain)
{
	struct spf_evaluation *evaluation = &native->evaluation;
	struct spf_record record = { 0 };
	struct span text = { "", 0 };
	struct fetched *fetched;
	ARENA_ALIGNED char memory[TERMS_USUAL];
	struct arena terms;
	enum result result;

	for (fetched = native->fetched; fetched != NULL; fetched = fetched->next)
		if (strcmp(fetched->domain, domain) == 0)
			return fetched;
	arena_init_over(&terms, memory, sizeof memory, TERMS_OCTETS);
	spf_set_problem(evaluation, SPF_PROBLEM_NONE);
	result = spf_read_record(evaluation, domain, &terms, &record, &text);
	if (result != RESULT_UNCHECKED)
		fetched = arena_alloc(evaluation->scratch, sizeof *fetched);
	if (fetched != NULL) {
		*fetched = (struct fetched){ .next = native->fetched,
					     .domain = arena_string(evaluation->scratch, domain),
					     .problem = evaluation->problem,
					     .result = result,
					     .text = text };
		cut(evaluation, &record, fetched);
		native->fetched = fetched;
	}
	arena_clear(&terms);
	return fetched;
}

/* The name that a piece asks for. NULL: it is not a name, or awaits an answer. */
static const char *
name_of(struct spf_evaluation *evaluation, struct piece *piece, const char *domain)
{
	char name[DOMAIN_SIZE];

	if (piece->term.domain_spec.length == 0)
		return domain;
	if (piece->is_expanded)
		return piece->name;
	if (spf_expand_domain(evaluation, piece->term.domain_spec, domain, name))
		piece->name = arena_string(evaluation->scratch, name);
	piece->is_expanded = !evaluation->is_pending;
	return piece->name;
}

/* Evaluation. `speaks`: what is found there is what the domain says itself. */

static enum result check_host(struct native *native, const char *domain, unsigned depth, bool speaks);

static enum match
match_include(struct native *native, const char *name, unsigned depth)
{
	struct spf_evaluation *evaluation = &native->evaluation;

	switch (check_host(native, name, depth + 1, false)) {
	case RESULT_PASS:
		return MATCH_YES;
	case RESULT_UNCHECKED:
		return MATCH_PENDING;
	case RESULT_TEMPERROR:
		return MATCH_TEMPERROR;
	case RESULT_NONE:
		spf_set_named_problem(evaluation, SPF_PROBLEM_INCLUDE_WITHOUT_RECORD, name);
		return MATCH_PERMERROR;
	case RESULT_PERMERROR:
		return MATCH_PERMERROR;
	default:
		return MATCH_NO;
	}
}

static enum match
match_name(struct native *native, const struct spf_term *term, const char *name, unsigned depth)
{
	struct spf_evaluation *evaluation = &native->evaluation;

	switch (term->mechanism) {
	case SPF_ALL:
	case SPF_IP4:
	case SPF_IP6:
		return MATCH_YES; /* of these only such as match are kept */
	case SPF_INCLUDE:
		return match_include(native, name, depth);
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
match_term(struct native *native, struct piece *piece, const char *domain, unsigned depth)
{
	struct spf_evaluation *evaluation = &native->evaluation;
	const char *name = name_of(evaluation, piece, domain);

	if (name != NULL)
		return match_name(native, &piece->term, name, depth);
	if (evaluation->is_pending)
		return MATCH_PENDING;
	if (piece->term.mechanism != SPF_INCLUDE
	    || spf_is_beyond_names(evaluation->query, piece->term.domain_spec))
		return MATCH_NO; /* what cannot be looked up does not exist (4.8) */
	spf_set_problem(evaluation, SPF_PROBLEM_INCLUDE_OF_NO_NAME);
	return MATCH_PERMERROR;
}

/* Put the terms of a run on record. Of very long records some are left out. */
static void
trace_run(struct spf_evaluation *evaluation, struct span run, const char *domain)
{
	struct spf_trace *trace = &evaluation->trace;

	while (run.length > 0) {
		const char *blank = memchr(run.at, ' ', run.length);
		const size_t length = blank != NULL ? (size_t)(blank - run.at) : run.length;
		const struct span term = { run.at, length };

		if (trace->step_count >= SPF_PLAIN_STEPS_MAX) {
			trace->is_cut = true;
			return;
		}
		if (length > 0 && memchr(term.at, '=', length) == NULL) /* no modifier */
			spf_trace_end(trace, spf_begin_step(evaluation, domain, term), SPF_NO_MATCH);
		run = span_from(run, length + (blank != NULL ? 1 : 0));
	}
}

/* Whether a record above the one at `depth` is that of the same domain: there the evaluation comes back. */
static bool
comes_back(const struct native *native, unsigned depth)
{
	const struct span domain = span_of(native->frames[depth].domain);

	for (unsigned i = 0; i < depth; i++)
		if (span_equals_nocase(span_of(native->frames[i].domain), domain))
			return true;
	return false;
}

/* The include or redirect that is evaluated in a frame. */
static struct span
text_of_next(const struct frame *frame)
{
	return frame->next < frame->fetched->count ? frame->fetched->pieces[frame->next].term.text
						   : frame->fetched->record.redirect_text;
}

/* A limit ends every loop: where one was reached in a loop, tell of that, and which term leads back first. */
static void
find_loop(struct native *native, unsigned depth)
{
	struct spf_evaluation *evaluation = &native->evaluation;
	unsigned back = 1;

	if (evaluation->problem.kind != SPF_PROBLEM_TERM_LIMIT
	    && evaluation->problem.kind != SPF_PROBLEM_VOID_LIMIT)
		return;
	while (back <= depth && !comes_back(native, back))
		back++;
	if (back > depth)
		return;
	spf_set_named_problem(evaluation, SPF_PROBLEM_ENDLESS, native->frames[back].domain);
	spf_blame_term(evaluation, native->frames[back - 1].domain, text_of_next(&native->frames[back - 1]));
}

/* Begin what comes next, unless it is begun: put it on the trace, count it. False when it is one too many. */
static bool
begin(struct native *native, struct frame *frame, struct span text, bool counts)
{
	struct spf_evaluation *evaluation = &native->evaluation;

	evaluation->step = frame->step;
	if (frame->is_begun)
		return true;
	frame->is_begun = native->has_news = true;
	frame->step = spf_begin_step(evaluation, frame->domain, text);
	return !counts || counts_term(evaluation);
}

/* Match one piece, on record. */
static enum match
match_piece(struct native *native, struct frame *frame, struct piece *piece, unsigned depth)
{
	static const enum spf_match told[] = {
		[MATCH_NO] = SPF_NO_MATCH,         [MATCH_YES] = SPF_MATCH,
		[MATCH_PENDING] = SPF_NO_MATCH,    [MATCH_TEMPERROR] = SPF_TEMPERROR,
		[MATCH_PERMERROR] = SPF_PERMERROR,
	};
	struct spf_evaluation *evaluation = &native->evaluation;
	enum match match = MATCH_PERMERROR;

	evaluation->depth = depth;
	if (piece->run.length > 0) {
		trace_run(evaluation, piece->run, frame->domain);
		return MATCH_NO;
	}
	if (begin(native, frame, piece->term.text, asks_dns(&piece->term)))
		match = match_term(native, piece, frame->domain, depth);
	if (match == MATCH_PERMERROR)
		find_loop(native, depth);
	spf_trace_end(&evaluation->trace, frame->step, told[match]);
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

/* Ask what one term ahead will need; of an include also what its record will. */
static void look_ahead(struct native *native, const struct fetched *fetched, size_t first, const char *domain,
		       unsigned depth);

static void
look_at(struct native *native, const struct spf_term *term, const char *name, unsigned depth)
{
	struct spf_evaluation *evaluation = &native->evaluation;
	const struct fetched *included;

	if (term->mechanism == SPF_A)
		(void)spf_ask(evaluation, name, dns_address_type(&evaluation->query->client));
	else if (term->mechanism == SPF_EXISTS)
		(void)spf_ask(evaluation, name, DNS_A);
	else if (term->mechanism == SPF_MX)
		(void)spf_ask(evaluation, name, DNS_MX);
	else if (term->mechanism == SPF_PTR)
		(void)spf_ask_pointers(evaluation);
	if (term->mechanism != SPF_INCLUDE || depth >= DEPTH_MAX)
		return;
	included = fetch(native, name);
	if (included == NULL)
		native->has_unopened = true;
	else if (included->result == RESULT_PASS)
		look_ahead(native, included, 0, name, depth + 1);
}

/*
 * A "%{p}" is "unknown" when the client's names do not come in time (7.3), and nothing can be asked any more
 * by then: ask now what that would need. Else a client that holds up its own reverse DNS makes unknown what
 * the record fails it for.
 */
static void
look_at_unknown(struct native *native, enum spf_mechanism mechanism, struct span spec, const char *domain,
		unsigned depth)
{
	struct spf_evaluation *evaluation = &native->evaluation;
	const struct spf_term term = { .mechanism = mechanism };
	const bool was_ahead = evaluation->looks_ahead;
	char name[DOMAIN_SIZE];
	bool is_name;

	if (!holds_validated_name(spec))
		return;
	evaluation->is_pending = false;
	evaluation->has_no_names = evaluation->looks_ahead = true;
	is_name = spf_expand_domain(evaluation, spec, domain, name);
	evaluation->has_no_names = false;
	if (is_name)
		look_at(native, &term, name, depth);
	evaluation->looks_ahead = was_ahead;
	evaluation->is_pending = true;
}

/*
 * While one answer is awaited, ask what the terms behind it will need; no more of them than the
 * limit of terms allows.
 */
static void
look_ahead(struct native *native, const struct fetched *fetched, size_t first, const char *domain,
	   unsigned depth)
{
	struct spf_evaluation *evaluation = &native->evaluation;

	for (size_t i = first; i < fetched->count && evaluation->terms + evaluation->ahead < SPF_TERMS_MAX;
	     i++) {
		struct piece *piece = &fetched->pieces[i];
		const char *name;

		if (piece->run.length > 0)
			continue;
		if (!asks_dns(&piece->term))
			return;
		evaluation->ahead++;
		evaluation->is_pending = false;
		name = name_of(evaluation, piece, domain);
		if (name != NULL)
			look_at(native, &piece->term, name, depth);
		else if (evaluation->is_pending)
			look_at_unknown(native, piece->term.mechanism, piece->term.domain_spec, domain,
					depth);
	}
}

/* The same, once for all that is new. */
static void
look_ahead_once(struct native *native, const struct frame *frame, unsigned depth)
{
	const struct piece *piece = &frame->fetched->pieces[frame->next];

	if (!native->has_news)
		return;
	native->evaluation.looks_ahead = true;
	if (piece->name == NULL)
		look_at_unknown(native, piece->term.mechanism, piece->term.domain_spec, frame->domain, depth);
	look_ahead(native, frame->fetched, frame->next + 1, frame->domain, depth);
	native->evaluation.looks_ahead = false;
}

/* The end of a record without a match: redirect (6.1) or neutral (4.7). */
static enum result
finish_record(struct native *native, struct frame *frame, unsigned depth, bool speaks)
{
	struct spf_evaluation *evaluation = &native->evaluation;
	const struct spf_record *record = &frame->fetched->record;
	char name[DOMAIN_SIZE];
	enum result result;

	if (!record->has_redirect)
		return RESULT_NEUTRAL;
	evaluation->depth = depth;
	if (!begin(native, frame, record->redirect_text, true)) {
		spf_trace_end(&evaluation->trace, frame->step, SPF_PERMERROR);
		return RESULT_PERMERROR;
	}
	spf_trace_end(&evaluation->trace, frame->step, SPF_PERMERROR);
	if (frame->name == NULL && !spf_expand_domain(evaluation, record->redirect, frame->domain, name)) {
		if (evaluation->is_pending) {
			look_at_unknown(native, SPF_INCLUDE, record->redirect, frame->domain, depth);
			return RESULT_UNCHECKED;
		}
		spf_set_problem(evaluation, SPF_PROBLEM_REDIRECT_TO_NO_NAME);
		return RESULT_PERMERROR;
	}
	if (frame->name == NULL)
		frame->name = arena_string(evaluation->scratch, name);
	spf_trace_end(&evaluation->trace, frame->step, SPF_MATCH);
	result = check_host(native, frame->name, depth + 1, speaks);
	if (result != RESULT_NONE)
		return result;
	spf_trace_end(&evaluation->trace, frame->step, SPF_PERMERROR);
	spf_set_named_problem(evaluation, SPF_PROBLEM_REDIRECT_WITHOUT_RECORD, frame->name);
	return RESULT_PERMERROR;
}

/* The same, with the redirect blamed for what is wrong behind it. */
static enum result
end_record(struct native *native, struct frame *frame, unsigned depth, bool speaks)
{
	const enum result result = finish_record(native, frame, depth, speaks);

	if (result == RESULT_PERMERROR)
		find_loop(native, depth);
	if (result == RESULT_TEMPERROR || result == RESULT_PERMERROR)
		spf_blame_term(&native->evaluation, frame->domain, frame->fetched->record.redirect_text);
	return result;
}

static enum result
result_of_match(enum match match)
{
	return match == MATCH_PENDING     ? RESULT_UNCHECKED
	       : match == MATCH_TEMPERROR ? RESULT_TEMPERROR
					  : RESULT_PERMERROR;
}

/* Have the frame's record, on the trace. False while it is awaited. */
static bool
open_record(struct native *native, struct frame *frame, unsigned depth)
{
	struct spf_evaluation *evaluation = &native->evaluation;

	evaluation->depth = depth;
	evaluation->step = frame->record_step;
	if (frame->fetched != NULL)
		return true;
	if (spf_ask(evaluation, frame->domain, DNS_TXT) == NULL)
		return false;
	frame->fetched = fetch(native, frame->domain);
	if (frame->fetched == NULL) /* scratch has failed */
		return false;
	evaluation->problem = frame->fetched->problem;
	spf_end_record(evaluation, frame->record_step, frame->fetched->result, frame->fetched->text);
	if (depth == 0 && frame->fetched->text.length > 0)
		native->found.record = frame->fetched->text.at;
	return true;
}

static enum result
evaluate_frame(struct native *native, struct frame *frame, unsigned depth, bool speaks)
{
	if (!open_record(native, frame, depth))
		return RESULT_UNCHECKED;
	if (frame->fetched->result != RESULT_PASS)
		return frame->fetched->result;
	if (speaks)
		native->in_force = frame->fetched;
	for (; frame->next < frame->fetched->count; frame->next++) {
		struct piece *piece = &frame->fetched->pieces[frame->next];
		const enum match match = match_piece(native, frame, piece, depth);

		if (match == MATCH_PENDING)
			look_ahead_once(native, frame, depth);
		if (match == MATCH_NO) {
			frame->is_begun = false;
			continue;
		}
		native->found.mechanism = arena_copy(native->evaluation.scratch, piece->term.text);
		if (match == MATCH_YES)
			return piece->term.qualifier;
		spf_blame_term(&native->evaluation, frame->domain, piece->term.text);
		return result_of_match(match);
	}
	return end_record(native, frame, depth, speaks);
}

/*
 * Evaluate the record of `domain`, or go on with that. Results of parts of an evaluation are those of
 * check_host(); RESULT_UNCHECKED stands for "awaits an answer".
 */
static enum result
check_host(struct native *native, const char *domain, unsigned depth, bool speaks)
{
	struct spf_evaluation *evaluation = &native->evaluation;
	struct frame *frame = &native->frames[depth <= DEPTH_MAX ? depth : DEPTH_MAX];
	enum result result;

	if (depth > DEPTH_MAX) {
		spf_set_problem(evaluation, SPF_PROBLEM_ENDLESS);
		return RESULT_PERMERROR;
	}
	if (frame->domain == NULL) {
		frame->domain = arena_string(evaluation->scratch, domain);
		evaluation->depth = depth;
		frame->record_step = spf_begin_record(evaluation, frame->domain);
		native->has_news = true;
	}
	result = evaluate_frame(native, frame, depth, speaks);
	if (result != RESULT_UNCHECKED)
		*frame = (struct frame){ 0 };
	return result;
}

/* The text of exp=, or NULL; its lookup stands at the end of the trace. */
static const char *
explain(struct native *native)
{
	struct spf_evaluation *evaluation = &native->evaluation;
	const struct fetched *in_force = native->in_force;
	const char *told = NULL;
	char name[DOMAIN_SIZE];

	if (!native->is_explaining)
		native->explaining_step =
			spf_begin_step(evaluation, in_force->domain, in_force->record.explanation_text);
	native->is_explaining = true;
	evaluation->step = native->explaining_step;
	if (spf_expand_domain(evaluation, in_force->record.explanation, in_force->domain, name))
		told = spf_explain(evaluation, name, in_force->domain, evaluation->scratch);
	spf_trace_end(&evaluation->trace, native->explaining_step, told != NULL ? SPF_MATCH : SPF_NO_MATCH);
	return told;
}

/* The evaluation that is under way, or a new one. NULL when memory ran out. */
static struct native *
resume(struct workspace *work, const struct spf_query *query, const struct spf_source *source)
{
	struct native *native = work->state;

	if (native == NULL)
		work->state = native = arena_alloc(&work->memory, sizeof *native);
	if (native == NULL)
		return NULL;
	native->evaluation.query = query;
	native->evaluation.source = source;
	native->evaluation.scratch = &work->memory;
	native->evaluation.is_pending = false;
	native->evaluation.ahead = 0;
	native->has_news = native->has_unopened;
	native->has_unopened = false;
	return native;
}

/* Go on as far as the answers allow. Returns whether all is done; then `*told` is the explanation or NULL. */
static bool
go_on(struct native *native, const char **told)
{
	struct spf_outcome *found = &native->found;
	struct spf_evaluation *evaluation = &native->evaluation;

	if (!native->has_result)
		found->result = check_host(native, evaluation->query->domain, 0, true);
	native->has_result = found->result != RESULT_UNCHECKED;
	evaluation->is_pending = false;
	if (found->result == RESULT_FAIL && native->in_force->record.has_explanation)
		*told = explain(native);
	return native->has_result && !evaluation->is_pending;
}

static struct spf_outcome
outcome_of(struct native *native, const char *told, struct arena *arena)
{
	const struct spf_outcome *found = &native->found;

	return (struct spf_outcome){
		.result = found->result,
		.record = found->record,
		.mechanism = spf_keep(arena, found->mechanism),
		.problem = spf_keep_problem(arena, &native->evaluation.problem, found->result),
		.explanation = spf_keep(arena, told),
		.trace = spf_keep_trace(&native->evaluation, arena),
	};
}

bool
spf_native_evaluate(const struct spf_query *query, const struct spf_source *source, struct arena *arena,
		    struct spf_outcome *outcome)
{
	struct workspace own = { .state = NULL }, *work = source->work != NULL ? source->work : &own;
	struct native *native;
	const char *told = NULL;
	bool is_done;

	arena_init(&own.memory, BOUND_SPF_WORK_OCTETS);
	native = resume(work, query, source);
	is_done = (native != NULL && go_on(native, &told)) || work->memory.has_failed;
	if (is_done)
		*outcome = work->memory.has_failed ? spf_out_of_memory : outcome_of(native, told, arena);
	if (is_done || work == &own)
		workspace_clear(work);
	return is_done;
}
