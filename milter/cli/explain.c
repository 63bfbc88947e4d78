/* heloscope explain: the story of a message that has passed. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/records/find.h"
#include "heloscope/cli/cli.h"
#include "heloscope/config/config.h"
#include "heloscope/config/read.h"
#include "heloscope/base/document.h"

#define ID_LENGTH_MIN 8 /* a day */

static const char help[] =
	"usage: heloscope explain [-c FILE | --log FILE] [--for-sender | --json] ID\n"
	"\n"
	"Tells why a message got its verdict, from the log of records. ID is the reference that\n"
	"stands in refusals, in the X-Heloscope field and in the log; its beginning is\n"
	"enough when no other begins so.\n"
	"\n"
	"  -c, --config FILE   the configuration that names the log of records\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -l, --log FILE      the log of records itself; rotated files beside it are searched, too\n"
	"      --for-sender    a text for whoever sent the message\n"
	"      --json          the record as it is\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 the message was accepted, 1 it was refused or deferred, or would have\n"
	"been; 2 wrong usage; 3 there is no such record or more than one, it cannot be read, or\n"
	"the log or the configuration cannot.\n"
	"\n"
	"Example: heloscope explain 20261124T125000Z-4f2a\n";

struct options {
	const char *config, *log;
	bool is_for_sender, is_json;
};

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config, .excludes = "log" },
		{ .name = "log", .letter = 'l', .text = &options->log },
		{ .name = "for-sender", .flag = &options->is_for_sender, .excludes = "json" },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};
	const int status = options_read(argc, argv,
					&(struct option_syntax){ "heloscope", "explain", help, table, NULL });

	if (status < 0 && optind + 1 != argc)
		return cli_usage_error("explain",
				       optind == argc ? "no ID was given" : "more than one ID was given");
	return status;
}

/* A reference, or the beginning of one as long as a day. */
static bool
is_id(const char *id)
{
	static const char form[] = "ddddddddTddddddZ-xxxxxxxxxxxx";
	size_t i = 0;

	for (; id[i] != '\0' && form[i] != '\0'; i++) {
		const bool is_digit = id[i] >= '0' && id[i] <= '9';
		const bool is_hex = is_digit || (id[i] >= 'a' && id[i] <= 'f');

		if (form[i] == 'd' ? !is_digit : form[i] == 'x' ? !is_hex : id[i] != form[i])
			return false;
	}
	return id[i] == '\0' && i >= ID_LENGTH_MIN;
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
	status = explain_is_refused(&reading.record) ? CLI_FINDINGS : CLI_WELL;
	record_release(&reading);
	return status;
}

static int
tell(const char *log, const char *id, const struct config *config, const struct options *options)
{
	struct error error;
	char *line = NULL;
	int status;

	switch (record_find(log, id, &line, &error)) {
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

int
cli_explain(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	struct config *config = NULL;
	const char *log;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (!is_id(argv[optind]))
		return cli_usage_error(
			"explain",
			"\"%.60s\" is not a reference; expected one like 20261124T125000Z-4f2a91c07be3, or its first eight characters or more",
			argv[optind]);
	if (options.log == NULL && (config = config_read(options.config, output_errors())) == NULL)
		return CLI_UNKNOWN;
	log = cli_record_log("explain", options.log, config, options.config);
	status = log != NULL ? tell(log, argv[optind], config, &options) : CLI_UNKNOWN;
	config_unref(config);
	return status;
}
