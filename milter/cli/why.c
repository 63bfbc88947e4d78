/* heloscope why: what the refusals of other servers mean, and what to do about them. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/cli/cli.h"
#include "heloscope/cli/compared.h"
#include "heloscope/cli/progress.h"
#include "heloscope/cli/why_page.h"
#include "heloscope/cli/why_refusals.h"
#include "heloscope/cli/why_reports.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/document.h"
#include "heloscope/base/log.h"
#include "heloscope/cli/argument.h"
#include "heloscope/mails/given.h"
#include "heloscope/refusals/examples.h"
#include "heloscope/review/comparison.h"
#include "heloscope/review/trend.h"
#include "heloscope/words/reports.h"

#define WORDS_MAX 500 /* octets of a reply without a code */

static const char help[] =
	"usage: heloscope why [--ip ADDRESS] [--from ADDRESS] [--helo NAME] [--config FILE]\n"
	"                     [-c FILE] [--since TIME] [--offline] [--json | --html FILE] [FILE...]\n"
	"       heloscope why -t [-c FILE]\n"
	"\n"
	"Explains what refusals by other mail servers mean: who refused, why, who has to act and\n"
	"what to change; and what receivers report. FILE is a bounce, an mbox or a Maildir, a log\n"
	"of Postfix, Exim or Sendmail, the text of refusals as somebody has copied it, or a DMARC\n"
	"or TLS report, compressed or not; the command finds out which. From a log it first shows\n"
	"which domains are refused by servers that accept mail of others. Without FILE, or with\n"
	"\"-\", standard input is read.\n"
	"\n"
	"For refusals about SPF, reverse DNS, DMARC, a DKIM key, the HELO name, the sender's\n"
	"domain or a DNS list it also looks up, as heloscope doctor does, whether the reason is\n"
	"still true for each domain and address, and shows the record to publish.\n"
	"\n"
	"      --ip ADDRESS      the IP address from which your mail goes out, where no log has it;\n"
	"                        an address that only a reply names gets no record\n"
	"      --from ADDRESS    the sender, where neither log nor bounce names it; or a domain of\n"
	"                        yours that a reply names: it gets a record\n"
	"      --helo NAME       the name with which your server introduces itself\n"
	"      --config FILE     a configuration, for its resolver and its lists\n"
	"                        (default: " CONFIG_FILE ", if it is there)\n"
	"  -c, --catalogue FILE  the known refusals (default: " REFUSALS_FILE ")\n"
	"  -t, --test            read the catalogue and try its examples; silent when it is right\n"
	"      --since TIME      only what happened since then: 24h, 7d, or 2026-11-24T12:00:00Z\n"
	"      --offline         do not query the DNS\n"
	"      --json            as JSON\n"
	"      --html FILE       write it to FILE, too, as a page that needs no network\n"
	"  -h, --help            print this and exit\n"
	"\n"
	"Exit status: 0 all refusals are in the catalogue, or a log has none; 1 some are not in it,\n"
	"or reports show failures (with -t: it has an error), 2 wrong usage, 3 no refusal was\n"
	"found, or something could not be read.\n"
	"\n"
	"Example: heloscope why bounce.txt\n"
	"         heloscope why /var/log/mail.log.1.gz /var/log/mail.log\n"
	"         echo \"550 5.7.25 No PTR record for 192.0.2.10\" | heloscope why\n";

struct options {
	const char *catalogue, *config;
	const char *html;          /* or NULL */
	char since[CLI_TIME_SIZE]; /* or "" */
	bool is_test, is_offline, is_json;
	struct claim_subject given; /* what refusals do not tell */
};

static int
take_address(void *context, const char *text)
{
	return cli_read_address("why", text, &((struct options *)context)->given.address);
}

static int
take_helo(void *context, const char *text)
{
	return cli_read_helo("why", text, ((struct options *)context)->given.helo);
}

static int
take_sender(void *context, const char *text)
{
	const char *at = strrchr(text, '@');

	return cli_read_domain("why", at != NULL ? at + 1 : text, ((struct options *)context)->given.domain);
}

static int
set_since(void *context, const char *given)
{
	struct options *options = context;

	return cli_read_since("why", given, options->since);
}

/* Whether something is given that matters only for an answer. */
static bool
wants_answer(const struct options *options)
{
	return options->html != NULL || options->config != NULL || options->given.address.length > 0
	       || options->given.domain[0] != '\0' || options->given.helo[0] != '\0';
}

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "ip", .take = take_address },
		{ .name = "from", .take = take_sender },
		{ .name = "helo", .take = take_helo },
		{ .name = "config", .text = &options->config, .excludes = "offline" },
		{ .name = "catalogue", .letter = 'c', .text = &options->catalogue },
		{ .name = "test", .letter = 't', .flag = &options->is_test, .excludes = "json" },
		{ .name = "since", .take = set_since, .excludes = "test" },
		{ .name = "offline", .flag = &options->is_offline, .excludes = "test" },
		{ .name = "json", .flag = &options->is_json },
		{ .name = "html", .text = &options->html, .excludes = "json" },
		{ .name = NULL },
	};
	const int status =
		options_read(argc, argv, &(struct option_syntax){ "heloscope", "why", help, table, options });

	if (status >= 0 || !options->is_test)
		return status;
	if (optind < argc)
		return cli_usage_error("why", "-t reads the catalogue alone; found \"%.60s\" after it",
				       argv[optind]);
	if (wants_answer(options))
		return cli_usage_error(
			"why", "-t reads the catalogue alone; expected no other option than -c with it");
	return -1;
}

/* Telling. */

struct telling {
	struct recognizer *recognizer;
	struct log_reader *logs;
	struct comparison *comparison; /* of what logs tell, */
	bool has_log;                  /* if they tell anything */
	time_t since;                  /* 0: all is told */
	const char *html;              /* the page; NULL: none */
	json_t *trend;                 /* for it; else NULL */
	struct progress *progress;     /* NULL: not shown */
	struct why_refusals refusals;
	struct summary summary; /* of reports */
	struct expansion expansion;
};

/* What is not known when counts, too. */
static bool
is_before(const struct telling *telling, int64_t time, int64_t unknown)
{
	return time != unknown && time < telling->since;
}

/* What expired was refused in the end. */
static void
note_time(const struct telling *telling, const struct refusal *refusal)
{
	const char *name = refusal->status == REFUSAL_DELIVERED  ? "delivered"
			   : refusal->status == REFUSAL_DEFERRED ? "deferred"
								 : "refused";
	char time[CLOCK_TEXT_SIZE];

	if (telling->trend != NULL && refusal->time != REFUSAL_NO_TIME)
		trend_add(telling->trend, clock_format(refusal->time, time), name, 1);
}

static void
add(struct telling *telling, const struct refusal *refusal, const struct recognition *known)
{
	progress_add_refusal(telling->progress);
	why_refusals_add(&telling->refusals, refusal, known);
}

/* A refusal, or of a log a delivery that is compared with others. */
static void
take(struct telling *telling, const struct refusal *refusal, bool is_of_log)
{
	const bool is_delivered = refusal->status == REFUSAL_DELIVERED;
	struct recognition known;

	note_time(telling, refusal);
	if (!is_delivered)
		known = recognize(telling->recognizer, refusal);
	if (is_of_log)
		comparison_take(telling->comparison, refusal, is_delivered ? NULL : &known);
	if (!is_delivered)
		add(telling, refusal, &known);
}

static void
tell(void *context, const struct refusal *refusal)
{
	struct telling *telling = context;

	if (refusal->status != REFUSAL_DELIVERED && !is_before(telling, refusal->time, REFUSAL_NO_TIME))
		take(telling, refusal, false);
}

/* Whether it begins as what a server tells of a recipient: "<u@b.example>: ...". */
static bool
is_of_recipient(struct span text)
{
	struct span address;

	text = span_trim(text);
	address = span_until(&text, ':');
	return address.length > 2 && address.at[0] == '<' && address.at[address.length - 1] == '>'
	       && memchr(address.at, '@', address.length) != NULL;
}

/* Text that has no code is somebody's reply only where the catalogue knows it, or a server tells it of a
 * recipient, and where it is not a page of prose in which some words are those of a refusal. */
static bool
tell_words(void *context, const struct refusal *refusal)
{
	struct telling *telling = context;
	const struct recognition known = recognize(telling->recognizer, refusal);

	if ((!known.is_known && !(known.is_gist && is_of_recipient(refusal->text)))
	    || refusal->text.length > WORDS_MAX)
		return false;
	add(telling, refusal, &known);
	return true;
}

static void
tell_of_log(void *context, const struct refusal *refusal)
{
	struct telling *telling = context;

	telling->has_log = true;
	take(telling, refusal, true);
}

/* Reading. */

static void
tell_fault(void *context, struct span file, const char *reason)
{
	struct telling *telling = context;

	progress_pause(telling->progress);
	cli_tell_unread("why", file, reason);
	progress_resume(telling->progress);
}

static void
add_octets(void *context, int64_t more)
{
	progress_add_octets(((struct telling *)context)->progress, more);
}

static void
add_test(void *context)
{
	progress_add_test(((struct telling *)context)->progress);
}

static void
add_aggregate(void *context, const struct aggregate_report *report, const struct aggregate_row *row)
{
	struct telling *telling = context;

	if (!is_before(telling, report->end, 0))
		summary_add_aggregate(&telling->summary, report, row);
}

static void
add_tls(void *context, const struct tls_report *report, const struct tls_row *row)
{
	struct telling *telling = context;

	if (!is_before(telling, report->end, 0))
		summary_add_tls(&telling->summary, report, row);
}

/* Whether all of it could be read; else the reason is told. */
static bool
read_file(const char *path, struct telling *telling)
{
	const struct given_taker taker = { .refusal = tell,
					   .words = tell_words,
					   .aggregate = add_aggregate,
					   .tls = add_tls,
					   .logs = telling->logs,
					   .fault = tell_fault,
					   .octets = add_octets,
					   .context = telling,
					   .expansion = &telling->expansion };

	return given_read(path, &taker);
}

/* All that the arguments name; false when something could not be read. */
static bool
read_all(int argc, char **argv, struct telling *telling)
{
	bool is_read = true;

	for (int i = optind; i < argc; i++)
		is_read = read_file(argv[i], telling) && is_read;
	return optind < argc ? is_read : read_file("-", telling);
}

/* Octets of all files; 0 when that is not known of one. */
static int64_t
size_of_all(int argc, char **argv)
{
	int64_t size = optind < argc ? 0 : given_size("-");

	for (int i = optind; i < argc; i++) {
		const int64_t one = given_size(argv[i]);

		if (one == 0)
			return 0;
		size += one;
	}
	return size;
}

/* Read and test all there is. With --json what is found is printed meanwhile, so that no progress is shown.
 * Returns what logs come to; NULL without any. */
static json_t *
find_all(int argc, char **argv, struct telling *telling, bool *is_read)
{
	json_t *comparison = NULL;

	if (!telling->refusals.is_json)
		telling->progress = progress_new("why", size_of_all(argc, argv));
	*is_read = read_all(argc, argv, telling);
	summary_sort(&telling->summary);
	if (telling->has_log)
		comparison = comparison_json(telling->comparison, telling->refusals.claims);
	if (telling->refusals.claims != NULL)
		why_refusals_test(&telling->refusals);
	progress_free(telling->progress);
	telling->progress = NULL;
	return comparison;
}

static bool
has_reports(const struct summary *summary)
{
	return summary->domains != NULL || summary->tls != NULL;
}

/* Whether receivers reported of mail or sessions that failed. */
static bool
reports_fail(const struct summary *summary)
{
	for (const struct summary_domain *domain = summary->domains; domain != NULL; domain = domain->next)
		if (domain->passed < domain->messages)
			return true;
	for (const struct summary_tls *tls = summary->tls; tls != NULL; tls = tls->next)
		if (tls->failed > 0)
			return true;
	return false;
}

/* What is told behind the refusals. */
static void
end_json(const struct telling *telling, const json_t *comparison)
{
	json_t *reports = why_reports(&telling->summary);
	char *line = document_line(reports), *compared = telling->has_log ? document_line(comparison) : NULL;

	output_put(output_standard(), "], \"comparison\": ");
	output_lines(output_standard(), span_of(compared != NULL ? compared : "null"));
	output_put(output_standard(), ", \"reports\": ");
	output_lines(output_standard(), span_of(line != NULL ? line : "[]"));
	output_put(output_standard(), "}\n");
	free(line);
	free(compared);
	json_decref(reports);
}

/* What logs come to first, which is the answer to whose mail is refused. */
static void
end_text(struct telling *telling, const json_t *comparison, bool is_read)
{
	if (telling->has_log)
		cli_put_comparison(comparison);
	why_refusals_end(&telling->refusals);
	if (has_reports(&telling->summary)) {
		if (telling->refusals.told > 0)
			output_put(output_standard(), "\n");
		reports_tell(&telling->summary, output_standard());
	} else if (is_read && telling->refusals.told == 0) {
		output_put(output_standard(), "No refusal was found.\n");
	}
}

/* Behind the text, for it is made of the same. */
static bool
write_page(struct telling *telling, const json_t *comparison)
{
	json_t *refusals = why_refusals_groups(&telling->refusals), *reports = why_reports(&telling->summary);
	json_t *trend = trend_rows(telling->trend);
	const bool is_written =
		why_page_write(telling->html, &(struct why_page){ comparison, refusals, reports, trend });

	json_decref(refusals);
	json_decref(reports);
	json_decref(trend);
	return is_written;
}

static int
explain(int argc, char **argv, struct telling *telling)
{
	json_t *comparison;
	bool is_read, is_empty;

	if (telling->refusals.is_json)
		output_put(output_standard(), "{\"refusals\": [");
	comparison = find_all(argc, argv, telling, &is_read);
	is_empty = telling->refusals.told == 0 && !telling->has_log && !has_reports(&telling->summary);
	if (telling->refusals.is_json && telling->refusals.told > 0)
		output_put(output_standard(), "\n");
	if (telling->refusals.is_json)
		end_json(telling, comparison);
	else
		end_text(telling, comparison, is_read);
	if (telling->html != NULL)
		is_read = write_page(telling, comparison) && is_read;
	json_decref(comparison);
	if (!is_read || is_empty || document_has_failed())
		return CLI_UNKNOWN;
	return telling->refusals.unknown > 0 || reports_fail(&telling->summary) ? CLI_FINDINGS : CLI_WELL;
}

/* With memory for all that is read. */
static int
explain_since(int argc, char **argv, const struct options *options, struct telling *telling)
{
	int status = CLI_UNKNOWN;

	telling->since = options->since[0] != '\0' ? cli_read_time(options->since) : 0;
	telling->html = options->html;
	telling->trend = options->html != NULL ? json_object() : NULL;
	telling->logs = log_reader_new(telling->since, tell_of_log, telling);
	telling->comparison = comparison_new(telling->recognizer);
	if (summary_init(&telling->summary) && telling->recognizer != NULL && telling->logs != NULL
	    && telling->comparison != NULL)
		status = explain(argc, argv, telling);
	summary_clear(&telling->summary);
	comparison_free(telling->comparison);
	log_reader_free(telling->logs);
	json_decref(telling->trend);
	return status;
}

static int
test(const char *path)
{
	struct catalogue *catalogue = catalogue_open(path, output_errors());
	const bool is_right = catalogue != NULL && recognize_examples(catalogue, output_errors()) == 0;

	catalogue_free(catalogue);
	return is_right ? CLI_WELL : CLI_FINDINGS;
}

/* What tests claims; NULL: the reason was told. */
static struct claims *
open_claims(const struct options *options)
{
	struct config *config = cli_config_or_defaults(options->config);
	struct claims *claims = config != NULL ? claims_new(config, &options->given) : NULL;

	if (config != NULL)
		config_unref(config);
	return claims;
}

static int
explain_with(struct catalogue *catalogue, int argc, char **argv, const struct options *options)
{
	struct telling telling = { .expansion = expansion_of_run() };
	struct claims *claims = options->is_offline ? NULL : open_claims(options);
	int status = CLI_UNKNOWN;

	document_begin();
	telling.recognizer = recognizer_new(catalogue);
	if (claims != NULL)
		claims_watch(claims, add_test, &telling);
	if (why_refusals_init(&telling.refusals, claims, options->is_json)
	    && (options->is_offline || claims != NULL))
		status = explain_since(argc, argv, options, &telling);
	why_refusals_clear(&telling.refusals);
	recognizer_free(telling.recognizer);
	claims_free(claims);
	return status;
}

int
cli_why(int argc, char **argv)
{
	struct options options = { .catalogue = REFUSALS_FILE };
	struct catalogue *catalogue;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	if (options.is_test)
		return test(options.catalogue);
	catalogue = catalogue_open(options.catalogue, output_errors());
	if (catalogue == NULL)
		return CLI_UNKNOWN;
	status = explain_with(catalogue, argc, argv, &options);
	catalogue_free(catalogue);
	return status;
}
