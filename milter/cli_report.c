/* heloscope report: what came in, what was or would be refused, by which rule, and from whom. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli.h"
#include "heloscope/config.h"
#include "heloscope/log.h"
#include "heloscope/prose.h"
#include "heloscope/record.h"

static const char help[] =
	"usage: heloscope report [-c FILE | --log FILE] [--since TIME] [--json]\n"
	"\n"
	"Tells from the audit log what came in, what was refused or would have been, by which\n"
	"rules, and from whom; first of all refusals of senders who pass SPF and reverse DNS,\n"
	"the likely mistakes.\n"
	"\n"
	"  -c, --config FILE   the configuration that names the audit log\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -l, --log FILE      the audit log itself\n"
	"      --since TIME    only messages since then: 24h, 7d, or 2026-11-24T12:00:00Z\n"
	"      --json          as JSON\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 nothing was refused that looks like a mistake, 1 something was, 2 wrong\n"
	"usage, 3 the log cannot be read.\n"
	"\n"
	"Example: heloscope report --since 24h\n";

struct options {
	const char *config, *log;
	char since[CLI_TIME_SIZE];
	bool is_json;
};

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'c' }, { "log", required_argument, NULL, 'l' },
		{ "since", required_argument, NULL, 's' },  { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "c:l:h", names, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options->config = optarg;
			break;
		case 'l':
			options->log = optarg;
			break;
		case 's':
			if (!cli_read_since(optarg, options->since))
				return cli_usage_error("report",
						       "\"%.40s\" is no time; expected one like 24h, 7d or "
						       "2026-11-24T12:00:00Z",
						       optarg);
			break;
		case 'j':
			options->is_json = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return CLI_WELL;
		default:
			return cli_usage_error("report", "wrong option");
		}
	}
	return optind == argc ? -1 : cli_usage_error("report", "unexpected argument \"%.60s\"", argv[optind]);
}

/* What is counted, each in a table; in the order in which they are told. */
enum counted { VERDICTS, RULES, RESULTS_SEEN, HOSTS, DOMAINS, LISTS_HIT, HOURS, COUNTED };

static const struct {
	const char *key, *title;
} tables[COUNTED] = {
	[VERDICTS] = { "verdicts", "Verdicts" },
	[RULES] = { "rules", "Rules that decided" },
	[RESULTS_SEEN] = { "checks", "Results" },
	[HOSTS] = { "hosts", "Hosts that were refused, or would be" },
	[DOMAINS] = { "domains", "Domains of senders that were refused, or would be" },
	[LISTS_HIT] = { "lists", "Lists that listed something" },
	[HOURS] = { "hours", "Refusals by hour" },
};

struct summary {
	size_t messages, recipients, torn, mistake_count;
	json_t *counts[COUNTED];
	json_t *mistakes; /* an array: the first CLI_ROWS_MAX */
};

static bool
passes(const json_t *record, const char *method)
{
	return record_is(record_check(record, method), "result", "pass");
}

static void
count_checks(struct summary *summary, const json_t *record)
{
	json_t *checks = json_object_get(record, "checks");
	const json_t *hits = record_member(record_check(record, "x-dnsbl"), "hits"), *hit;

	for (void *at = json_object_iter(checks); at != NULL; at = json_object_iter_next(checks, at)) {
		char name[80];

		(void)snprintf(name, sizeof name, "%s=%s", json_object_iter_key(at),
			       record_text(json_object_iter_value(at), "result"));
		cli_count(summary->counts[RESULTS_SEEN], name);
	}
	for (size_t i = 0; (hit = json_array_get(hits, i)) != NULL; i++)
		if (record_is(hit, "state", "listed"))
			cli_count(summary->counts[LISTS_HIT], record_text(hit, "zone"));
}

static void
note_refusal(struct summary *summary, const json_t *record, const json_t *verdict)
{
	const char *host = record_text(record_member(record, "client"), "ip");
	const char *sender = record_text(record, "sender"), *at = strrchr(sender, '@');
	char hour[16];

	(void)snprintf(hour, sizeof hour, "%.13s", record_text(record, "time"));
	cli_count(summary->counts[HOSTS], host);
	cli_count(summary->counts[DOMAINS], at != NULL ? at + 1 : "<>");
	cli_count(summary->counts[HOURS], hour);
	if (!passes(record, "spf") || !passes(record, "iprev"))
		return;
	if (summary->mistake_count++ < CLI_ROWS_MAX)
		(void)json_array_append_new(summary->mistakes,
					    json_pack("{ss ss ss ss}", "id", record_text(record, "id"),
						      "client", host, "sender", sender, "rule",
						      record_text(verdict, "rule")));
}

static void
count_verdict(struct summary *summary, const json_t *record, const json_t *verdict)
{
	const bool is_enforced = json_is_true(record_member(verdict, "enforced"));
	const char *action = record_text(verdict, "action"), *rule = record_text(verdict, "rule");
	char name[80];

	summary->recipients++;
	(void)snprintf(name, sizeof name, "%s%s", is_enforced ? "" : "would ", action);
	cli_count(summary->counts[VERDICTS], name);
	cli_count(summary->counts[RULES], rule[0] != '\0' ? rule : "(no rule)");
	if (record_is_refusal(action))
		note_refusal(summary, record, verdict);
}

static bool
read_log(struct summary *summary, const char *log, const char *since)
{
	FILE *file = fopen(log, "re");
	char *line = NULL;
	size_t size = 0;
	json_error_t place;

	if (file == NULL)
		return false;
	while (getline(&line, &size, file) > 0) {
		json_t *record = json_loads(line, 0, &place);
		const json_t *verdicts = record_member(record, "verdicts"), *verdict;

		if (!json_is_array(verdicts)) {
			summary->torn++;
		} else if (strcmp(record_text(record, "time"), since) >= 0) {
			summary->messages++;
			count_checks(summary, record);
			for (size_t i = 0; (verdict = json_array_get(verdicts, i)) != NULL; i++)
				count_verdict(summary, record, verdict);
		}
		json_decref(record);
	}
	free(line);
	(void)fclose(file);
	return true;
}

static void
put_text(const struct summary *summary)
{
	const json_t *mistake;

	(void)printf("%zu messages, %zu recipients\n", summary->messages, summary->recipients);
	if (summary->mistake_count > 0)
		(void)printf("\nRefused although SPF and reverse DNS pass: %zu\n\n", summary->mistake_count);
	for (size_t i = 0; (mistake = json_array_get(summary->mistakes, i)) != NULL; i++) {
		(void)printf("  %s\n", record_text(mistake, "id"));
		prose_put(stdout, 4, "%s from %s, by %s", record_text(mistake, "sender"),
			  record_text(mistake, "client"), record_text(mistake, "rule"));
	}
	if (summary->mistake_count > CLI_ROWS_MAX)
		(void)printf("  and %zu more\n", summary->mistake_count - CLI_ROWS_MAX);
	for (int table = 0; table < COUNTED; table++)
		cli_put_table(tables[table].title, summary->counts[table]);
}

static void
put_json(const struct summary *summary)
{
	json_t *object = json_pack("{sI sI sI sO}", "messages", (json_int_t)summary->messages, "recipients",
				   (json_int_t)summary->recipients, "likely-mistakes",
				   (json_int_t)summary->mistake_count, "mistakes", summary->mistakes);

	for (int table = 0; table < COUNTED; table++)
		(void)json_object_set(object, tables[table].key, summary->counts[table]);
	cli_put_json(object);
	json_decref(object);
}

static int
report_log(const char *log, const struct options *options)
{
	struct summary summary = { .mistakes = json_array() };
	int status = CLI_UNKNOWN;

	for (int table = 0; table < COUNTED; table++)
		summary.counts[table] = json_object();
	if (!read_log(&summary, log, options->since)) {
		(void)fprintf(stderr, "heloscope report: %s: %s\n", log, strerror(errno));
	} else {
		if (summary.torn > 0)
			(void)fprintf(stderr,
				      "heloscope report: %zu line%s of %s passed over: torn, or no record\n",
				      summary.torn, summary.torn == 1 ? "" : "s", log);
		if (options->is_json)
			put_json(&summary);
		else
			put_text(&summary);
		status = summary.mistake_count > 0 ? CLI_FINDINGS : CLI_WELL;
	}
	for (int table = 0; table < COUNTED; table++)
		json_decref(summary.counts[table]);
	json_decref(summary.mistakes);
	return status;
}

int
cli_report(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	struct config *config = NULL;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	if (options.log == NULL) {
		config = config_read(options.config, stderr);
		if (config == NULL)
			return CLI_UNKNOWN;
		options.log = config->audit_log;
	}
	if (options.log != NULL) {
		status = report_log(options.log, &options);
	} else {
		(void)fprintf(stderr, "heloscope report: %s has no \"audit log\"; expected one, or --log\n",
			      options.config);
		status = CLI_UNKNOWN;
	}
	config_unref(config);
	return status;
}
