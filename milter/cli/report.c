/* heloscope report: what came in, what was or would be refused, by which rule, and from whom. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli/log.h"
#include "heloscope/config/read.h"
#include "heloscope/base/document.h"
#include "heloscope/base/log.h"
#include "heloscope/base/prose.h"
#include "heloscope/records/value.h"
#include "heloscope/review/report.h"

#define BAR_WIDTH 30

static const char help[] =
	"usage: heloscope report [-c FILE | --log FILE] [--since TIME] [--json | --html FILE]\n"
	"\n"
	"Tells from the log of records what came in, what was refused or would have been, by which\n"
	"rules, and from whom; first of all refusals of senders who pass SPF and reverse DNS,\n"
	"the likely mistakes.\n"
	"\n"
	"  -c, --config FILE   the configuration that names the log of records\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -l, --log FILE      the log of records itself\n"
	"      --since TIME    only messages since then: 24h, 7d, or 2026-11-24T12:00:00Z\n"
	"      --json          as JSON\n"
	"      --html FILE     as a page that asks nothing of the network, into FILE\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 nothing was refused that looks like a mistake, 1 something was, 2 wrong\n"
	"usage, 3 the log cannot be read.\n"
	"\n"
	"Example: heloscope report --since 24h\n";

/* The page, line by line; DATA_LINE stands for the report. */
static const char *const page[] = {
#include "review/report_page.h"
};
#define DATA_LINE "@REPORT@\n"

/* Text. */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_int_t
count_in(const json_t *trend, const char *name, const char *what)
{
	return json_integer_value(document_member(document_member(trend, name), what));
}

static void
put_bar(json_int_t count, json_int_t most)
{
	for (json_int_t i = 0; i < (count * BAR_WIDTH + most - 1) / most; i++)
		output_put(output_standard(), "#");
}

/* Oldest first. */
static void
put_trend(json_t *trend)
{
	const size_t size = json_object_size(trend);
	const char **names = calloc(size + 1, sizeof *names);
	json_int_t most = 1;
	size_t used = 0;

	if (names == NULL || size == 0) {
		free(names);
		return;
	}
	for (void *at = json_object_iter(trend); at != NULL; at = json_object_iter_next(trend, at))
		names[used++] = json_object_iter_key(at);
	qsort(names, used, sizeof *names, compare_names);
	for (size_t i = 0; i < used; i++)
		if (count_in(trend, names[i], "messages") > most)
			most = count_in(trend, names[i], "messages");
	output_put(output_standard(), "\nTrend\n\n%13s %9s %9s\n", "", "messages", "refused");
	for (size_t i = 0; i < used; i++) {
		output_put(output_standard(), "%-13s %9lld %9lld  ", names[i],
			   (long long)count_in(trend, names[i], "messages"),
			   (long long)count_in(trend, names[i], "refusals"));
		put_bar(count_in(trend, names[i], "messages"), most);
		output_put(output_standard(), "\n");
	}
	free(names);
}

static void
put_mistakes(const struct report *report)
{
	const json_t *mistake;

	if (report->mistakes == 0)
		return;
	output_put(output_standard(), "\nRefused although SPF and reverse DNS pass: %zu\n\n",
		   report->mistakes);
	for (size_t i = 0; i < CLI_ROWS_MAX && (mistake = json_array_get(report->mistake_rows, i)) != NULL;
	     i++) {
		output_put(output_standard(), "  %s\n", document_text_of(mistake, "id"));
		prose_put(output_standard(), 4, "%s from %s, by %s", document_text_of(mistake, "sender"),
			  document_text_of(mistake, "client"), document_text_of(mistake, "rule"));
	}
	if (report->mistakes > CLI_ROWS_MAX)
		output_put(output_standard(), "  and %zu more\n", report->mistakes - CLI_ROWS_MAX);
}

static void
put_text(const struct report *report, const json_t *json)
{
	output_put(output_standard(), "%zu messages, %zu recipients\n", report->messages, report->recipients);
	if (report->unwritten > 0)
		output_put(output_standard(),
			   "and %zu messages without a record: floods, see LIMITS of heloscope-milter(8)\n",
			   report->unwritten);
	put_mistakes(report);
	for (int table = 0; table < REPORT_TABLES; table++)
		cli_put_table(report_table_title((enum report_table)table), report->tables[table]);
	put_trend(document_member(json, "trend"));
}

/* The page. */

/* Titles for the page, in the order of the tables. */
static json_t *
titles_json(void)
{
	json_t *titles = json_array();

	for (int table = 0; table < REPORT_TABLES; table++) {
		json_t *title = json_array();

		document_append(title, document_text(span_of(report_table_key((enum report_table)table))));
		document_append(title, document_text(span_of(report_table_title((enum report_table)table))));
		document_append(titles, title);
	}
	return titles;
}

/* Returns 0, or the errno of what failed. */
static int
write_page(const char *path, json_t *json)
{
	struct output out = { .file = fopen(path, "we") };

	if (out.file == NULL)
		return errno;
	document_put(json, "titles", titles_json());
	for (size_t i = 0; i < sizeof page / sizeof page[0]; i++) {
		if (strcmp(page[i], DATA_LINE) == 0)
			document_put_script(&out, json);
		else
			output_lines(&out, page[i]);
	}
	return output_close(&out) ? 0 : out.fault;
}

static int
put_report(const struct report *report, bool is_json, const char *html)
{
	json_t *json = report_json(report);
	int status = report->mistakes > 0 ? CLI_FINDINGS : CLI_WELL, fault;

	if (is_json) {
		document_print(output_standard(), json);
	} else if (html == NULL) {
		put_text(report, json);
	} else if ((fault = write_page(html, json)) != 0) {
		output_put(output_errors(), "heloscope report: %s: %s\n", html, strerror(fault));
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
					   .own = { .name = "html", .text = &html, .excludes = "json" },
					   .config = CONFIG_FILE };
	struct report report;
	const struct record_log_reader reader = { take_record, &report, begin_part, end_part, NULL };
	struct config *config = NULL;
	bool is_whole;
	int status = cli_log_read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	if (options.log == NULL && (config = config_read(options.config, output_errors())) == NULL)
		return CLI_UNKNOWN;
	report_init(&report, options.since);
	is_whole = cli_log_read(&options, config, &reader);
	if (is_whole || report.messages > 0)
		status = put_report(&report, options.is_json, html);
	status = is_whole ? status : CLI_UNKNOWN;
	report_clear(&report);
	config_unref(config);
	return status;
}
