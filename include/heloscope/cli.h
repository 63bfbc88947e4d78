/*
 * cli: what the commands of heloscope(1) share.
 */
#ifndef HELOSCOPE_CLI_H
#define HELOSCOPE_CLI_H

#include <stdbool.h>

#include "heloscope/explain.h"

/* Exit statuses of all commands. */
enum {
	CLI_WELL = 0,
	CLI_FINDINGS = 1, /* something is wrong with what was looked at */
	CLI_USAGE = 2,
	CLI_UNKNOWN = 3, /* could not be determined */
};

/* A command: its arguments begin with its name. Returns the exit status. */
typedef int cli_command(int argc, char **argv);

cli_command cli_check, cli_doctor, cli_explain, cli_lists, cli_replay;

/* Print for programs: indented, with a line end. */
void cli_put_json(const json_t *json);

/* How standard output may look: colour only on a terminal and without NO_COLOR, UTF-8 by the locale. */
struct explain_style cli_style(void);

/* Say on standard error what is wrong with the arguments of `command`, and where help is. Returns CLI_USAGE.
 */
int cli_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
