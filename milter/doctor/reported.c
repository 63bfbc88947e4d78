#include "heloscope/doctor/reported.h"

#include <string.h>

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

/* The place behind what was taken from reports, in the lines of the report; the front where that is not told
 * yet. */
static size_t
end_of_taken(const struct exam *exam, bool *has_line)
{
	const char *lines = exam->report->taken_from, *head = exam->order->reported_by;
	const char *line = lines;

	for (; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		*has_line = strncmp(line, head, strlen(head)) == 0 && line[strlen(head)] == ':';
		if (*has_line)
			return (size_t)(line - lines) + strcspn(line, "\n");
	}
	*has_line = false;
	return 0;
}

void
reported_tell_taken(struct exam *exam, const struct reported_names *names, const char *one,
		    const char *several)
{
	const char *lines = exam->report->taken_from;
	bool has_line = false;
	const size_t end = names->count > 0 ? end_of_taken(exam, &has_line) : 0;

	if (names->count == 0)
		return;
	exam->report->taken_from =
		arena_printf(exam->arena, "%.*s%s%s%s%s%s", (int)end, lines,
			     has_line ? "; " : arena_printf(exam->arena, "%s: ", exam->order->reported_by),
			     names->count > 1 ? several : one, text_of(exam, names),
			     !has_line && lines[0] != '\0' ? "\n" : "", lines + end);
}

void
reported_tell_left_out(struct exam *exam, const struct reported_names *names, const char *why,
		       const char *option)
{
	const char *lines = exam->report->taken_from;

	if (names->count == 0)
		return;
	exam->report->taken_from = arena_printf(
		exam->arena,
		"%s%sleft out:%s, which %s: anybody can write a report; give with %s what is yours", lines,
		lines[0] != '\0' ? "\n" : "", text_of(exam, names), why, option);
}
