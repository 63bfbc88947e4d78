/* heloscope report: what came in, what was or would be refused, by which rule, and from whom. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli/log.h"
#include "heloscope/cli/html.h"
#include "heloscope/config/read.h"
#include "heloscope/base/document.h"
#include "heloscope/base/log.h"
#include "heloscope/base/prose.h"
#include "heloscope/records/value.h"
#include "heloscope/review/report.h"

#define BAR_WIDTH 30

static const char help[] =
	"usage: heloscope report [-c FILE] [--log FILE ...] [--since TIME]\n"
	"                        [--json | --html FILE]\n"
	"\n"
	"Shows from the log of records what came in, what was refused or would have been, by which\n"
	"rules, and from whom. First come the likely mistakes, refusals of senders who pass SPF and\n"
	"reverse DNS: a line for each host, why it was refused, and what to change.\n"
	"\n"
	"  -c, --config FILE   the configuration, which names the log of records and has the rules\n"
	"                      (default: " CONFIG_FILE ", but none with --log)\n"
	"  -l, --log FILE      another log of records; without -c, rules are shown by their place.\n"
	"                      May be repeated, for several hosts, which are shown separately\n"
	"      --since TIME    only messages since then: 24h, 7d, or 2026-11-24T12:00:00Z\n"
	"      --json          as JSON\n"
	"      --html FILE     as a page that loads nothing from the network, into FILE\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 nothing was refused that looks like a mistake, 1 something was, 2 wrong\n"
	"usage, 3 the log cannot be read.\n"
	"\n"
	"Example: heloscope report --since 24h\n";

static const char *const page_lines[] = {
#include "review/report_page.h"
};

/* Text. */

static void
put_bar(json_int_t count, json_int_t most)
{
	for (json_int_t i = 0; i < (count * BAR_WIDTH + most - 1) / most; i++)
		output_put(output_standard(), "#");
}

static void
put_trend(const json_t *trend)
{
	json_int_t most = 1;
	const json_t *row;

	if (json_array_size(trend) == 0)
		return;
	for (size_t i = 0; (row = json_array_get(trend, i)) != NULL; i++)
		if (document_number_of(row, "messages") > most)
			most = document_number_of(row, "messages");
	output_put(output_standard(), "\nTrend\n\n%13s %9s %9s\n", "", "messages", "refused");
	for (size_t i = 0; (row = json_array_get(trend, i)) != NULL; i++) {
		output_put(output_standard(), "%-13s %9lld %9lld  ", document_text_of(row, "time"),
			   (long long)document_number_of(row, "messages"),
			   (long long)document_number_of(row, "refusals"));
		put_bar(document_number_of(row, "messages"), most);
		output_put(output_standard(), "\n");
	}
}

/* Hosts of ours; one alone is not told of. */

static bool
has_receivers(const json_t *json)
{
	return json_array_size(document_member(json, "receivers")) > 1;
}

static const char *
receiver_of(const json_t *row)
{
	const char *host = document_text_of(row, "host");

	return host[0] != '\0' ? host : "(not in the record)";
}

static void
put_receivers(const json_t *json)
{
	const json_t *rows = document_member(json, "receivers"), *row;

	if (!has_receivers(json))
		return;
	output_put(output_standard(), "\nYour hosts\n\n%9s %9s\n", "messages", "refused");
	for (size_t i = 0; (row = json_array_get(rows, i)) != NULL; i++)
		output_put(output_standard(), "%9lld %9lld  %s\n",
			   (long long)document_number_of(row, "messages"),
			   (long long)document_number_of(row, "refusals"), receiver_of(row));
}

/* What is counted in a row, in words. */

static bool
is_set(const json_t *row, const char *key)
{
	return json_is_true(document_member(row, key));
}

static void
add_verdict(const json_t *row, struct strbuf *text)
{
	strbuf_printf(text, "%s%s", is_set(row, "would") ? "would " : "", document_text_of(row, "action"));
}

static void
add_rule_itself(const json_t *row, struct strbuf *text)
{
	cli_add_rule(row, document_text_of(row, "action"), text);
}

static void
add_rule(const json_t *row, struct strbuf *text)
{
	add_rule_itself(row, text);
	if (document_member(row, "share") != NULL)
		strbuf_printf(text, ": would have decided, but it acts on %lld%% of networks only",
			      (long long)document_number_of(row, "share"));
	else if (is_set(row, "audit"))
		strbuf_add(text, ": would have decided, but it is an audit rule");
}

static void
add_check(const json_t *row, struct strbuf *text)
{
	strbuf_printf(text, "%s=%s", document_text_of(row, "check"), document_text_of(row, "result"));
}

static void
add_zone(const json_t *row, struct strbuf *text)
{
	strbuf_add(text, document_text_of(row, "zone"));
}

static cli_row_text *const row_texts[REPORT_TABLES] = {
	[REPORT_VERDICTS] = add_verdict, [REPORT_RULES] = add_rule,         [REPORT_CHECKS] = add_check,
	[REPORT_HOSTS] = cli_add_client, [REPORT_DOMAINS] = cli_add_domain, [REPORT_LISTS] = add_zone,
};

/* "198.51.100.9: 40 refusals", of a host whose refusals by one rule are likely mistakes. */
static void
add_mistake(const json_t *row, struct strbuf *text)
{
	const json_int_t count = document_number_of(row, "count");

	strbuf_add(text, document_text_of(row, "client"));
	strbuf_printf(text, ": %lld %s%s", (long long)count, is_set(row, "would") ? "would-be " : "",
		      strcmp(document_text_of(row, "action"), "defer") == 0 ? "deferral" : "refusal");
	strbuf_add(text, count == 1 ? "" : "s");
}

static const char *
reason_of(const json_t *row)
{
	const char *what = document_text_of(row, "what");

	return what[0] != '\0' ? what : "The record cannot be read in full, so the reason is not known.";
}

static void
put_mistake(const json_t *row, bool tells_receiver)
{
	char memory[CLI_ROW_SIZE];
	struct strbuf text;

	strbuf_init(&text, memory, sizeof memory);
	add_mistake(row, &text);
	prose_put(output_standard(), 2, "%s", memory);
	prose_put(output_standard(), 4, "%s", reason_of(row));
	if (document_member(row, "remedy") != NULL)
		prose_put(output_standard(), 4, "%s", document_text_of(row, "remedy"));
	strbuf_init(&text, memory, sizeof memory);
	add_rule_itself(row, &text);
	prose_put(output_standard(), 4, "Rule: %s", memory);
	prose_put(output_standard(), 4, "First: %s from %s%s%s", document_text_of(row, "id"),
		  document_text_of(row, "sender")[0] != '\0' ? document_text_of(row, "sender") : "<>",
		  tells_receiver ? ", on host " : "", tells_receiver ? receiver_of(row) : "");
}

static void
put_mistakes(const struct report *report, const json_t *json)
{
	const json_t *rows = document_member(json, "mistakes"), *row;
	size_t shown = 0;

	if (report->mistakes == 0)
		return;
	output_put(output_standard(),
		   "\nRefused although SPF and reverse DNS pass, or the mail looks forwarded: %zu\n\n",
		   report->mistakes);
	for (size_t i = 0; i < CLI_ROWS_MAX && (row = json_array_get(rows, i)) != NULL; i++) {
		put_mistake(row, has_receivers(json));
		shown += (size_t)document_number_of(row, "count");
	}
	if (report->mistakes > shown)
		output_put(output_standard(), "  and %zu more\n", report->mistakes - shown);
}

static void
put_text(const struct report *report, const json_t *json)
{
	output_put(output_standard(), "%zu messages, %zu recipients\n", report->messages, report->recipients);
	if (report->unfinished > 0)
		output_put(
			output_standard(),
			"the filter did not see the end of %zu of them: the client gave up, or the MTA refused them itself, or redirected or discarded them by a rule of its own\n",
			report->unfinished);
	if (report->unwritten > 0)
		output_put(output_standard(),
			   "and %zu messages without a record: floods, see LIMITS of heloscope-milter(8)\n",
			   report->unwritten);
	put_mistakes(report, json);
	put_receivers(json);
	for (int table = 0; table < REPORT_TABLES; table++)
		cli_put_table(report_table_title((enum report_table)table),
			      document_member(json, report_table_key((enum report_table)table)),
			      row_texts[table]);
	put_trend(document_member(json, "trend"));
}

/* The page. */

static json_t *
worded(const json_t *row, cli_row_text *text_of)
{
	char memory[CLI_ROW_SIZE];
	struct strbuf text;

	strbuf_init(&text, memory, sizeof memory);
	text_of(row, &text);
	return document_text((struct span){ memory, text.length });
}

/* A table as it is shown: its name, its title, and each row's words and number. */
static json_t *
shown_table(enum report_table table, const json_t *rows)
{
	json_t *shown = json_object(), *lines = json_array();
	const json_t *row;

	for (size_t i = 0; (row = json_array_get(rows, i)) != NULL; i++) {
		json_t *line = json_array();

		document_append(line, worded(row, row_texts[table]));
		document_append(line, json_integer(document_number_of(row, "count")));
		document_append(lines, line);
	}
	document_set_text(shown, "name", report_table_key(table));
	document_set_text(shown, "title", report_table_title(table));
	document_put(shown, "rows", lines);
	return shown;
}

/* Likely mistakes as they are shown. */
static json_t *
shown_mistakes(const json_t *rows, bool tells_receiver)
{
	json_t *shown = json_array();
	const json_t *row;

	for (size_t i = 0; (row = json_array_get(rows, i)) != NULL; i++) {
		json_t *mistake = json_object();

		document_put(mistake, "title", worded(row, add_mistake));
		document_set_text(mistake, "what", reason_of(row));
		document_set_text(mistake, "remedy", document_text_of(row, "remedy"));
		document_put(mistake, "rule", worded(row, add_rule_itself));
		document_set_text(mistake, "id", document_text_of(row, "id"));
		document_set_text(mistake, "sender", document_text_of(row, "sender"));
		if (tells_receiver)
			document_set_text(mistake, "host", receiver_of(row));
		document_append(shown, mistake);
	}
	return shown;
}

/* Hosts of ours as they are shown. */
static json_t *
shown_receivers(const json_t *json)
{
	const json_t *rows = document_member(json, "receivers"), *row;
	json_t *shown = json_array();

	for (size_t i = 0; has_receivers(json) && (row = json_array_get(rows, i)) != NULL; i++) {
		json_t *line = json_array();

		document_append(line, document_text(span_of(receiver_of(row))));
		document_append(line, json_integer(document_number_of(row, "messages")));
		document_append(line, json_integer(document_number_of(row, "refusals")));
		document_append(shown, line);
	}
	return shown;
}

/* What the page shows, in words: the tables are those of the text, whole. */
static json_t *
page_json(const json_t *json)
{
	static const char *const same[] = { "messages",  "recipients",      "unfinished",
					    "unwritten", "likely-mistakes", "trend" };
	json_t *shown = json_object(), *all = json_array();

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		document_put(shown, same[i], json_incref(document_member(json, same[i])));
	document_put(shown, "mistakes",
		     shown_mistakes(document_member(json, "mistakes"), has_receivers(json)));
	document_put(shown, "receivers", shown_receivers(json));
	for (int table = 0; table < REPORT_TABLES; table++)
		document_append(
			all, shown_table((enum report_table)table,
					 document_member(json, report_table_key((enum report_table)table))));
	document_put(shown, "tables", all);
	return shown;
}

static void
put_content(struct output *out, const void *shown)
{
	document_put_script(out, shown);
}

static bool
write_page(const char *path, const json_t *json)
{
	json_t *shown = page_json(json);
	const struct html page = { .template = { page_lines, sizeof page_lines / sizeof page_lines[0] },
				   .put = put_content,
				   .context = shown };
	const bool is_written = html_write("report", path, &page);

	json_decref(shown);
	return is_written;
}

static int
put_report(const struct report *report, const struct config *config, bool is_json, const char *html)
{
	json_t *json = report_json(report, config);
	int status = report->mistakes > 0 ? CLI_FINDINGS : CLI_WELL;

	if (is_json) {
		document_print(output_standard(), json);
	} else if (html == NULL) {
		put_text(report, json);
	} else if (!write_page(html, json)) {
		status = CLI_UNKNOWN;
	}
	json_decref(json);
	return status;
}

/* Reading: each part is a report of its own. */

static bool
take_record(void *part, struct span line)
{
	return report_take(part, line);
}

static void *
begin_part(void *context)
{
	const struct report *whole = context;
	struct report *part = malloc(sizeof *part);

	if (part != NULL)
		report_init(part, whole->since);
	return part;
}

static void
end_part(void *context, void *part)
{
	report_add(context, part);
	report_clear(part);
	free(part);
}

int
cli_report(int argc, char **argv)
{
	const char *html = NULL;
	struct cli_log_options options = { .command = "report",
					   .help = help,
					   .takes_several = true,
					   .own = { .name = "html", .text = &html, .excludes = "json" } };
	struct report report;
	const struct record_log_reader reader = {
		.take = take_record, .context = &report, .begin_part = begin_part, .end_part = end_part
	};
	struct config *config = NULL;
	bool is_whole;
	int status = cli_log_read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	if (options.log == NULL && options.config == NULL)
		options.config = CONFIG_FILE;
	if (options.config != NULL && (config = config_read(options.config, output_errors())) == NULL)
		return CLI_UNKNOWN;
	report_init(&report, options.since);
	is_whole = cli_log_read(&options, config, &reader);
	if (is_whole || report.messages > 0)
		status = put_report(&report, config, options.is_json, html);
	status = is_whole ? status : CLI_UNKNOWN;
	report_clear(&report);
	config_unref(config);
	return status;
}
