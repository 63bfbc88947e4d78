/* heloscope explain: the story of a message that has passed. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/records/find.h"
#include "heloscope/records/search.h"
#include "heloscope/cli/cli.h"
#include "heloscope/config/config.h"
#include "heloscope/config/read.h"
#include "heloscope/base/document.h"
#include "heloscope/base/ident.h"
#include "heloscope/words/answer.h"

#define ID_LENGTH_MIN 8 /* a day */
#define QUEUE_ID_MIN 5
#define LAST_DEFAULT 10
#define NAME_OCTETS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"

static const char help[] =
	"usage: heloscope explain [-c FILE | --log FILE] [--for-sender | --json]\n"
	"                         [--last N] [ID | QUEUE-ID | ADDRESS | CLIENT]\n"
	"\n"
	"Explains from the log of records why a message got its verdict. ID is the reference that\n"
	"is in refusals, in the X-Heloscope field and in the log; the first characters are enough\n"
	"if no other reference begins with them. If you have no reference, give a queue id, the\n"
	"mail address of the sender or a recipient, or the client's IP address or host name: of\n"
	"the last messages that have it, one is explained, several are listed with references.\n"
	"\n"
	"  -c, --config FILE   the configuration that names the log of records\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -l, --log FILE      the log of records itself; rotated files beside it are searched, too\n"
	"      --last N        of the messages found, or of all, the last N (default: 10)\n"
	"      --for-sender    a text for whoever sent the message\n"
	"      --json          the record as it is\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 the message was accepted (also if it is held), or several are listed; 1 it\n"
	"was refused or deferred, or would have been, or the filter did not see its end; 2 wrong\n"
	"usage; 3 there is no such record, the beginning of a reference matches several, or the\n"
	"log or the configuration cannot be read.\n"
	"\n"
	"Example: heloscope explain 20261124T125000Z-4f2a\n";

struct options {
	const char *config, *log;
	bool is_for_sender, is_json;
	unsigned last; /* 0: not given */
};

static int
set_last(void *context, const char *given)
{
	struct options *options = context;

	if (!span_to_number(span_of(given), 1, RECORD_MATCHES_MAX, &options->last))
		return cli_usage_error("explain", "--last \"%.20s\" is no number from 1 to %d", given,
				       RECORD_MATCHES_MAX);
	return -1;
}

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config, .excludes = "log" },
		{ .name = "log", .letter = 'l', .text = &options->log },
		{ .name = "last", .take = set_last },
		{ .name = "for-sender", .flag = &options->is_for_sender, .excludes = "json" },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};
	const int status = options_read(
		argc, argv, &(struct option_syntax){ "heloscope", "explain", help, table, options });

	if (status < 0 && optind + 1 != argc && (optind != argc || options->last == 0))
		return cli_usage_error("explain",
				       optind == argc ? "no ID was given" : "more than one ID was given");
	return status;
}

/* Returns the status to exit with. */
static int
put(const char *line, const struct config *config, const struct options *options)
{
	struct record_reading reading;
	int status;

	if (!record_read(span_of(line), &reading))
		return CLI_UNKNOWN;
	if (options->is_json)
		(void)record_print(span_of(line), output_standard());
	else if (options->is_for_sender)
		explain_for_sender(&reading.record, output_standard());
	else
		explain_story(&reading.record, config, output_standard());
	status = explain_is_refused(&reading.record) || answer_is_lost(&reading.record) ? CLI_FINDINGS
											: CLI_WELL;
	record_release(&reading);
	return status;
}

static int
tell(const char *log, const char *id, const struct config *config, const struct options *options)
{
	struct error error;
	char *line = NULL;
	int status;

	switch (record_find(log, id, true, &line, NULL, &error)) {
	case RECORD_ABSENT:
		output_put(output_errors(), "heloscope explain: no record of %s in %s\n", id, log);
		return CLI_UNKNOWN;
	case RECORD_AMBIGUOUS:
	case RECORD_UNREADABLE:
		output_put(output_errors(), "heloscope explain: %s\n", error.text);
		return CLI_UNKNOWN;
	default:
		break;
	}
	status = put(line, config, options);
	free(line);
	return status;
}

/* Finding without a reference. */

/* What the argument can be; RECORD_ANY: nothing that is understood. */
static enum record_wanted
wanted_by(const char *text)
{
	struct ipaddr address;

	if (strchr(text, '@') != NULL)
		return RECORD_OF_MAILBOX;
	if (ipaddr_parse(span_of(text), &address))
		return RECORD_OF_CLIENT;
	if (strspn(text, NAME_OCTETS) != strlen(text))
		return RECORD_ANY;
	if (strchr(text, '.') != NULL)
		return RECORD_OF_HOST;
	return strlen(text) >= QUEUE_ID_MIN && strpbrk(text, "0123456789") != NULL ? RECORD_OF_QUEUE_ID
										   : RECORD_ANY;
}

static void
list(const struct record_matches *matches)
{
	struct record_reading reading;

	for (size_t i = 0; i < matches->count; i++) {
		if (!record_read(span_of(matches->lines[i]), &reading))
			continue;
		explain_line(&reading.record, output_standard());
		record_release(&reading);
	}
	output_put(output_errors(), "heloscope explain: the last %zu of %zu; give one of the references\n",
		   matches->count, matches->total);
}

static int
put_matches(const struct record_matches *matches, const char *log, const struct config *config,
	    const struct options *options)
{
	if (matches->count == 0)
		output_put(output_errors(), "heloscope explain: no such message in %s\n", log);
	if (matches->count == 1)
		return put(matches->lines[0], config, options);
	if (options->is_json)
		for (size_t i = 0; i < matches->count; i++)
			(void)record_print(span_of(matches->lines[i]), output_standard());
	else if (matches->count > 0)
		list(matches);
	return matches->count > 0 ? CLI_WELL : CLI_UNKNOWN;
}

static int
search(const char *log, const char *text, const struct config *config, const struct options *options)
{
	struct record_matches matches;
	struct record_log_reading reading;
	int status;

	record_search(log, text != NULL ? wanted_by(text) : RECORD_ANY, text,
		      options->last > 0 ? options->last : LAST_DEFAULT, &matches, &reading);
	if (reading.has_fault)
		output_put(output_errors(), "heloscope explain: %s\n", reading.fault.text);
	status = put_matches(&matches, log, config, options);
	record_matches_clear(&matches);
	return reading.has_fault ? CLI_UNKNOWN : status;
}

int
cli_explain(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	struct config *config = NULL;
	const char *log, *text;
	bool is_reference;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	text = optind < argc ? argv[optind] : NULL;
	is_reference = text != NULL && ident_is_beginning(text, ID_LENGTH_MIN);
	if (is_reference && options.last > 0)
		return cli_usage_error("explain", "--last and a reference exclude each other");
	if (text != NULL && !is_reference && wanted_by(text) == RECORD_ANY)
		return cli_usage_error(
			"explain",
			"\"%.60s\" is not a reference; expected one like 20261124T125000Z-4f2a91c07be3, its first eight characters or more, a queue id, a mail address, or a client's IP address or host name",
			text);
	if (options.log == NULL && (config = config_read(options.config, output_errors())) == NULL)
		return CLI_UNKNOWN;
	log = cli_record_log("explain", options.log, config, options.config);
	if (log == NULL)
		status = CLI_UNKNOWN;
	else
		status = is_reference ? tell(log, text, config, &options)
				      : search(log, text, config, &options);
	config_unref(config);
	return status;
}
