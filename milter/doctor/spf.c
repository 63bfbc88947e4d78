/* doctor_spf: SPF of a sender's domain, and what its record should be. */
#include "heloscope/doctor/spf.h"

#include <string.h>

#include "heloscope/doctor/spf_proposal.h"
#include "heloscope/spf/record.h"
#include "heloscope/words/spf_problem.h"

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
			 exam->spf_proposal);
}

/* Of everybody. */

/* No record at all, or what is meant as one. */
static void
tell_absence(struct exam *exam)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, exam->bounces, DNS_TXT);
	const char *publish;

	for (size_t i = 0; i < answer->count; i++) {
		if ((publish = exam_spf_meant(exam, answer->records[i].text)) == NULL)
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
	publish = exam_spf_new(exam);
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
		if (exam_spf_next_word(&rest, &term))
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
		 exam->spf_proposal);
}

static void
judge_slips(struct exam *exam, const char *record)
{
	struct span rest = span_of(record), word;

	while (exam_spf_next_word(&rest, &word)) {
		if (!spf_term_is_slip(word))
			continue;
		exam_say(exam, PROBLEM_SPF_SLIP, "", DOCTOR_WARNING,
			 arena_printf(exam->arena,
				      "The SPF record has \"%s\", with \"=\" where \":\" is meant.",
				      arena_copy(exam->arena, word)),
			 "Receivers pass over the term.", exam->spf_proposal);
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
			is_open || exam_spf_is_neutral_at_end(outcome) ? exam->spf_proposal : NULL);
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
	const struct spf_outcome outcome = exam_spf_stranger(exam);
	char problem[SPF_PROBLEM_SIZE];

	exam->spf_proposal = exam_spf_proposal(exam, &outcome);
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
