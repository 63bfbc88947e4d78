/* heloscope: the command line. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/cli/cli.h"

static const struct {
	const char *name;
	cli_command *run;
	const char *summary;
} commands[] = {
	{ "check", cli_check, "make the filter's checks for a client and sender now, and explain them" },
	{ "explain", cli_explain, "say why a message that came in got its verdict" },
	{ "report", cli_report, "show what came in, what was refused, by which rule and from whom" },
	{ "replay", cli_replay, "show which verdicts would change under another configuration" },
	{ "collect", cli_collect, "write the log of a site from what its filters share, each record once" },
	{ "doctor", cli_doctor, "check a sender's own set-up: which domain lacks what" },
	{ "why", cli_why, "say what a refusal by another server means, and what to change" },
	{ "reflect", cli_reflect, "answer a message to a test address with what was found about it" },
	{ "page", cli_page,
	  "serve the page to which each refusal links: why, and whether it would pass now" },
	{ "status", cli_status, "show what the running filter does: mail, DNS, lists, what is lost" },
	{ "forget", cli_forget, "have the filter check a mail server again" },
	{ "metrics", cli_metrics,
	  "print the filter's numbers for Prometheus, a dashboard for Grafana, or alerts" },
	{ "wiring", cli_wiring,
	  "find what is wrong between the MTA and the filter, and the line that fixes it" },
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
		   "\n\"heloscope COMMAND --help\" or \"heloscope help COMMAND\" says more, and so does\n"
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

/* What stands in place of a command. */
static int
complain_of(const char *word)
{
	const char *names[COMMANDS], *nearest;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	nearest = nearest_word(word, names, COMMANDS);
	if (word[0] == '-')
		output_put(
			output_errors(),
			"heloscope: \"%.60s\" comes before the command; options go after it; try \"heloscope --help\"\n",
			word);
	else if (nearest != NULL)
		output_put(
			output_errors(),
			"heloscope: unknown command \"%.60s\"; did you mean \"%s\"? Or try \"heloscope --help\"\n",
			word, nearest);
	else
		output_put(output_errors(),
			   "heloscope: unknown command \"%.60s\"; try \"heloscope --help\"\n", word);
	return CLI_USAGE;
}

/* Run the command that argv[0] names. */
static int
run(int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, argv[0]) == 0)
			return commands[i].run(argc, argv);
	return complain_of(argv[0]);
}

static int
complain_of_rest(const char *word)
{
	output_put(output_errors(), "heloscope: unexpected argument \"%.60s\"; try \"heloscope --help\"\n",
		   word);
	return CLI_USAGE;
}

static bool
is_one_of(const char *word, const char *one, const char *other)
{
	return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

/* "heloscope help", and "heloscope help COMMAND", which is "heloscope COMMAND --help". */
static int
help_with(int argc, char **argv)
{
	static char option[] = "--help";
	char *words[] = { argc > 1 ? argv[1] : NULL, option, NULL };

	if (argc > 2)
		return complain_of_rest(argv[2]);
	return argc == 1 || is_one_of(argv[1], "help", "--help") ? help() : run(2, words);
}

int
main(int argc, char **argv)
{
	(void)setlocale(LC_CTYPE, "");
	log_set_program("heloscope");
	if (argc < 2) {
		output_put(output_errors(), "heloscope: no command was given; try \"heloscope --help\"\n");
		return CLI_USAGE;
	}
	if (is_one_of(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0)
		return end(help_with(argc - 1, argv + 1));
	if (is_one_of(argv[1], "--version", "-V"))
		return end(argc > 2 ? complain_of_rest(argv[2]) : version());
	return end(run(argc - 1, argv + 1));
}
