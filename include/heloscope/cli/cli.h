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
#include "heloscope/base/options.h"
#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"

/* Exit statuses of all commands. */
enum {
	CLI_WELL = 0,
	CLI_FINDINGS = 1, /* something is wrong with what was looked at */
	CLI_USAGE = OPTIONS_USAGE,
	CLI_UNKNOWN = 3, /* could not be determined */
};

/* A command: its arguments begin with its name. Returns the exit status. */
typedef int cli_command(int argc, char **argv);

cli_command cli_check, cli_collect, cli_doctor, cli_explain, cli_forget, cli_lists, cli_metrics, cli_page,
	cli_reflect, cli_replay, cli_report, cli_status, cli_why, cli_wiring;

/* Say on standard error what is wrong with the arguments of `command`, and where help is. Returns CLI_USAGE.
 */
int cli_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Say there what could not be read, and why; `file` is empty for standard input. */
void cli_tell_unread(const char *command, struct span file, const char *reason);

/*
 * The log of records: `given`, or when that is NULL the one that the configuration names. NULL, with the
 * reason on standard error, when it names none. `path` is that of the configuration.
 */
const char *cli_record_log(const char *command, const char *given, const struct config *config,
			   const char *path);

/*
 * A configuration for who looks at a sender's side: the file `given`; without one that of the filter here, if
 * it can be read, else what is set by default. No check is left out. NULL, with the reason on standard error,
 * when it has an error.
 */
struct config *cli_config_or_defaults(const char *given) MUST_USE;

/*
 * The configuration of the filter, for who does not change it: of its warnings nothing is said. NULL, with
 * the reason on standard error, when it has an error.
 */
struct config *cli_config_of_filter(const char *path) MUST_USE;

/* What commands take that tell about the filter, or of what it uses, and have no options of their own. */
struct cli_options {
	const char *config; /* CONFIG_FILE where none is given */
	bool is_json;
};

/* Read them, for the command of that name. Returns -1 to go on, or the status to exit with. */
int cli_read_options(const char *command, const char *help, int argc, char **argv,
		     struct cli_options *options) MUST_USE;

#define CLI_ROWS_MAX 10   /* of a table that are shown */
#define CLI_ROW_SIZE 4000 /* room for the text of one */

/* Add what is counted in a row, in words; what stands in records is escaped when it is printed. */
typedef void cli_row_text(const json_t *row, struct strbuf *text);

/* Of rows that count hosts or domains. */
void cli_add_client(const json_t *row, struct strbuf *text);
void cli_add_domain(const json_t *row, struct strbuf *text);

/* The "rule" of a row as it stands in the configuration ("text"), if that is known, and where; `action`: what
 * it does. */
void cli_add_rule(const json_t *row, const char *action, struct strbuf *text);

/* Print the first rows of a table, each with its "count", under a title; nothing for an empty table. */
void cli_put_table(const char *title, const json_t *rows, cli_row_text *text_of);

#endif
