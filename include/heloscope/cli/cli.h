/*
 * cli: what the commands of heloscope(1) share.
 */
#ifndef HELOSCOPE_CLI_CLI_H
#define HELOSCOPE_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"
#include "heloscope/words/explain.h"
#include "heloscope/base/output.h"

/* Exit statuses of all commands. */
enum {
	CLI_WELL = 0,
	CLI_FINDINGS = 1, /* something is wrong with what was looked at */
	CLI_USAGE = 2,
	CLI_UNKNOWN = 3, /* could not be determined */
};

/* A command: its arguments begin with its name. Returns the exit status. */
typedef int cli_command(int argc, char **argv);

cli_command cli_check, cli_doctor, cli_explain, cli_lists, cli_replay, cli_report;

/* Say on standard error what is wrong with the arguments of `command`, and where help is. Returns CLI_USAGE.
 */
int cli_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An option of a command. Exactly one of the pointers says what becomes of it. */
struct cli_option {
	const char *name;                                 /* the long form */
	char letter;                                      /* the short form, or 0 */
	bool *flag;                                       /* is set to true: the option has no argument */
	const char **text;                                /* is set to the argument */
	int (*take)(void *context, const char *argument); /* is given it; -1 to go on, or an exit status */
	bool is_repeatable;                               /* may be given more than once */
};

#define CLI_OPTIONS_MAX 12

struct cli_syntax {
	const char *command, *help;       /* its name; what -h and --help print */
	const struct cli_option *options; /* without those two; ended by one without name */
	void *context;                    /* for take() */
};

/*
 * Read the options; `optind` of getopt(3) is left at the first argument behind them. Returns -1 to go
 * on, or the status to exit with.
 */
int cli_read_options(int argc, char **argv, const struct cli_syntax *syntax) MUST_USE;

/* For commands without other arguments: the same, and there must be none. */
int cli_read_only_options(int argc, char **argv, const struct cli_syntax *syntax) MUST_USE;

/*
 * The audit log: `given`, or when that is NULL the one that the configuration names. NULL, with the
 * reason on standard error, when it names none. `path` is that of the configuration.
 */
const char *cli_audit_log(const char *command, const char *given, const struct config *config,
			  const char *path);

/* Tables are JSON objects, name -> number. */
#define CLI_ROWS_MAX 10 /* that are shown */

/* Print the rows with the largest numbers under a title; nothing for an empty table. */
void cli_put_table(const char *title, json_t *table);

#endif
