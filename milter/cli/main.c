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
	{ "lists", cli_lists, "see whether the configured lists work" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static int
help(void)
{
	output_put(output_standard(), "usage: heloscope COMMAND [OPTIONS]\n"
				      "       heloscope -V | --help\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		output_put(output_standard(), "  %-8s %s\n", commands[i].name, commands[i].summary);
	output_put(output_standard(),
		   "\n  -V, --version  print the version and exit\n"
		   "  -h, --help     print this and exit\n"
		   "\n\"heloscope COMMAND --help\" or \"heloscope help COMMAND\" tells more, and so does\n"
		   "heloscope(1).\n");
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

static int
version(void)
{
	output_put(output_standard(), "heloscope %s\n", PACKAGE_VERSION);
	return CLI_WELL;
}

/* Run the command that argv[0] names. */
static int
run(int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, argv[0]) == 0)
			return commands[i].run(argc, argv);
	output_put(output_errors(), "heloscope: unknown command \"%.60s\"; try \"heloscope --help\"\n",
		   argv[0]);
	return CLI_USAGE;
}

/* "heloscope help", and "heloscope help COMMAND", which is "heloscope COMMAND --help". */
static int
help_with(int argc, char **argv)
{
	static char option[] = "--help";
	char *words[] = { argc > 1 ? argv[1] : NULL, option, NULL };

	if (argc > 2) {
		output_put(output_errors(),
			   "heloscope: unexpected argument \"%.60s\"; try \"heloscope --help\"\n", argv[2]);
		return CLI_USAGE;
	}
	return argc > 1 ? run(2, words) : help();
}

static bool
is_one_of(const char *word, const char *one, const char *other)
{
	return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

int
main(int argc, char **argv)
{
	(void)setlocale(LC_CTYPE, "");
	if (argc < 2) {
		output_put(output_errors(), "heloscope: no command was given; try \"heloscope --help\"\n");
		return CLI_USAGE;
	}
	if (is_one_of(argv[1], "--help", "-h"))
		return end(help());
	if (is_one_of(argv[1], "--version", "-V"))
		return end(version());
	if (strcmp(argv[1], "help") == 0)
		return end(help_with(argc - 1, argv + 1));
	return end(run(argc - 1, argv + 1));
}
