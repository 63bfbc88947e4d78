/* doctor_spf: SPF of a sender's domain, and what its record should be. */
#include "heloscope/doctor/spf.h"

#include "heloscope/doctor/tags.h"

#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/spf/merge.h"
#include "heloscope/spf/spf.h"
#include "heloscope/spf/record.h"
#include "heloscope/words/spf_problem.h"

#define RECORD_MAX 8192 /* octets of a record that is proposed */

/* 192.0.2.254, of a network that nobody uses (RFC 5737). */
static const struct ipaddr nobody = { { 192, 0, 2, 254 }, 4 };

/* Evaluation, of the record that is there or of one that is proposed in its place. */

struct asking {
	struct exam *exam;
	const struct dns_answer *proposed; /* TXT of the bounce domain; NULL: as it is */
};

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	const struct asking *asking = context;

	if (asking->proposed != NULL && type == DNS_TXT && strcmp(name, asking->exam->bounces) == 0)
		return asking->proposed;
	return lookup_get(asking->exam->lookup, name, type);
}

static struct spf_outcome
evaluate(struct exam *exam, const struct ipaddr *client, const struct dns_answer *proposed)
{
	struct asking asking = { exam, proposed };
	const struct spf_source source = { ask, &asking, NULL };
	const struct spf_query query = {
		.client = *client,
		.domain = exam->bounces,
		.local = SPAN("postmaster"),
		.sender_domain = exam->bounces,
		.helo = exam->order->helo != NULL ? exam->order->helo : exam->bounces,
		.receiver = exam->config->authserv_id,
	};
	struct spf_outcome outcome = { .result = RESULT_NONE };

	if (spf_domain_is_checkable(query.domain))
		(void)spf_native_evaluate(&query, &source, exam->arena,
					  &outcome); /* never waits: ask() does */
	return outcome;
}

/* Records to publish. */

static struct spf_outcome
evaluate_text(struct exam *exam, const struct ipaddr *client, const char *text)
{
	struct dns_answer *answer = arena_alloc(exam->arena, sizeof *answer + sizeof answer->records[0]);

	if (answer == NULL)
		return (struct spf_outcome){ .result = RESULT_NONE };
	answer->status = DNS_NOERROR;
	answer->count = 1;
	answer->records[0].text = span_of(text);
	return evaluate(exam, client, answer);
}

/* The record as it is to be published: with all addresses from which mail goes out, as far as they are known,
 * so that it stops none of it. */
static const char *
propose(struct exam *exam, const char *text)
{
	for (size_t i = 0; i < exam->report->address_count; i++) {
		char memory[RECORD_MAX];
		struct strbuf more = STRBUF_OVER(memory);

		if (evaluate_text(exam, &exam->report->addresses[i], text).result == RESULT_PASS)
			continue;
		spf_record_extend(&more, text, &exam->report->addresses[i]);
		if (more.is_cut)
			return NULL;
		text = arena_string(exam->arena, memory);
	}
	return exam_txt(exam, exam->bounces, text);
}

/* A record for this domain from its MX, where there is one, and addresses. NULL when neither is known. It
 * ends with
 * "~all": who else may send is not known here. */
static const char *
new_record(struct exam *exam)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->bounces, DNS_MX);
	const bool has_mx = mx->count > 0 && mx->records[mx->count - 1].name[0] != '\0';
	char memory[500];
	struct strbuf text = STRBUF_OVER(memory);

	if (!has_mx && exam->report->address_count == 0)
		return NULL;
	strbuf_printf(&text, "v=spf1%s", has_mx ? " mx" : "");
	for (size_t i = 0; i < exam->report->address_count; i++)
		spf_record_add_address(&text, &exam->report->addresses[i]);
	strbuf_add(&text, " ~all");
	return exam_txt(exam, exam->bounces, memory);
}

/* The next word of a record; false at the end. */
static bool
next_word(struct span *rest, struct span *word)
{
	*word = span_word(rest, ASCII_BLANKS);
	return word->length > 0;
}

static const char *const names[] = { "all", "include", "a",      "mx",       "ptr",
				     "ip4", "ip6",     "exists", "redirect", "exp" };
#define NAMES (sizeof names / sizeof names[0])
#define MECHANISMS (NAMES - 2) /* which have ":" before their value; the others have "=" */

/* "include=other.example": by the grammar a modifier that nobody knows, and so passed over. */
static bool
is_slip(struct span term)
{
	const char *equals = memchr(term.at, '=', term.length);

	for (size_t i = 0; i < MECHANISMS && equals != NULL; i++)
		if (span_equals_nocase((struct span){ term.at, (size_t)(equals - term.at) },
				       span_of(names[i])))
			return true;
	return false;
}

static bool
is_right_term(struct exam *exam, struct span term)
{
	struct spf_record record;
	struct spf_fault fault;

	return !is_slip(term)
	       && spf_record_parse(
		       span_of(arena_printf(exam->arena, "v=spf1 %s", arena_copy(exam->arena, term))),
		       exam->arena, &record, &fault);
}

/* What was meant by a wrong term, or NULL: its name misspelt, the wrong mark before its value, a mark behind
 * it. */
static const char *
meant_term(struct exam *exam, struct span term)
{
	const char *name, *meant;
	size_t sign = 0, length;

	while (term.length > 0 && memchr(",;", term.at[term.length - 1], 2) != NULL)
		term.length--;
	if (term.length > 0 && memchr("+-~?", term.at[0], 4) != NULL)
		sign = 1;
	for (length = sign; length < term.length && (ascii_is_alnum(term.at[length])); length++)
		continue;
	name = nearest_word(arena_copy(exam->arena, (struct span){ term.at + sign, length - sign }), names,
			    NAMES);
	for (size_t i = 0; i < NAMES && name != NULL; i++) {
		struct span value = span_from(term, length);

		if (names[i] != name)
			continue;
		if (value.length > 0 && memchr(":=", value.at[0], 2) != NULL)
			value = span_from(value, 1);
		meant = arena_printf(exam->arena, "%s%s%s%s",
				     arena_copy(exam->arena, (struct span){ term.at, sign }), name,
				     value.length == 0 || value.at[0] == '/' ? ""
				     : i < MECHANISMS                        ? ":"
									     : "=",
				     arena_copy(exam->arena, value));
		return is_right_term(exam, span_of(meant)) ? meant : NULL;
	}
	return NULL;
}

/* The record that was meant: each term as it stands or as it was meant; NULL when one cannot be known. */
static const char *
repaired_record(struct exam *exam, struct span record)
{
	char memory[RECORD_MAX];
	struct strbuf right = STRBUF_OVER(memory);
	struct spf_record parsed;
	struct spf_fault fault;
	struct span word;

	strbuf_add(&right, "v=spf1");
	(void)next_word(&record, &word);
	while (next_word(&record, &word)) {
		const char *term =
			is_right_term(exam, word) ? arena_copy(exam->arena, word) : meant_term(exam, word);

		if (term == NULL)
			return NULL;
		strbuf_printf(&right, " %s", term);
	}
	if (right.is_cut || !spf_record_parse(span_of(memory), exam->arena, &parsed, &fault))
		return NULL;
	return propose(exam, memory);
}

/* One record in place of several, with all their terms; NULL when there is none that is valid. */
static const char *
merged_record(struct exam *exam)
{
	char memory[RECORD_MAX];
	struct strbuf merged = STRBUF_OVER(memory);

	if (!spf_merge(lookup_get(exam->lookup, exam->bounces, DNS_TXT), &merged) || merged.is_cut
	    || evaluate_text(exam, &nobody, memory).result == RESULT_PERMERROR)
		return NULL;
	return propose(exam, memory);
}

/* Text that is no record, but meant as one: "v=spf1;", " v=spf1", "v=spf2", "spf1 ..."; the record that was
 * meant, or NULL. "spf2.0/" begins another thing (RFC 4406). */
static const char *
meant_record(struct exam *exam, struct span text)
{
	struct span rest = exam_clean(exam, text);
	char memory[RECORD_MAX];
	struct strbuf record = STRBUF_OVER(memory);

	if (span_starts_with_nocase(rest, SPAN("v")))
		rest = span_trim(span_from(rest, 1));
	while (rest.length > 0 && memchr("=: ", rest.at[0], 3) != NULL)
		rest = span_from(rest, 1);
	if (!span_starts_with_nocase(rest, SPAN("spf")) || span_starts_with_nocase(rest, SPAN("spf2.0/")))
		return NULL;
	rest = span_trim(span_from(rest, 3));
	while (rest.length > 0 && (ascii_is_digit(rest.at[0]) || memchr(".;,:", rest.at[0], 4) != NULL))
		rest = span_from(rest, 1);
	strbuf_add(&record, "v=spf1 ");
	for (size_t i = 0; i < rest.length; i++)
		strbuf_add_char(&record, rest.at[i] == ';' ? ' ' : rest.at[i]);
	return record.is_cut ? NULL : repaired_record(exam, span_of(memory));
}

/* Of an address. */

/* Whether the record, or its limits, were found to be in this state: so each address is. */
static bool
is_told(const struct exam *exam, enum doctor_severity severity)
{
	return exam->report->cells[DOCTOR_SPF_RECORD] == severity
	       || exam->report->cells[DOCTOR_SPF_LIMITS] == severity;
}

void
exam_spf_pass(struct exam *exam, const struct ipaddr *address, const struct facts *facts)
{
	const struct spf_facts *spf = &facts->spf[SPF_MAILFROM];
	const enum result result = facts->results[METHOD_SPF];
	const enum doctor_severity severity = result == RESULT_TEMPERROR ? DOCTOR_UNKNOWN : DOCTOR_ERROR;
	const char *text = exam_address_text(exam, address);
	char problem[SPF_PROBLEM_SIZE];

	if (result == RESULT_PASS)
		exam_set_cell(exam, DOCTOR_SPF_PASS, DOCTOR_GOOD);
	else if (result == RESULT_TEMPERROR || result == RESULT_PERMERROR)
		exam_say(exam, is_told(exam, severity) ? PROBLEM_SPF_AS_RECORD : PROBLEM_SPF_ERROR_FOR, text,
			 severity,
			 arena_printf(exam->arena, "Mail from %s gets spf=%s: %s.", text, result_word(result),
				      spf_problem_text(&spf->problem, problem)),
			 result == RESULT_TEMPERROR
				 ? "Run heloscope doctor again in some minutes."
				 : "Receivers treat it as if there were no SPF record, or refuse it.",
			 NULL);
	else if (result != RESULT_NONE)
		exam_say(exam, PROBLEM_SPF_NOT_NAMED, text,
			 result == RESULT_FAIL && !exam->report->is_guessed ? DOCTOR_ERROR : DOCTOR_WARNING,
			 arena_printf(exam->arena, "Mail from %s gets spf=%s, by \"%s\".", text,
				      result_word(result),
				      spf->mechanism != NULL ? spf->mechanism : "no term"),
			 exam->report->is_guessed
				 ? "If mail goes out from there, receivers refuse it or sort it as spam."
				 : "Receivers refuse such mail or sort it as spam.",
			 propose(exam, spf->record));
}

/* Of everybody. */

/* No record at all, or what is meant as one. */
static void
tell_absence(struct exam *exam)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, exam->bounces, DNS_TXT);
	const char *publish;

	for (size_t i = 0; i < answer->count; i++) {
		if ((publish = meant_record(exam, answer->records[i].text)) == NULL)
			continue;
		exam_say_record(
			exam, PROBLEM_RECORD_NEAR_MISS, DOCTOR_SPF_RECORD, DOCTOR_WARNING,
			arena_printf(
				exam->arena,
				"The TXT record at %s is not an SPF record: one begins with \"v=spf1\" and a blank.",
				exam->bounces),
			"Receivers pass over it.", publish);
		return;
	}
	publish = new_record(exam);
	exam_say(
		exam, PROBLEM_SPF_MISSING, "", DOCTOR_WARNING, "There is no SPF record.",
		publish != NULL
			? "Large receivers want SPF or DKIM, and anybody can send in your name."
			: "Large receivers want SPF or DKIM, and anybody can send in your name. Name the addresses from which mail goes out with --ip, to get a record.",
		publish);
}

/* Whether it is the record of another domain that has the error. */
static bool
is_of_other(const struct exam *exam, const struct spf_problem *found)
{
	const char *owner =
		found->kind == SPF_PROBLEM_SEVERAL_RECORDS || found->kind == SPF_PROBLEM_TERM_TOO_LONG
			? found->name
			: found->holder;

	return owner != NULL && strcmp(owner, exam->bounces) != 0;
}

/* The kind of an error, and whether it is one of limits. */
static enum doctor_problem
problem_of(const struct exam *exam, const struct spf_outcome *outcome)
{
	const struct spf_problem *found = &outcome->problem;

	if (found->kind == SPF_PROBLEM_ENDLESS)
		return PROBLEM_SPF_LOOP;
	if (outcome->trace.terms > SPF_TERMS_MAX)
		return PROBLEM_SPF_TERM_LIMIT;
	if (outcome->trace.voids > SPF_VOIDS_MAX)
		return PROBLEM_SPF_VOID_LIMIT;
	if (is_of_other(exam, found))
		return PROBLEM_SPF_OF_OTHER;
	return found->kind == SPF_PROBLEM_SEVERAL_RECORDS ? PROBLEM_SPF_SEVERAL : PROBLEM_SPF_INVALID;
}

/* The record to publish in place of one in error, or NULL when it cannot be known. */
static const char *
right_record(struct exam *exam, enum doctor_problem problem, const struct spf_outcome *outcome)
{
	if (problem == PROBLEM_SPF_SEVERAL)
		return merged_record(exam);
	return problem == PROBLEM_SPF_INVALID && outcome->record != NULL
		       ? repaired_record(exam, span_of(outcome->record))
		       : NULL;
}

/* What is wrong; a term of its own record is quoted. */
static const char *
error_text(struct exam *exam, const struct spf_outcome *outcome)
{
	const struct spf_problem *found = &outcome->problem;
	struct span rest = outcome->record != NULL ? span_of(outcome->record) : SPAN(""), term;
	char problem[SPF_PROBLEM_SIZE];

	if (found->kind == SPF_PROBLEM_SYNTAX && found->name != NULL
	    && strcmp(found->name, exam->bounces) == 0 && found->at < rest.length) {
		rest = span_from(rest, found->at);
		if (next_word(&rest, &term))
			return arena_printf(exam->arena, "The SPF record has an error at \"%s\": %s.",
					    arena_copy(exam->arena, term), spf_fault_text(found->fault));
	}
	return arena_printf(exam->arena,
			    is_of_other(exam, found) ? "The SPF record cannot be evaluated: %s."
						     : "The SPF record has an error: %s.",
			    spf_problem_text(found, problem));
}

static void
tell_error(struct exam *exam, const struct spf_outcome *outcome)
{
	const enum doctor_problem kind = problem_of(exam, outcome);

	exam_say(exam, kind, "", DOCTOR_ERROR, error_text(exam, outcome),
		 "Receivers treat all mail from the domain as if it had no SPF record, or refuse it.",
		 right_record(exam, kind, outcome));
}

/* The record with "~all" in place of its own "all" or at its end. NULL when "all" stands elsewhere. */
static const char *
closed_record(struct exam *exam, const struct spf_outcome *outcome)
{
	char memory[RECORD_MAX];
	struct strbuf right = STRBUF_OVER(memory);
	struct span rest = span_of(outcome->record), word;
	const char *end = "";

	strbuf_add(&right, "v=spf1");
	(void)next_word(&rest, &word);
	while (next_word(&rest, &word)) {
		if (span_starts_with_nocase(word, SPAN("redirect=")))
			return NULL;
		if (outcome->mechanism != NULL && span_equals(word, span_of(outcome->mechanism))) {
			end = " ~all";
			continue;
		}
		strbuf_add_char(&right, ' ');
		strbuf_add_span(&right, word);
	}
	if (outcome->mechanism != NULL && end[0] == '\0')
		return NULL;
	strbuf_add(&right, " ~all");
	return right.is_cut ? NULL : propose(exam, memory);
}

static void
judge_slips(struct exam *exam, const char *record)
{
	struct span rest = span_of(record), word;

	while (next_word(&rest, &word)) {
		if (!is_slip(word))
			continue;
		exam_say(exam, PROBLEM_SPF_SLIP, "", DOCTOR_WARNING,
			 arena_printf(exam->arena,
				      "The SPF record has \"%s\", with \"=\" where \":\" is meant.",
				      arena_copy(exam->arena, word)),
			 "Receivers pass over the term.", repaired_record(exam, span_of(record)));
		return;
	}
}

static void
judge_openness(struct exam *exam, const struct spf_outcome *outcome)
{
	const bool is_open = outcome->result == RESULT_PASS;

	exam_set_cell(exam, DOCTOR_SPF_ALL, DOCTOR_GOOD);
	if (is_open || outcome->result == RESULT_NEUTRAL)
		exam_say(
			exam, is_open ? PROBLEM_SPF_OPEN : PROBLEM_SPF_NEUTRAL, "",
			is_open ? DOCTOR_ERROR : DOCTOR_NOTE,
			is_open ? "The record allows every address of the world to send in your name."
				: "The record says nothing of addresses that it does not name.",
			is_open ? "It protects nobody, and receivers count it against you. Once all that send are in the record, it can end with \"-all\"."
				: "It protects nobody. Once all that send are in the record, it can end with \"-all\".",
			closed_record(exam, outcome));
}

static void
judge_limits(struct exam *exam, const struct spf_outcome *outcome)
{
	exam_set_cell(exam, DOCTOR_SPF_LIMITS, DOCTOR_GOOD);
	if (outcome->trace.terms >= SPF_TERMS_MAX - 1 || outcome->trace.voids >= SPF_VOIDS_MAX)
		exam_say(
			exam, PROBLEM_SPF_NEAR_LIMIT, "", DOCTOR_NOTE,
			arena_printf(
				exam->arena,
				"The record needs %u of the 10 terms that may cost lookups, and %u of 2 lookups find nothing.",
				outcome->trace.terms, outcome->trace.voids),
			"One more include, perhaps not your own, and all of it is in error.", NULL);
}

/* What the record gives to an address of nobody, and how near it comes to the limits. */
void
exam_spf_record(struct exam *exam)
{
	const struct spf_outcome outcome = evaluate(exam, &nobody, NULL);
	char problem[SPF_PROBLEM_SIZE];

	if (outcome.result == RESULT_NONE) {
		tell_absence(exam);
	} else if (outcome.result == RESULT_PERMERROR) {
		tell_error(exam, &outcome);
	} else if (outcome.result == RESULT_TEMPERROR) {
		exam_add(
			exam,
			(struct doctor_finding){
				.problem = PROBLEM_LOOKUP,
				.row = DOCTOR_SPF_RECORD,
				.subject = arena_printf(exam->arena, "the SPF record of %s", exam->bounces),
				.severity = DOCTOR_UNKNOWN,
				.what = arena_printf(exam->arena, "SPF cannot be evaluated: %s.",
						     spf_problem_text(&outcome.problem, problem)),
				.consequence = "Receivers that cannot evaluate it either defer your mail." });
	} else {
		exam_set_cell(exam, DOCTOR_SPF_RECORD, DOCTOR_GOOD);
		judge_slips(exam, outcome.record);
		judge_limits(exam, &outcome);
		judge_openness(exam, &outcome);
	}
}
