/* heloscope: the command line. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli/cli.h"

static const struct {
	const char *name;
	cli_command *run;
	const char *summary;
} commands[] = {
	{ "check", cli_check, "make the filter's checks for a client and sender now, and tell the story" },
	{ "explain", cli_explain, "tell why a message that has passed got its verdict" },
	{ "report", cli_report, "tell what came in, what was refused, by which rule and from whom" },
	{ "replay", cli_replay, "tell which verdicts would change under another configuration" },
	{ "doctor", cli_doctor, "look at a sender's own set-up: which domain lacks what" },
	{ "lists", cli_lists, "ask the configured lists whether they are alive and sane" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static int
help(void)
{
	output_put(output_standard(), "usage: heloscope COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		output_put(output_standard(), "  %-8s %s\n", commands[i].name, commands[i].summary);
	output_put(output_standard(),
		   "\n\"heloscope COMMAND --help\" tells more, and so does heloscope(1).\n");
	return CLI_WELL;
}

/* What could not be written was not told. */
static int
end(int status)
{
	struct output *out = output_standard();

	if (output_flush(out))
		return status;
	output_put(output_errors(), "heloscope: standard output: %s\n", strerror(out->fault));
	return CLI_UNKNOWN;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	(void)setlocale(LC_CTYPE, "");
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return help();
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		output_put(output_standard(), "heloscope %s\n", PACKAGE_VERSION);
		return CLI_WELL;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0) {
			const int status = commands[i].run(argc - 1, argv + 1);

			return end(status);
		}
	}
	if (name[0] == '\0')
		output_put(output_errors(), "heloscope: no command was given; try \"heloscope --help\"\n");
	else
		output_put(output_errors(),
			   "heloscope: unknown command \"%.60s\"; try \"heloscope --help\"\n", name);
	return CLI_USAGE;
}
