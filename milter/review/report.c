#include "heloscope/review/report.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/strbuf.h"

#define HOURS_MAX 48 /* a longer trend is told by day */
#define RULE_NAME_SIZE 300

enum { HOUR_LENGTH = 13, DAY_LENGTH = 10 }; /* "2026-11-24T12" */

static const struct {
	const char *key, *title;
} tables[REPORT_TABLES] = {
	[REPORT_VERDICTS] = { "verdicts", "Verdicts" },
	[REPORT_RULES] = { "rules", "Rules that decided, or would have" },
	[REPORT_CHECKS] = { "checks", "Results" },
	[REPORT_HOSTS] = { "hosts", "Hosts that were refused, or would be" },
	[REPORT_DOMAINS] = { "domains", "Domains of senders that were refused, or would be" },
	[REPORT_LISTS] = { "lists", "Lists that listed something" },
};

const char *
report_table_key(enum report_table table)
{
	return tables[table].key;
}

const char *
report_table_title(enum report_table table)
{
	return tables[table].title;
}

void
report_init(struct report *report, const char *since)
{
	*report = (struct report){ .since = since, .mistake_rows = json_array(), .trend = json_object() };
	for (int table = 0; table < REPORT_TABLES; table++)
		report->tables[table] = json_object();
}

void
report_clear(struct report *report)
{
	for (int table = 0; table < REPORT_TABLES; table++)
		json_decref(report->tables[table]);
	json_decref(report->mistake_rows);
	json_decref(report->trend);
	outline_release(&report->outline);
}

/* Counting. */

static void
count_checks(struct report *report, const struct outline *outline)
{
	const char *check, *result, *zone;
	const struct node *next = NULL, *listing = NULL;

	while (outline_check(outline, &next, &check, &result)) {
		char name[80];

		(void)snprintf(name, sizeof name, "%s=%s", check, result);
		document_count(report->tables[REPORT_CHECKS], name, 1);
	}
	while (outline_listing(outline, &listing, &zone))
		document_count(report->tables[REPORT_LISTS], zone, 1);
}

static json_t *
mistake_row(const struct outline *outline, const struct outline_verdict *verdict)
{
	json_t *row = json_object();

	document_set_text(row, "id", outline->ident);
	document_set_text(row, "client", outline->client);
	document_set_text(row, "sender", outline->sender);
	document_set_text(row, "rule", verdict->rule);
	return row;
}

static void
note_refusal(struct report *report, const struct outline *outline, const struct outline_verdict *verdict)
{
	document_count(report->tables[REPORT_HOSTS], outline->client, 1);
	document_count(report->tables[REPORT_DOMAINS], outline->domain, 1);
	if (outline->passes && report->mistakes++ < REPORT_MISTAKES_MAX)
		document_append(report->mistake_rows, mistake_row(outline, verdict));
}

/* Rules that only tell, and those whose share left the client out. */
static void
count_audits(struct report *report, const struct outline_verdict *verdict)
{
	struct outline_note note;
	const struct node *at = NULL;

	while (outline_note(verdict, &at, &note)) {
		char name[RULE_NAME_SIZE];
		struct strbuf text;

		strbuf_init(&text, name, sizeof name);
		strbuf_printf(&text, "%s (would %s", note.rule, note.action);
		if (note.has_share)
			strbuf_printf(&text, "; acts on %u%% of networks", note.share);
		strbuf_add(&text, ")");
		document_count(report->tables[REPORT_RULES], name, 1);
	}
}

static void
count_verdict(struct report *report, const struct outline *outline, const struct outline_verdict *verdict)
{
	char name[80];

	report->recipients++;
	(void)snprintf(name, sizeof name, "%s%s", verdict->is_enforced ? "" : "would-", verdict->action);
	document_count(report->tables[REPORT_VERDICTS], name, 1);
	document_count(report->tables[REPORT_RULES], verdict->rule[0] != '\0' ? verdict->rule : "(no rule)",
		       1);
	count_audits(report, verdict);
	if (verdict->refuses)
		note_refusal(report, outline, verdict);
}

/* Add to the row of a trend for `name`, the first `length` octets. */
static void
add_to_trend(json_t *trend, const char *name, int length, json_int_t messages, json_int_t refusals)
{
	char key[HOUR_LENGTH + 1];
	json_t *row;

	(void)snprintf(key, sizeof key, "%.*s", length, name);
	row = document_member(trend, key);
	if (row == NULL) {
		row = json_object();
		document_put(trend, key, row);
	}
	document_count(row, "messages", messages);
	document_count(row, "refusals", refusals);
}

static void
take(struct report *report, const struct outline *outline)
{
	struct outline_verdict verdict;
	bool is_refused = false;
	const struct node *at = NULL;

	report->messages++;
	report->unwritten += outline->unwritten;
	count_checks(report, outline);
	while (outline_verdict(outline, &at, &verdict)) {
		count_verdict(report, outline, &verdict);
		is_refused = is_refused || verdict.refuses;
	}
	add_to_trend(report->trend, outline->time, HOUR_LENGTH, 1, is_refused ? 1 : 0);
}

bool
report_take(struct report *report, struct span line)
{
	if (!outline_read(line, &report->outline))
		return false;
	if (strcmp(report->outline.time, report->since) >= 0)
		take(report, &report->outline);
	return true;
}

/* Putting together. */

/* The rows of a trend, under names of `length` octets. */
static void
add_trend(json_t *trend, json_t *part, int length)
{
	for (void *at = json_object_iter(part); at != NULL; at = json_object_iter_next(part, at)) {
		const json_t *row = json_object_iter_value(at);

		add_to_trend(trend, json_object_iter_key(at), length,
			     json_integer_value(document_member(row, "messages")),
			     json_integer_value(document_member(row, "refusals")));
	}
}

void
report_add(struct report *report, const struct report *part)
{
	json_t *row;

	report->messages += part->messages;
	report->recipients += part->recipients;
	report->mistakes += part->mistakes;
	report->unwritten += part->unwritten;
	for (int table = 0; table < REPORT_TABLES; table++)
		document_count_all(report->tables[table], part->tables[table]);
	for (size_t i = 0; json_array_size(report->mistake_rows) < REPORT_MISTAKES_MAX
			   && (row = json_array_get(part->mistake_rows, i)) != NULL;
	     i++)
		document_append(report->mistake_rows, json_incref(row));
	add_trend(report->trend, part->trend, HOUR_LENGTH);
}

/* The JSON form. */

json_t *
report_json(const struct report *report)
{
	json_t *object = json_object(), *trend = json_object();

	document_set_number(object, "messages", (json_int_t)report->messages);
	document_set_number(object, "recipients", (json_int_t)report->recipients);
	document_set_number(object, "unwritten", (json_int_t)report->unwritten);
	document_set_number(object, "likely-mistakes", (json_int_t)report->mistakes);
	document_put(object, "mistakes", json_incref(report->mistake_rows));
	for (int table = 0; table < REPORT_TABLES; table++)
		document_put(object, tables[table].key, json_incref(report->tables[table]));
	if (json_object_size(report->trend) > HOURS_MAX)
		add_trend(trend, report->trend, DAY_LENGTH);
	else
		add_trend(trend, report->trend, HOUR_LENGTH);
	document_put(object, "trend", trend);
	return object;
}
