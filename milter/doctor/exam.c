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
	exam_add(exam, (struct doctor_finding){ problem, doctor_problem_words(problem)->row, severity,
						subject, what, consequence, publish });
}

void
exam_say_record(struct exam *exam, enum doctor_problem problem, enum doctor_row row,
		enum doctor_severity severity, const char *what, const char *consequence, const char *publish)
{
	exam_add(exam, (struct doctor_finding){ problem, row, severity, doctor_row_record(row), what,
						consequence, publish });
}

/* What could not be looked up. */
void
exam_add_unknown(struct exam *exam, enum doctor_row row, const char *name, const struct dns_answer *answer)
{
	exam_add(exam, (struct doctor_finding){
			       .problem = PROBLEM_LOOKUP,
			       .row = row,
			       .severity = DOCTOR_UNKNOWN,
			       .subject = name,
			       .what = arena_printf(exam->arena, "%s cannot be looked up: %s.", name,
						    dns_status_word(answer->status)),
			       .consequence = "Receivers that cannot look it up either defer your mail." });
}

const char *
exam_address_text(struct exam *exam, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	return arena_string(exam->arena, ipaddr_format(address, text));
}
