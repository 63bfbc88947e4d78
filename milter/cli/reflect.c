/* heloscope reflect: what a test address does with a message: its author is told what was found about it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/log.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/cli/cli.h"
#include "heloscope/cli/message.h"
#include "heloscope/config/read.h"
#include "heloscope/records/find.h"
#include "heloscope/reflect/answer.h"
#include "heloscope/reflect/judge.h"
#include "heloscope/reflect/limits.h"
#include "heloscope/reflect/submit.h"

#define SENDMAIL "/usr/sbin/sendmail"
#define STATE_FILE "/var/lib/heloscope/reflect"
#define PER_HOUR 60
#define RECORD_AGE_S (4 * 3600) /* an answer that comes later helps nobody */
#define RECORD_WAIT_MS 5000     /* a record is written a little later than the message is delivered */
#define RECORD_PAUSE_MS 100     /* before it is looked for again, then twice as long, ... */
#define DRAIN_OCTETS 65536

static const char help[] =
	"usage: heloscope reflect --from ADDRESS [-c FILE] [-l FILE] [--queue-id ID]\n"
	"                         [--per-hour N] [--state FILE] [--sendmail FILE] [--stderr]\n"
	"\n"
	"Makes a mail address a test address. An alias or a pipe of Postfix or Sendmail hands it\n"
	"the message on standard input; it finds the record of the message and answers the author\n"
	"with what was found, in plain words. It answers nobody who may be forged: SPF or DKIM\n"
	"must have passed for the author's domain, by the record. It never answers bounces,\n"
	"mailing lists, programs or itself.\n"
	"\n"
	"      --from ADDRESS  the test address, which is in From of the answer\n"
	"      --queue-id ID   the queue id of the message (Postfix, pipe: ${queue_id}); without it\n"
	"                      that of its first Received field is taken\n"
	"      --per-hour N    answer at most N messages an hour, 1 to 1000 (default: 60); the same\n"
	"                      address once an hour\n"
	"      --state FILE    remembers the answers of the last hour\n"
	"                      (default: " STATE_FILE ")\n"
	"      --sendmail FILE the program that takes the answer (default: " SENDMAIL ")\n"
	"      --stderr        log to standard error, not to syslog\n"
	"  -c, --config FILE   the configuration of the filter\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -l, --log FILE      the log of records, if it is not the one in the configuration\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status, by sysexits.h: 0 it was answered, or will not be, and the log says why;\n"
	"64 wrong usage; 75 try again later, after a fault or while the configuration has errors.\n"
	"\n"
	"Example: heloscope reflect --from test@example.org --stderr <message.eml\n"
	"In aliases: test: \"|/usr/bin/heloscope reflect --from test@example.org\"\n";

struct options {
	const char *own, *config, *log, *queue_id, *state, *sendmail;
	unsigned per_hour;
	bool logs_to_stderr;
};

static int
set_per_hour(void *context, const char *given)
{
	struct options *options = context;

	if (!span_to_number(span_of(given), 1, LIMITS_MAX, &options->per_hour))
		return cli_usage_error("reflect", "--per-hour \"%.20s\" is no number from 1 to %d", given,
				       LIMITS_MAX);
	return -1;
}

/* Whether it can stand in a field between brackets. */
static bool
is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	if (at == NULL || at == text || strlen(text) >= LETTER_ADDRESS_SIZE
	    || !domain_is_host_name(span_of(at + 1)))
		return false;
	for (; *text != '\0'; text++)
		if (*text == ' ' || !ascii_is_printable(*text) || ascii_is_among(*text, "<>()[],;:\\\""))
			return false;
	return true;
}

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "from", .text = &options->own },
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "log", .letter = 'l', .text = &options->log },
		{ .name = "queue-id", .text = &options->queue_id },
		{ .name = "state", .text = &options->state },
		{ .name = "sendmail", .text = &options->sendmail },
		{ .name = "per-hour", .take = set_per_hour },
		{ .name = "stderr", .flag = &options->logs_to_stderr },
		{ .name = NULL },
	};
	const int status = options_read_all(
		argc, argv, &(struct option_syntax){ "heloscope", "reflect", help, table, options });

	if (status >= 0)
		return status == CLI_USAGE ? EX_USAGE : status;
	if (options->own == NULL || !is_address(options->own)) {
		(void)cli_usage_error("reflect", "--from needs the test address, as test@example.org");
		return EX_USAGE;
	}
	return -1;
}

/* The message. */

static void
take_field(void *context, const char *name, const char *value)
{
	letter_field(context, span_of(name), span_of(value));
}

static void
take_body(void *context, struct span octets)
{
	letter_body(context, octets);
}

/* Read what an MTA still writes: one that cannot write to its end may take that for a fault. */
static void
drain(void)
{
	char octets[DRAIN_OCTETS];
	ssize_t count;

	do
		count = read(STDIN_FILENO, octets, sizeof octets);
	while (count > 0 || (count < 0 && errno == EINTR));
}

static bool
read_letter(struct letter *letter, struct error *error)
{
	const struct stored_handler handler = { take_field, NULL, take_body, letter };
	const bool is_read = cli_message_read("reflect", "-", &handler, error);

	drain();
	return is_read;
}

/* The record. */

static enum record_found
find_record(const char *log, const struct letter *letter, char **line, struct error *error)
{
	const int64_t since_s = (int64_t)time(NULL) - RECORD_AGE_S;
	const uint64_t end_ms = clock_now_ms() + RECORD_WAIT_MS;
	enum record_found found;

	/* Each search may read hours of records: there are a few, whatever one takes, and the last reads all.
	 */
	for (uint64_t pause_ms = RECORD_PAUSE_MS;; pause_ms *= 2) {
		const bool is_last = clock_now_ms() + pause_ms > end_ms;

		found = record_find_queue_id(log, letter->queue_id, since_s, is_last, line, error);
		if (found != RECORD_ABSENT || is_last)
			return found;
		(void)nanosleep(&(struct timespec){ .tv_sec = (time_t)(pause_ms / 1000),
						    .tv_nsec = (long)(pause_ms % 1000) * 1000000L },
				NULL);
	}
}

/* The answer. */

static int
fail(const char *what, const char *why)
{
	log_error("reflect: %s: %s; the mail server is to try again", what, why);
	return EX_TEMPFAIL;
}

static int
keep_silent(const struct letter *letter, enum silence silence)
{
	log_info("reflect: message %s is not answered: %s",
		 letter->queue_id[0] != '\0' ? letter->queue_id : "without queue id", silence_words(silence));
	return EX_OK;
}

static bool
put_answer(const void *context, struct output *out)
{
	return reflect_put_answer(context, out);
}

static int
send_answer(const struct answer_order *order, const struct options *options)
{
	struct error error, other;

	switch (submit(options->sendmail, order->to, put_answer, order, &error)) {
	case SUBMIT_DONE:
		log_info("reflect: message %s is answered, reference %s", order->letter->queue_id,
			 order->record->ident);
		return EX_OK;
	case SUBMIT_REFUSED:
		return keep_silent(order->letter, SILENCE_REFUSED);
	default:
		if (!limits_give_back(options->state, order->to, time(NULL), &other))
			log_error("reflect: %s", other.text);
		return fail(options->sendmail, error.text);
	}
}

static int
answer_within_limits(const struct answer_order *order, const struct options *options)
{
	struct error error;

	switch (limits_take(options->state, order->to, options->per_hour, time(NULL), &error)) {
	case LIMITS_TAKEN:
		return send_answer(order, options);
	case LIMITS_ADDRESS:
		return keep_silent(order->letter, SILENCE_ONCE_AN_HOUR);
	case LIMITS_ALL:
		return keep_silent(order->letter, SILENCE_TOO_MANY);
	default:
		return fail("--state", error.text);
	}
}

static int
answer(const struct letter *letter, const char *line, const struct config *config,
       const struct options *options)
{
	struct record_reading reading;
	char to[LETTER_ADDRESS_SIZE];
	const struct answer_order order = { .own = options->own,
					    .to = to,
					    .authserv_id = config->authserv_id,
					    .letter = letter,
					    .record = &reading.record };
	enum silence silence;
	int status;

	if (!record_read(span_of(line), &reading))
		return fail("its record", "out of memory");
	silence = judge_record(letter, &reading.record);
	if (silence == SILENCE_NONE && !letter_address(letter, to))
		silence = SILENCE_ADDRESS;
	status = silence != SILENCE_NONE ? keep_silent(letter, silence)
					 : answer_within_limits(&order, options);
	record_release(&reading);
	return status;
}

static int
reflect(struct letter *letter, const struct config *config, const struct options *options)
{
	const char *log = options->log != NULL ? options->log : config->records;
	const enum silence silence = judge_letter(letter, options->own);
	struct error error;
	char *line = NULL;
	int status;

	if (silence != SILENCE_NONE)
		return keep_silent(letter, silence);
	switch (find_record(log, letter, &line, &error)) {
	case RECORD_FOUND:
		status = answer(letter, line, config, options);
		free(line);
		return status;
	case RECORD_ABSENT:
		return keep_silent(letter, SILENCE_NO_RECORD);
	default:
		return fail("the log of records", error.text);
	}
}

static int
read_and_reflect(const struct config *config, const struct options *options)
{
	struct letter *letter = calloc(1, sizeof *letter);
	struct error error;
	int status;

	if (letter == NULL)
		return fail("the message", "out of memory");
	letter->own_ids = &config->own_ids;
	if (options->queue_id != NULL && !letter_set_queue_id(letter, span_of(options->queue_id)))
		log_warning("reflect: --queue-id is no queue id; that of the message is taken");
	if (read_letter(letter, &error)) {
		status = reflect(letter, config, options);
	} else {
		log_warning("reflect: a message is not answered: %s", error.text);
		status = EX_OK;
	}
	free(letter);
	return status;
}

int
cli_reflect(int argc, char **argv)
{
	struct options options = {
		.config = CONFIG_FILE, .state = STATE_FILE, .sendmail = SENDMAIL, .per_hour = PER_HOUR
	};
	struct config *config;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_open(options.logs_to_stderr ? LOG_TARGET_STDERR : LOG_TARGET_SYSLOG, LOG_LEVEL_INFO);
	config = config_read(options.config, output_errors());
	if (config == NULL || cli_record_log("reflect", options.log, config, options.config) == NULL) {
		status = fail(options.config, "it cannot be used"); /* EX_CONFIG would bounce the mail */
	} else {
		status = read_and_reflect(config, &options);
	}
	config_unref(config);
	return status;
}
