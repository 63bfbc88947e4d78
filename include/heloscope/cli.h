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

cli_command cli_check, cli_doctor, cli_explain, cli_lists, cli_replay, cli_report;

/* Print for programs: indented, with a line end. */
void cli_put_json(const json_t *json);

/* How standard output may look: colour only on a terminal and without NO_COLOR, UTF-8 by the locale. */
struct explain_style cli_style(void);

/* Say on standard error what is wrong with the arguments of `command`, and where help is. Returns CLI_USAGE.
 */
int cli_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A point in time as text: 2026-11-24T12:00:00Z, with the final NUL. */
#define CLI_TIME_SIZE 24

/* Read "24h", "7d" or such a time into `since`; false for anything else. */
bool cli_read_since(const char *given, char *since);

/* Tables are JSON objects, name -> number. */
#define CLI_ROWS_MAX 10 /* that are shown */

/* Count one more of `name`. */
void cli_count(json_t *table, const char *name);

/* Print the rows with the largest numbers under a title; nothing for an empty table. */
void cli_put_table(const char *title, json_t *table);

#endif
