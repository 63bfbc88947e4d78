#include "heloscope/doctor/exam.h"

#include "heloscope/words/telling.h"
#include "heloscope/base/clock.h"

unsigned
exam_left_ms(const struct exam *exam, unsigned most_ms)
{
	const uint64_t now_ms = clock_now_ms(), end_ms = exam->order->end_ms;
	const uint64_t left_ms = now_ms < end_ms ? end_ms - now_ms : 0;

	return left_ms < most_ms ? (unsigned)left_ms : most_ms;
}

/* Findings. */

void
exam_set_cell(struct exam *exam, enum doctor_row row, enum doctor_severity severity)
{
	if (exam->report->cells[row] < severity)
		exam->report->cells[row] = severity;
}

void
exam_add(struct exam *exam, struct doctor_finding finding)
{
	struct doctor_report *report = exam->report;
	struct doctor_finding *findings =
		arena_grow(exam->arena, report->findings, report->finding_count, sizeof *findings);

	exam_set_cell(exam, finding.row, finding.severity);
	if (findings == NULL)
		return;
	report->findings = findings;
	findings[report->finding_count++] = finding;
}

void
exam_say(struct exam *exam, enum doctor_problem problem, const char *subject, enum doctor_severity severity,
	 const char *what, const char *consequence, const char *publish)
{
	exam_add(exam, (struct doctor_finding){ .problem = problem,
						.row = doctor_problem_words(problem)->row,
						.severity = severity,
						.subject = subject,
						.what = what,
						.consequence = consequence,
						.publish = publish });
}

void
exam_say_server(struct exam *exam, enum doctor_problem problem, const char *subject,
		const struct ipaddr *address, enum doctor_severity severity, const char *what,
		const char *consequence)
{
	exam_add(exam, (struct doctor_finding){ .problem = problem,
						.row = doctor_problem_words(problem)->row,
						.severity = severity,
						.subject = subject,
						.what = what,
						.consequence = consequence,
						.server = exam_address_text(exam, address) });
}

void
exam_say_record(struct exam *exam, enum doctor_problem problem, enum doctor_row row,
		enum doctor_severity severity, const char *what, const char *consequence, const char *publish)
{
	exam_add(exam, (struct doctor_finding){ .problem = problem,
						.row = row,
						.severity = severity,
						.subject = doctor_row_record(row),
						.what = what,
						.consequence = consequence,
						.publish = publish });
}

/* What it costs while a record of a row cannot be looked up. */
static const char *
cost_of_unknown(enum doctor_row row)
{
	switch (row) {
	case DOCTOR_DKIM:
		return "Verifiers that cannot look it up either take your mail as not signed, or defer it.";
	case DOCTOR_DMARC:
		return "Receivers that cannot look it up either may take your mail without DMARC, or defer it.";
	case DOCTOR_DANE:
		return "Senders that check DANE hold mail for this host back until it can be looked up.";
	case DOCTOR_MTA_STS:
		return "Senders that cannot look it up either keep to the policy that they know, or to none; mail is delivered.";
	case DOCTOR_TLS_REPORTS:
		return "Whoever cannot look it up either sends you no reports; mail is delivered.";
	default:
		return "Receivers that cannot look it up either defer your mail.";
	}
}

/* What could not be looked up. */
void
exam_add_unknown(struct exam *exam, enum doctor_row row, const char *name, const struct dns_answer *answer)
{
	exam_add(exam,
		 (struct doctor_finding){ .problem = PROBLEM_LOOKUP,
					  .row = row,
					  .severity = DOCTOR_UNKNOWN,
					  .subject = name,
					  .what = arena_printf(exam->arena, "%s cannot be looked up: %s.",
							       name, dns_status_word(answer->status)),
					  .consequence = cost_of_unknown(row) });
}

const char *
exam_address_text(struct exam *exam, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	return arena_string(exam->arena, ipaddr_format(address, text));
}
