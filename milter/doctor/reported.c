#include "heloscope/doctor/reported.h"

void
reported_init(struct reported_names *names)
{
	names->count = 0;
	strbuf_init(&names->text, names->memory, sizeof names->memory);
}

void
reported_add(struct reported_names *names, const char *name)
{
	if (names->count++ < REPORTED_TOLD)
		strbuf_printf(&names->text, "%s %s", names->count > 1 ? "," : "", name);
}

/* " A, B and 3 more" */
static const char *
text_of(struct exam *exam, const struct reported_names *names)
{
	return names->count <= REPORTED_TOLD ? names->memory
					     : arena_printf(exam->arena, "%s and %zu more", names->memory,
							    names->count - REPORTED_TOLD);
}

static const char *
join_lines(struct exam *exam, const char *above, const char *below)
{
	if (above[0] == '\0' || below[0] == '\0')
		return above[0] != '\0' ? above : below;
	return arena_printf(exam->arena, "%s\n%s", above, below);
}

void
reported_tell_taken(struct exam *exam, const struct reported_names *names, const char *one,
		    const char *several)
{
	if (names->count == 0)
		return;
	exam->reported = arena_printf(exam->arena, "%s%s %s%s",
				      exam->reported[0] != '\0' ? exam->reported : exam->order->reported_by,
				      exam->reported[0] != '\0' ? ";" : ":", names->count > 1 ? several : one,
				      text_of(exam, names));
}

void
reported_tell_left_out(struct exam *exam, const struct reported_names *names, const char *why,
		       const char *option)
{
	if (names->count == 0)
		return;
	exam->left_out = join_lines(
		exam, exam->left_out,
		arena_printf(exam->arena,
			     "left out:%s, which %s: anybody can write a report; give with %s what is yours",
			     text_of(exam, names), why, option));
}

void
reported_end(struct exam *exam)
{
	struct doctor_report *report = exam->report;

	report->taken_from =
		join_lines(exam, join_lines(exam, exam->reported, report->taken_from), exam->left_out);
}
