#include "heloscope/review/report.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/records/value.h"

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
}

/* Counting. */

static void
count_checks(struct report *report, const json_t *record)
{
	json_t *checks = json_object_get(record, "checks");
	const json_t *hits = record_member(record_check(record, "x-dnsbl"), "hits"), *hit;

	for (void *at = json_object_iter(checks); at != NULL; at = json_object_iter_next(checks, at)) {
		char name[80];

		(void)snprintf(name, sizeof name, "%s=%s", json_object_iter_key(at),
			       record_text(json_object_iter_value(at), "result"));
		document_count(report->tables[REPORT_CHECKS], name, 1);
	}
	for (size_t i = 0; (hit = json_array_get(hits, i)) != NULL; i++)
		if (record_is(hit, "state", "listed"))
			document_count(report->tables[REPORT_LISTS], record_text(hit, "zone"), 1);
}

static json_t *
mistake_row(const json_t *record, const json_t *verdict)
{
	json_t *row = json_object();

	document_set_text(row, "id", record_text(record, "id"));
	document_set_text(row, "client", record_text(record_member(record, "client"), "ip"));
	document_set_text(row, "sender", record_text(record, "sender"));
	document_set_text(row, "rule", record_text(verdict, "rule"));
	return row;
}

static void
note_refusal(struct report *report, const json_t *record, const json_t *verdict)
{
	const char *host = record_text(record_member(record, "client"), "ip");

	document_count(report->tables[REPORT_HOSTS], host, 1);
	document_count(report->tables[REPORT_DOMAINS], record_sender_domain(record), 1);
	if (!record_has(record, "spf", "pass") || !record_has(record, "iprev", "pass"))
		return;
	if (report->mistakes++ < REPORT_MISTAKES_MAX)
		document_append(report->mistake_rows, mistake_row(record, verdict));
}

/* Rules that only tell, and those whose share left the client out. */
static void
count_audits(struct report *report, const json_t *verdict)
{
	const json_t *notes = record_member(verdict, "notes"), *note;

	for (size_t i = 0; (note = json_array_get(notes, i)) != NULL; i++) {
		const json_t *share = record_member(note, "share");
		char name[RULE_NAME_SIZE];
		struct strbuf text;

		if (record_member(note, "audit") == NULL)
			continue;
		strbuf_init(&text, name, sizeof name);
		strbuf_printf(&text, "%s (would %s", record_text(note, "rule"), record_text(note, "audit"));
		if (share != NULL)
			strbuf_printf(&text, "; acts on %lld%% of networks",
				      (long long)json_integer_value(share));
		strbuf_add(&text, ")");
		document_count(report->tables[REPORT_RULES], name, 1);
	}
}

/* Returns whether it refuses. */
static bool
count_verdict(struct report *report, const json_t *record, const json_t *verdict)
{
	const bool is_enforced = json_is_true(record_member(verdict, "enforced"));
	const char *action = record_text(verdict, "action"), *rule = record_text(verdict, "rule");
	char name[80];

	report->recipients++;
	(void)snprintf(name, sizeof name, "%s%s", is_enforced ? "" : "would ", action);
	document_count(report->tables[REPORT_VERDICTS], name, 1);
	document_count(report->tables[REPORT_RULES], rule[0] != '\0' ? rule : "(no rule)", 1);
	count_audits(report, verdict);
	if (!record_is_refusal(action))
		return false;
	note_refusal(report, record, verdict);
	return true;
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

bool
report_take(struct report *report, const json_t *record)
{
	const json_t *verdicts = record_member(record, "verdicts"), *verdict;
	const char *time = record_text(record, "time");
	bool is_refused = false;

	if (!json_is_array(verdicts))
		return false;
	if (strcmp(time, report->since) < 0)
		return true;
	report->messages++;
	report->unwritten += (size_t)json_integer_value(record_member(record, "unwritten"));
	count_checks(report, record);
	for (size_t i = 0; (verdict = json_array_get(verdicts, i)) != NULL; i++)
		is_refused = count_verdict(report, record, verdict) || is_refused;
	add_to_trend(report->trend, time, HOUR_LENGTH, 1, is_refused ? 1 : 0);
	return true;
}

/* Putting together. */

static void
add_table(json_t *table, json_t *part)
{
	for (void *at = json_object_iter(part); at != NULL; at = json_object_iter_next(part, at))
		document_count(table, json_object_iter_key(at),
			       json_integer_value(json_object_iter_value(at)));
}

/* The rows of a trend, under names of `length` octets. */
static void
add_trend(json_t *trend, json_t *part, int length)
{
	for (void *at = json_object_iter(part); at != NULL; at = json_object_iter_next(part, at)) {
		const json_t *row = json_object_iter_value(at);

		add_to_trend(trend, json_object_iter_key(at), length,
			     json_integer_value(json_object_get(row, "messages")),
			     json_integer_value(json_object_get(row, "refusals")));
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
		add_table(report->tables[table], part->tables[table]);
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
