#include "heloscope/doctor/tell.h"

#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"
#include "heloscope/doctor/answer.h"
#include "heloscope/doctor/group.h"
#include "heloscope/doctor/tell_demands.h"
#include "heloscope/words/explain.h"

#define TITLE_WIDTH 16
#define TEXT_MAX 4000 /* octets of the answer, and of a finding */

static const enum explain_mark marks[] = {
	[DOCTOR_NOT_ASKED] = EXPLAIN_NEITHER, [DOCTOR_GOOD] = EXPLAIN_GOOD,
	[DOCTOR_NOTE] = EXPLAIN_NOTE,         [DOCTOR_UNKNOWN] = EXPLAIN_UNKNOWN,
	[DOCTOR_WARNING] = EXPLAIN_WARNING,   [DOCTOR_ERROR] = EXPLAIN_BAD,
};

/* What is told. */
struct telling_doctor {
	const struct doctor_report *reports;
	size_t count;
	struct doctor_groups groups;
	struct output *out;
};

static void
put_answer(const struct telling_doctor *telling)
{
	char memory[TEXT_MAX];
	struct strbuf text = STRBUF_OVER(memory);

	doctor_answer(telling->reports, telling->count, &telling->groups, &text);
	prose_wrap(telling->out, memory, 0, 0);
}

/* Findings. */

static void
add_domains(const struct telling_doctor *telling, const struct doctor_group *group, struct strbuf *text)
{
	for (size_t i = 0; telling->count > 1 && i < group->domain_count; i++)
		strbuf_printf(text, "%s%s", i == 0 ? " (" : ", ", telling->reports[group->domains[i]].domain);
	if (telling->count > 1)
		strbuf_add_char(text, ')');
}

/* Each at the start of a line, which in a zone file means that it has an owner of its own. */
static void
put_records(const char *records, struct output *out)
{
	while (*records != '\0') {
		const size_t length = strcspn(records, "\n");

		output_span(out, (struct span){ records, length });
		output_put(out, "\n");
		records += length + (records[length] == '\n');
	}
}

static void
put_finding(const struct telling_doctor *telling, const struct doctor_group *group)
{
	const struct doctor_finding *finding = group->finding;
	char memory[TEXT_MAX];
	struct strbuf said = STRBUF_OVER(memory);

	strbuf_add(&said, doctor_row_title(finding->row));
	add_domains(telling, group, &said);
	strbuf_printf(&said, ": %s", finding->what);
	if (finding->consequence != NULL)
		strbuf_printf(&said, " %s", finding->consequence);
	strbuf_add_char(&said, ' ');
	doctor_add_remedy(&said, group);
	output_put(telling->out, "\n  ");
	explain_put_mark(marks[finding->severity], telling->out);
	output_put(telling->out, " ");
	prose_wrap(telling->out, memory, 4, 4);
	if (group->publish == NULL)
		return;
	output_put(telling->out, "\n");
	put_records(group->publish, telling->out);
}

static void
put_findings(const struct telling_doctor *telling)
{
	static const char *const titles[DOCTOR_COSTS] = {
		[DOCTOR_COST_REFUSED] = "Mail is refused or lost because of this",
		[DOCTOR_COST_SOME] = "Some receivers refuse mail because of this, or do not deliver it",
		[DOCTOR_COST_UNKNOWN] = "This could not be found out",
		[DOCTOR_COST_HYGIENE] = "This could be better",
	};
	enum doctor_cost last = DOCTOR_COSTS;

	for (size_t i = 0; i < telling->groups.count; i++) {
		const struct doctor_group *group = &telling->groups.items[i];

		if (doctor_problem_words(group->finding->problem)->repeats)
			continue;
		if (group->cost != last)
			output_put(telling->out, "\n%s\n", titles[group->cost]);
		last = group->cost;
		put_finding(telling, group);
	}
}

/* The table. */

static void
put_legend(struct output *out)
{
	static const struct {
		enum explain_mark mark;
		const char *words;
	} entries[] = {
		{ EXPLAIN_GOOD, "good" },         { EXPLAIN_NOTE, "could be better" },
		{ EXPLAIN_UNKNOWN, "not known" }, { EXPLAIN_WARNING, "some refuse" },
		{ EXPLAIN_BAD, "error" },         { EXPLAIN_NEITHER, "not checked" },
	};

	output_put(out, "\n  ");
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		output_put(out, "%s", i > 0 ? "  " : "");
		explain_put_mark(entries[i].mark, out);
		output_put(out, " %s", entries[i].words);
	}
	output_put(out, "\n");
}

/* Which column is whose. */
static void
put_columns(const struct telling_doctor *telling)
{
	char memory[TEXT_MAX * 2];
	struct strbuf text = STRBUF_OVER(memory);

	for (size_t i = 0; i < telling->count; i++)
		strbuf_printf(&text, "%s%zu %s", i > 0 ? ", " : "", i + 1, telling->reports[i].domain);
	output_put(telling->out, "  ");
	prose_wrap(telling->out, memory, 2, 2);
	output_put(telling->out, "\n");
}

static void
put_table(const struct telling_doctor *telling)
{
	output_put(telling->out, "\nWhat was checked\n\n");
	if (telling->count > 1)
		put_columns(telling);
	output_put(telling->out, "  %-*s", TITLE_WIDTH, "");
	for (size_t i = 0; i < telling->count; i++)
		output_put(telling->out, "%3zu", i + 1);
	output_put(telling->out, "\n");
	for (int row = 0; row < DOCTOR_ROWS; row++) {
		output_put(telling->out, "  %-*s", TITLE_WIDTH, doctor_row_title((enum doctor_row)row));
		for (size_t i = 0; i < telling->count; i++) {
			output_put(telling->out, "  ");
			explain_put_mark(marks[telling->reports[i].cells[row]], telling->out);
		}
		output_put(telling->out, "\n");
	}
	put_legend(telling->out);
}

/* The evidence. */

static void
put_taken_from(const char *lines, struct output *out)
{
	char memory[TEXT_MAX];

	while (*lines != '\0') {
		const size_t length = strcspn(lines, "\n");
		struct strbuf said = STRBUF_OVER(memory);

		strbuf_add(&said, strncmp(lines, "the ", 4) == 0 ? "taken from " : "");
		strbuf_add_span(&said, (struct span){ lines, length });
		output_put(out, "     ");
		prose_wrap(out, memory, 5, 7);
		lines += length + (lines[length] == '\n');
	}
}

static void
put_evidence(const struct doctor_report *report, size_t number, struct output *out)
{
	char memory[TEXT_MAX], text[IPADDR_TEXT_SIZE];
	struct strbuf said = STRBUF_OVER(memory);

	strbuf_add(&said, report->domain);
	for (size_t i = 0; i < report->address_count; i++)
		strbuf_printf(&said, "%s%s", i == 0 ? ", mail from " : ", ",
			      ipaddr_format(&report->addresses[i], text));
	if (report->is_guessed && report->address_count > 0)
		strbuf_add(&said, " (guessed from MX and SPF)");
	output_put(out, "\n%3zu  ", number);
	prose_wrap(out, memory, 5, 5);
	put_taken_from(report->taken_from, out);
	for (size_t i = 0; i < report->record_count; i++) {
		output_put(out, "       ");
		prose_wrap(out, report->records[i], 7, 9);
	}
}

void
doctor_put(const struct doctor_report *reports, size_t count, struct arena *arena, struct output *out)
{
	const struct telling_doctor telling = { reports, count, doctor_group_findings(reports, count, arena),
						out };

	put_answer(&telling);
	put_findings(&telling);
	put_table(&telling);
	output_put(out, "\nWhat the DNS says\n");
	for (size_t i = 0; i < count; i++)
		put_evidence(&reports[i], i + 1, out);
	doctor_put_demands(reports, count, 0, out);
}

/* JSON. */

static json_t *
lines_json(const char *text)
{
	json_t *array = json_array();

	while (*text != '\0') {
		const size_t length = strcspn(text, "\n");

		document_append(array, document_text((struct span){ text, length }));
		text += length + (text[length] == '\n');
	}
	return array;
}

static json_t *
finding_json(const struct doctor_group *group)
{
	const struct doctor_finding *finding = group->finding;
	json_t *object = json_object();
	char memory[TEXT_MAX];
	struct strbuf remedy = STRBUF_OVER(memory);

	doctor_add_remedy(&remedy, group);
	document_set_text(object, "row", doctor_row_token(finding->row));
	document_set_text(object, "severity", doctor_severity_token(finding->severity));
	document_set_text(object, "cost", doctor_cost_token(group->cost));
	document_set_text(object, "problem", doctor_problem_words(finding->problem)->token);
	if (finding->subject[0] != '\0')
		document_set_text(object, "subject", finding->subject);
	document_set_text(object, "what", finding->what);
	document_set_text(object, "consequence", finding->consequence);
	if (remedy.length > 0)
		document_set_text(object, "remedy", memory);
	if (finding->publish != NULL)
		document_put(object, "publish", lines_json(finding->publish));
	return object;
}

static json_t *
cells_json(const struct doctor_report *report)
{
	json_t *cells = json_object();

	for (int row = 0; row < DOCTOR_ROWS; row++)
		document_set_text(cells, doctor_row_token((enum doctor_row)row),
				  doctor_severity_token(report->cells[row]));
	return cells;
}

static json_t *
report_json(const struct doctor_report *report, struct arena *arena)
{
	const struct doctor_groups groups = doctor_group_findings(report, 1, arena);
	json_t *object = json_object(), *findings = json_array(), *addresses = json_array(),
	       *records = json_array();
	char text[IPADDR_TEXT_SIZE];

	for (size_t i = 0; i < groups.count; i++)
		document_append(findings, finding_json(&groups.items[i]));
	for (size_t i = 0; i < report->address_count; i++)
		document_append(addresses,
				document_text(span_of(ipaddr_format(&report->addresses[i], text))));
	for (size_t i = 0; i < report->record_count; i++)
		document_append(records, document_text(span_of(report->records[i])));
	document_set_text(object, "domain", report->domain);
	document_set_text(object, "state", doctor_state_token(report));
	document_put(object, "addresses", addresses);
	document_set_flag(object, "guessed", report->is_guessed);
	if (report->taken_from[0] != '\0')
		document_put(object, "taken-from", lines_json(report->taken_from));
	document_put(object, "cells", cells_json(report));
	document_put(object, "findings", findings);
	document_put(object, "demands", doctor_demands_json(report));
	document_put(object, "records", records);
	return object;
}

void
doctor_put_json(const struct doctor_report *reports, size_t count, struct arena *arena, struct output *out)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		document_append(array, report_json(&reports[i], arena));
	document_print(out, array);
	json_decref(array);
}
