#include "heloscope/review/report.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/review/counts.h"
#include "heloscope/review/trend.h"
#include "heloscope/words/answer.h"

static const struct {
	const char *key, *title;
	struct count_column columns[COUNTS_COLUMNS_MAX + 1];
} tables[REPORT_TABLES] = {
	[REPORT_VERDICTS] = { "verdicts", "Verdicts", { { "would", COUNT_FLAG }, { .key = "action" } } },
	[REPORT_RULES] = { "rules",
			   "Rules that decided, or would have",
			   { { .key = "action" },
			     { "share", COUNT_NUMBER },
			     { "audit", COUNT_FLAG },
			     { .key = "rule" } } },
	[REPORT_CHECKS] = { "checks", "Results", { { .key = "result" }, { .key = "check" } } },
	[REPORT_HOSTS] = { "hosts", "Hosts that were refused, or would be", { { .key = "client" } } },
	[REPORT_DOMAINS] = { "domains",
			     "Domains of senders that were refused, or would be",
			     { { .key = "domain" } } },
	[REPORT_LISTS] = { "lists", "Lists that listed something", { { .key = "zone" } } },
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
	*report = (struct report){ .since = since,
				   .mistake_hosts = json_object(),
				   .receivers = json_object(),
				   .trend = json_object() };
	for (int table = 0; table < REPORT_TABLES; table++)
		report->tables[table] = json_object();
}

void
report_clear(struct report *report)
{
	for (int table = 0; table < REPORT_TABLES; table++)
		json_decref(report->tables[table]);
	json_decref(report->mistake_hosts);
	json_decref(report->receivers);
	json_decref(report->trend);
	outline_release(&report->outline);
	record_release(&report->reading);
}

/* Counting. */

static void
count(struct report *report, enum report_table table, const char *const words[])
{
	counts_add(report->tables[table], tables[table].columns, words);
}

static void
count_checks(struct report *report, const struct outline *outline)
{
	const char *check, *result, *zone;
	const struct node *next = NULL, *listing = NULL;

	while (outline_check(outline, &next, &check, &result))
		count(report, REPORT_CHECKS, (const char *[]){ result, check });
	while (outline_listing(outline, &listing, &zone))
		count(report, REPORT_LISTS, &zone);
}

/* What was found, and what the sender's side can do: for the verdict that is counted now. */
static void
set_reason(struct report *report, json_t *row)
{
	char found_memory[RECORD_REPLY_SIZE], remedy_memory[RECORD_REPLY_SIZE];
	struct strbuf found, remedy;
	const struct message_record *record = &report->reading.record;

	if (!record_read_next(report->line, &report->reading) || report->verdict >= record->recipient_count)
		return;
	strbuf_init(&found, found_memory, sizeof found_memory);
	strbuf_init(&remedy, remedy_memory, sizeof remedy_memory);
	answer_first_cause(&record->verdicts[report->verdict], &found, &remedy);
	document_set_text(row, "what", found_memory);
	if (remedy.length > 0)
		document_set_text(row, "remedy", remedy_memory);
}

static json_t *
mistake_row(struct report *report, const struct outline *outline, const struct outline_verdict *verdict)
{
	json_t *row = json_object();

	document_set_text(row, "client", outline->client);
	if (verdict->rule[0] != '\0')
		document_set_text(row, "rule", verdict->rule);
	document_set_text(row, "action", verdict->action);
	document_set_flag(row, "would", !verdict->is_enforced);
	document_set_number(row, "count", 0);
	document_set_text(row, "id", outline->ident);
	document_set_text(row, "sender", outline->sender);
	if (outline->host[0] != '\0')
		document_set_text(row, "host", outline->host);
	set_reason(report, row);
	return row;
}

/* The rows of a client, by rule. */
static json_t *
rows_of_client(struct report *report, const char *client)
{
	json_t *rows = document_member(report->mistake_hosts, client);

	if (rows == NULL && report->mistake_rows < REPORT_MISTAKES_MAX) {
		rows = json_object();
		document_put(report->mistake_hosts, client, rows);
	}
	return rows;
}

/* Take in a row when there is none yet of that client and rule; count it in any case, as far as there is
 * room. */
static void
note_mistake(struct report *report, const struct outline *outline, const struct outline_verdict *verdict)
{
	json_t *rows = rows_of_client(report, outline->client);

	report->mistakes++;
	if (rows == NULL)
		return;
	if (document_member(rows, verdict->rule) == NULL && report->mistake_rows < REPORT_MISTAKES_MAX) {
		document_put(rows, verdict->rule, mistake_row(report, outline, verdict));
		report->mistake_rows++;
	}
	if (document_member(rows, verdict->rule) != NULL)
		document_count(document_member(rows, verdict->rule), "count", 1);
}

static void
note_refusal(struct report *report, const struct outline *outline, const struct outline_verdict *verdict)
{
	count(report, REPORT_HOSTS, &outline->client);
	count(report, REPORT_DOMAINS, &outline->domain);
	if (outline->passes || outline->looks_forwarded)
		note_mistake(report, outline, verdict);
}

/* Rules that only tell, and those whose share left the client out. */
static void
count_audits(struct report *report, const struct outline_verdict *verdict)
{
	struct outline_note note;
	const struct node *at = NULL;

	while (outline_note(verdict, &at, &note)) {
		char share[12] = "";

		if (note.has_share)
			(void)snprintf(share, sizeof share, "%u", note.share);
		count(report, REPORT_RULES, (const char *[]){ note.action, share, "1", note.rule });
	}
}

static void
count_verdict(struct report *report, const struct outline *outline, const struct outline_verdict *verdict)
{
	const char *would = verdict->is_enforced ? "" : "1";
	const bool is_lost = outline->is_unfinished && verdict->is_enforced && verdict->accepts;

	report->recipients++;
	count(report, REPORT_VERDICTS, (const char *[]){ would, is_lost ? "unfinished" : verdict->action });
	count(report, REPORT_RULES, (const char *[]){ verdict->action, "", "", verdict->rule });
	count_audits(report, verdict);
	if (verdict->refuses)
		note_refusal(report, outline, verdict);
}

/* What the records of a host tell, to count in. */
static json_t *
receiver_of(struct report *report, const char *host)
{
	json_t *row = document_member(report->receivers, host);

	if (row == NULL) {
		row = json_object();
		document_put(report->receivers, host, row);
	}
	return row;
}

static void
count_receiver(struct report *report, const struct outline *outline, bool is_refused)
{
	json_t *row = receiver_of(report, outline->host);

	document_count(row, "messages", 1);
	document_count(row, "refusals", is_refused ? 1 : 0);
	document_count(row, "unwritten", (json_int_t)outline->unwritten);
}

static void
take(struct report *report, const struct outline *outline)
{
	struct outline_verdict verdict;
	bool is_refused = false;
	const struct node *at = NULL;

	report->messages++;
	report->unfinished += outline->is_unfinished ? 1 : 0;
	report->unwritten += outline->unwritten;
	count_checks(report, outline);
	for (report->verdict = 0; outline_verdict(outline, &at, &verdict); report->verdict++) {
		count_verdict(report, outline, &verdict);
		is_refused = is_refused || verdict.refuses;
	}
	count_receiver(report, outline, is_refused);
	trend_add(report->trend, outline->time, "messages", 1);
	trend_add(report->trend, outline->time, "refusals", is_refused ? 1 : 0);
}

bool
report_take(struct report *report, struct span line)
{
	if (!outline_read(line, &report->outline))
		return false;
	report->line = line;
	if (strcmp(report->outline.time, report->since) >= 0)
		take(report, &report->outline);
	return true;
}

/* Putting together. */

/* The mistakes of `part`; of clients and rules that are known only their number. */
static void
add_mistakes_of(struct report *report, const char *client, json_t *part)
{
	json_t *rows = rows_of_client(report, client);

	for (void *at = json_object_iter(part); at != NULL && rows != NULL;
	     at = json_object_iter_next(part, at)) {
		json_t *row = json_object_iter_value(at),
		       *known = document_member(rows, json_object_iter_key(at));

		if (known != NULL) {
			document_count(known, "count", document_number_of(row, "count"));
		} else if (report->mistake_rows < REPORT_MISTAKES_MAX) {
			document_put(rows, json_object_iter_key(at), json_incref(row));
			report->mistake_rows++;
		}
	}
}

static void
add_mistakes(struct report *report, const struct report *part)
{
	json_t *hosts = part->mistake_hosts;

	report->mistakes += part->mistakes;
	for (void *at = json_object_iter(hosts); at != NULL; at = json_object_iter_next(hosts, at))
		add_mistakes_of(report, json_object_iter_key(at), json_object_iter_value(at));
}

static void
add_receivers(struct report *report, const struct report *part)
{
	json_t *hosts = part->receivers;

	for (void *at = json_object_iter(hosts); at != NULL; at = json_object_iter_next(hosts, at))
		document_count_all(receiver_of(report, json_object_iter_key(at)), json_object_iter_value(at));
}

void
report_add(struct report *report, const struct report *part)
{
	report->messages += part->messages;
	report->recipients += part->recipients;
	report->unfinished += part->unfinished;
	report->unwritten += part->unwritten;
	for (int table = 0; table < REPORT_TABLES; table++)
		document_count_all(report->tables[table], part->tables[table]);
	add_mistakes(report, part);
	add_receivers(report, part);
	trend_add_all(report->trend, part->trend);
}

/* The JSON form. */

static json_t *
mistakes_json(const struct report *report)
{
	json_t *all = json_array(), *sorted;

	for (void *at = json_object_iter(report->mistake_hosts); at != NULL;
	     at = json_object_iter_next(report->mistake_hosts, at)) {
		json_t *rows = json_object_iter_value(at);

		for (void *row = json_object_iter(rows); row != NULL; row = json_object_iter_next(rows, row))
			document_append(all, json_incref(json_object_iter_value(row)));
	}
	sorted = counts_sorted(all, "id");
	json_decref(all);
	return sorted;
}

json_t *
report_json(const struct report *report, const struct config *config)
{
	json_t *object = json_object();

	document_set_number(object, "messages", (json_int_t)report->messages);
	document_set_number(object, "recipients", (json_int_t)report->recipients);
	document_set_number(object, "unfinished", (json_int_t)report->unfinished);
	document_set_number(object, "unwritten", (json_int_t)report->unwritten);
	document_set_number(object, "likely-mistakes", (json_int_t)report->mistakes);
	document_put(object, "mistakes", counts_with_rules(mistakes_json(report), config, "action"));
	for (int table = 0; table < REPORT_TABLES; table++)
		document_put(object, tables[table].key,
			     counts_rows(report->tables[table], tables[table].columns));
	(void)counts_with_rules(document_member(object, tables[REPORT_RULES].key), config, "action");
	document_put(object, "receivers", counts_of_names(report->receivers, "host"));
	document_put(object, "trend", trend_rows(report->trend));
	return object;
}
