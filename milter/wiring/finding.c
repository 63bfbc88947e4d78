#include "heloscope/wiring/finding.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"
#include "heloscope/base/strbuf.h"

#define LINE_SIZE 4400 /* of a line with a whole value: see POSTFIX_VALUE_SIZE */

#define FINDING_TEXTS(NAME, token, SEVERITY, text) [FINDING_##NAME] = { token, SEVERITY_##SEVERITY, text },
static const struct {
	const char *token;
	enum severity severity;
	const char *text;
} rows[FINDING_KINDS] = { FINDING_ROWS(FINDING_TEXTS) };

static const struct {
	const char *word, *title;
	enum output_colour colour;
} severities[SEVERITIES] = {
	[SEVERITY_WRONG] = { "wrong", "Wrong", OUTPUT_RED },
	[SEVERITY_WARNING] = { "warning", "Warning", OUTPUT_YELLOW },
	[SEVERITY_NOTE] = { "note", "Note", OUTPUT_PLAIN },
};

static const struct {
	const char *token, *title;
	bool is_of_postfix; /* which reads it when it is told to */
} files[CURE_FILES] = {
	[CURE_MAIN_CF] = { "main.cf", "In main.cf", true },
	[CURE_MASTER_CF] = { "master.cf", "In master.cf", true },
	[CURE_SENDMAIL_MC] = { "sendmail.mc", "In sendmail.mc", false },
	[CURE_FILTER] = { "heloscope.conf", "In heloscope.conf", false },
	[CURE_SHELL] = { "command", "Run", false },
	[CURE_OTHER_FILTER] = { "other-filter", "In the configuration of the other filter", false },
};

/* Making. */

bool
wiring_is_found(const struct wiring_findings *findings, enum finding_kind kind, const char *place)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].kind == kind && strcmp(findings->items[i].place, place) == 0)
			return true;
	return false;
}

struct wiring_finding *
wiring_find(struct wiring_findings *findings, enum finding_kind kind, const char *place, struct span found)
{
	struct wiring_finding *grown;

	if (wiring_is_found(findings, kind, place))
		return NULL;
	grown = arena_grow(findings->arena, findings->items, findings->count, sizeof *grown);
	if (grown == NULL)
		return NULL;
	findings->items = grown;
	grown[findings->count] = (struct wiring_finding){
		.kind = kind,
		.place = arena_string(findings->arena, place),
		.found = arena_copy(findings->arena, found),
	};
	return &grown[findings->count++];
}

void
wiring_cure(struct wiring_findings *findings, struct wiring_finding *finding, enum cure_file file,
	    const char *format, ...)
{
	char memory[LINE_SIZE];
	va_list arguments;

	if (finding == NULL || finding->cure_count == CURES_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(memory, sizeof memory, format, arguments);
	va_end(arguments);
	finding->cures[finding->cure_count++] =
		(struct cure){ .file = file, .line = arena_string(findings->arena, memory) };
}

size_t
wiring_count(const struct wiring_findings *findings, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += rows[findings->items[i].kind].severity == severity ? 1 : 0;
	return count;
}

/* Telling. */

static void
put_cure(const struct cure *cure, struct output *out)
{
	output_put(out, "  %s", files[cure->file].title);
	if (cure->below != NULL)
		output_put(out, ", below the line of %s", cure->below);
	output_put(out, ":\n      %s\n", cure->line);
}

static void
put_finding(const struct wiring_finding *finding, struct output *out)
{
	const enum severity severity = rows[finding->kind].severity;

	output_set_colour(out, severities[severity].colour);
	output_put(out, "%s", severities[severity].title);
	output_set_colour(out, OUTPUT_PLAIN);
	output_put(out, ": %s", finding->place);
	if (finding->found[0] != '\0')
		output_put(out, " = %s", finding->found);
	output_put(out, "\n");
	prose_put(out, 2, "%s", rows[finding->kind].text);
	for (size_t i = 0; i < finding->cure_count; i++)
		put_cure(&finding->cures[i], out);
	output_put(out, "\n");
}

static bool
changes_postfix(const struct wiring_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		for (size_t j = 0; j < findings->items[i].cure_count; j++)
			if (files[findings->items[i].cures[j].file].is_of_postfix)
				return true;
	return false;
}

void
wiring_put(const struct wiring_findings *findings, struct output *out)
{
	for (int severity = 0; severity < SEVERITIES; severity++)
		for (size_t i = 0; i < findings->count; i++)
			if ((int)rows[findings->items[i].kind].severity == severity)
				put_finding(&findings->items[i], out);
	if (changes_postfix(findings))
		output_put(out, "After the changes in Postfix's files, run:\n      postfix reload\n");
}

static json_t *
json_of(const struct wiring_finding *finding)
{
	json_t *object = json_object(), *cures = json_array();

	document_set_text(object, "finding", rows[finding->kind].token);
	document_set_text(object, "severity", severities[rows[finding->kind].severity].word);
	document_set_text(object, "place", finding->place);
	document_set_text(object, "found", finding->found);
	document_set_text(object, "text", rows[finding->kind].text);
	for (size_t i = 0; i < finding->cure_count; i++) {
		json_t *cure = json_object();

		document_set_text(cure, "file", files[finding->cures[i].file].token);
		document_set_text(cure, "below", finding->cures[i].below);
		document_set_text(cure, "line", finding->cures[i].line);
		document_append(cures, cure);
	}
	document_put(object, "cures", cures);
	return object;
}

json_t *
wiring_json(const struct wiring_findings *findings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < findings->count; i++)
		document_append(array, json_of(&findings->items[i]));
	return array;
}
