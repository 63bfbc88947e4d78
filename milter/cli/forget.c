/* heloscope forget: have the filter look at a mail server again. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/document.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/cli/cli.h"
#include "heloscope/cli/control.h"

static const char help[] =
	"usage: heloscope forget [-c FILE] ADDRESS | all\n"
	"\n"
	"Makes the running filter forget what it found when it checked the mail server at an IP\n"
	"address (look-back), or what it found at all of them: the next message from there has the\n"
	"server checked again. For a server that was repaired.\n"
	"\n"
	"  -c, --config FILE   the configuration of the filter\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 something was forgotten, 1 nothing was known, 2 wrong usage, 3 the filter\n"
	"does not answer.\n"
	"\n"
	"Example: heloscope forget 192.0.2.20\n";

static int
forget(const char *config, const char *whom)
{
	struct control_answer answer;
	json_t *object;
	json_int_t count;

	if (!control_ask_filter("forget", config, "/forget", whom, &answer))
		return CLI_UNKNOWN;
	object = document_read((struct span){ answer.text, answer.length });
	count = document_number_of(object, "forgotten");
	if (count > 0)
		output_put(output_standard(), "%lld finding%s forgotten.\n", (long long)count,
			   count == 1 ? "" : "s");
	else
		output_put(output_standard(), "Nothing was known.\n");
	json_decref(object);
	free(answer.text);
	return count > 0 ? CLI_WELL : CLI_FINDINGS;
}

int
cli_forget(int argc, char **argv)
{
	const char *config = CONFIG_FILE;
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &config },
		{ .name = NULL },
	};
	const int status =
		options_read(argc, argv, &(struct option_syntax){ "heloscope", "forget", help, table, NULL });
	struct ipaddr address;

	if (status >= 0)
		return status;
	if (argc - optind != 1)
		return cli_usage_error("forget", "expected one IP address, or \"all\"");
	if (strcmp(argv[optind], "all") != 0 && !ipaddr_parse(span_of(argv[optind]), &address))
		return cli_usage_error("forget", "\"%.60s\" is not an IP address; expected one, or \"all\"",
				       argv[optind]);
	return forget(config, argv[optind]);
}
