/* heloscope collect: the log of a site, of what its filters share. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/log.h"
#include "heloscope/base/seldom.h"
#include "heloscope/cli/cli.h"
#include "heloscope/config/config.h"
#include "heloscope/records/collector.h"
#include "heloscope/share/server.h"
#include "heloscope/share/stream.h"

#define RETRY_MIN_S 1
#define RETRY_MAX_S 30

static const char help[] =
	"usage: heloscope collect --log FILE [-c FILE] [--once] [--stderr]\n"
	"\n"
	"Writes one log of records for a site: the records of all hosts whose filters share a\n"
	"Redis server (\"share redis\" in heloscope.conf(5)), each only once. Other commands read\n"
	"this log with --log FILE.\n"
	"\n"
	"  -l, --log FILE      the log to write, not one that a filter writes; it may be rotated\n"
	"      --once          write all that is there now, then end\n"
	"      --stderr        log to standard error, not as the configuration says\n"
	"  -c, --config FILE   the configuration, which names the server\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"SIGTERM ends the program, and it can be killed and started again: nothing is lost or\n"
	"written twice. What is not a record is counted and kept apart, in a file beside the log\n"
	"whose name begins with \"apart-\". Records that Redis dropped because nobody collected\n"
	"them in time are counted as lost. Exit status: 0 it was ended, or with --once all was\n"
	"written; 1 the same, but something was kept apart or lost, or may be; 2 wrong usage; 3 it\n"
	"could not begin, or with --once the server or the log cannot be used. Run only one at a\n"
	"time for a site: two of them on one host write some records twice.\n"
	"\n"
	"Example: heloscope collect --log /var/log/heloscope/site.jsonl\n";

struct options {
	const char *config, *log;
	bool is_once, logs_to_stderr;
};

static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "log", .letter = 'l', .text = &options->log },
		{ .name = "once", .flag = &options->is_once },
		{ .name = "stderr", .flag = &options->logs_to_stderr },
		{ .name = NULL },
	};
	const int status = options_read_all(
		argc, argv, &(struct option_syntax){ "heloscope", "collect", help, table, options });

	if (status < 0 && options->log == NULL)
		return cli_usage_error("collect", "no --log was given");
	return status;
}

/* Faults, which may last: told once a minute. */

static volatile sig_atomic_t is_ended;

static void
take_end(int number)
{
	(void)number;
	is_ended = 1;
}

struct trouble {
	struct seldom told;
	unsigned wait_s; /* before it is tried again */
};

static void
tell_trouble(struct trouble *trouble, const struct error *error)
{
	if (seldom_is_due(&trouble->told, false))
		log_warning("collect: %s; nothing is lost while the stream has room, and it is tried again",
			    error->text);
}

static void
wait_after(struct trouble *trouble)
{
	for (unsigned i = 0; i < trouble->wait_s && !is_ended; i++)
		(void)sleep(1); /* a signal ends it */
	trouble->wait_s = trouble->wait_s * 2 < RETRY_MAX_S ? trouble->wait_s * 2 : RETRY_MAX_S;
}

static void
end_trouble(struct trouble *trouble)
{
	if (trouble->told.has_told)
		log_info("collect: works again");
	*trouble = (struct trouble){ .wait_s = RETRY_MIN_S };
}

/* Collecting. */

/* What does not stand in the log, and never will. */
enum missing { MISSING_LOST, MISSING_GONE, MISSING_APART, MISSING_DROPPED, MISSING_KINDS };

struct told {
	uint64_t count;
	struct seldom seldom;
};

struct work {
	struct share_stream *stream;
	struct collector *collector;
	struct stream_batch batch;
	bool is_written; /* the batch, but the server may not know */
	struct told told[MISSING_KINDS];
	bool is_once;
};

/* Write the batch. Of one of which that fails, the server is told what is written, and asked for the rest:
 * while it could not be written, another reader may have been given it. */
static bool
write_batch(struct work *work, struct error *error)
{
	struct stream_batch *batch = &work->batch;
	struct error failure;

	for (size_t i = 0; i < batch->count; i++) {
		const struct stream_entry *entry = &batch->entries[i];

		if (entry->is_gone || collector_take(work->collector, entry->id, entry->record, error))
			continue;
		batch->count = i;
		if (!share_stream_done(work->stream, batch, &failure))
			log_info("collect: %s; some records come again", failure.text);
		share_stream_tell_again(work->stream);
		return false;
	}
	work->is_written = true;
	return true;
}

/* False with the reason when it is to be tried again. */
static bool
work_on(struct work *work, struct error *error)
{
	if (!work->is_written
	    && (!share_stream_read(work->stream, work->is_once, &work->batch, error)
		|| !write_batch(work, error)))
		return false;
	if (!share_stream_done(work->stream, &work->batch, error))
		return false;
	work->is_written = false;
	return true;
}

static void
count_missing(const struct work *work, uint64_t missing[MISSING_KINDS])
{
	const struct collector_counts counts = collector_counts(work->collector);

	missing[MISSING_LOST] = share_stream_lost(work->stream);
	missing[MISSING_GONE] = share_stream_gone(work->stream);
	missing[MISSING_APART] = counts.apart;
	missing[MISSING_DROPPED] = counts.dropped;
}

static void
tell_missing(struct work *work)
{
	static const char *const texts[MISSING_KINDS] = {
		[MISSING_LOST] = "records are lost: nobody had collected them when the stream was full",
		[MISSING_GONE] =
			"entries that were being collected are no longer in the stream: either their records are in the log, or they are lost, because the stream was full",
		[MISSING_APART] =
			"entries are not records of this version; they are kept apart, in a file beside the log",
		[MISSING_DROPPED] =
			"entries that are not records of this version were dropped: the file for them is full or cannot be written",
	};
	uint64_t missing[MISSING_KINDS];

	count_missing(work, missing);
	for (size_t i = 0; i < MISSING_KINDS; i++) {
		struct told *told = &work->told[i];

		if (missing[i] == told->count || !seldom_is_due(&told->seldom, false))
			continue;
		log_warning("collect: %llu %s", (unsigned long long)(missing[i] - told->count), texts[i]);
		told->count = missing[i];
	}
}

static bool
has_findings(const struct work *work)
{
	uint64_t missing[MISSING_KINDS], all = 0;

	count_missing(work, missing);
	for (size_t i = 0; i < MISSING_KINDS; i++)
		all += missing[i];
	return all > 0;
}

/* Returns the status to exit with. */
static int
collect(struct work *work)
{
	struct trouble trouble = { .wait_s = RETRY_MIN_S };
	struct error error;

	while (!is_ended) {
		if (work_on(work, &error)) {
			end_trouble(&trouble);
			tell_missing(work);
			if (work->is_once && work->batch.is_last)
				break;
			continue;
		}
		if (work->is_once) {
			log_error("collect: %s", error.text);
			return CLI_UNKNOWN;
		}
		tell_trouble(&trouble, &error);
		wait_after(&trouble);
	}
	return has_findings(work) ? CLI_FINDINGS : CLI_WELL;
}

static void
tell_counts(const struct work *work)
{
	const struct collector_counts counts = collector_counts(work->collector);

	log_info("collect: %llu records written, %llu came again, %llu kept apart, %llu lost",
		 (unsigned long long)counts.written, (unsigned long long)counts.again,
		 (unsigned long long)counts.apart, (unsigned long long)share_stream_lost(work->stream));
	if (counts.dropped > 0)
		log_warning(
			"collect: %llu more entries that are no records of this version were dropped: the file for them is full or cannot be written",
			(unsigned long long)counts.dropped);
}

static int
run(const struct config *config, const struct options *options)
{
	struct work *work = calloc(1, sizeof *work);
	int status = CLI_UNKNOWN;

	if (work == NULL)
		return status;
	work->is_once = options->is_once;
	work->stream = share_stream_new(&config->share, config->host);
	work->collector = collector_new(options->log);
	if (work->stream != NULL && work->collector != NULL) {
		status = collect(work);
		tell_counts(work);
	} else {
		log_error("collect: out of memory");
	}
	share_stream_free(work->stream);
	collector_free(work->collector);
	free(work);
	return status;
}

/* Whether the configuration has what is needed; else it is said. */
static bool
is_fit(const struct config *config, const struct options *options)
{
	const char *path = options->config;

	if (config->share.server == NULL)
		output_put(output_errors(), "heloscope collect: %s has no \"share redis\"; expected one\n",
			   path);
	else if (config->records != NULL && strcmp(config->records, options->log) == 0)
		output_put(output_errors(),
			   "heloscope collect: %s is the log that the filter here writes; expected another\n",
			   options->log);
	else
		return true;
	return false;
}

int
cli_collect(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	const struct sigaction end_action = { .sa_handler = take_end };
	struct config *config;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (!share_is_built()) {
		output_put(
			output_errors(),
			"heloscope collect: this heloscope was built without hiredis, so it cannot read what filters share\n");
		return CLI_UNKNOWN;
	}
	config = cli_config_of_filter(options.config);
	if (config == NULL)
		return CLI_UNKNOWN;
	status = CLI_UNKNOWN;
	if (is_fit(config, &options)) {
		log_open(options.logs_to_stderr ? LOG_TARGET_STDERR : config->log_target, config->log_level);
		(void)signal(SIGPIPE, SIG_IGN);
		(void)sigaction(SIGTERM, &end_action, NULL);
		(void)sigaction(SIGINT, &end_action, NULL);
		status = run(config, &options);
	}
	config_unref(config);
	return status;
}
