/*
 * cli_log: the audit log, record by record, for the commands that read all of it, and their options.
 */
#ifndef HELOSCOPE_CLI_LOG_H
#define HELOSCOPE_CLI_LOG_H

#include <jansson.h>
#include <stdbool.h>

#include "heloscope/cli.h"
#include "heloscope/config.h"

struct cli_log_options {
	const char *command, *help; /* given: the name of the command, and what --help prints */
	bool takes_html;            /* given: whether there is --html */
	const char *config;         /* given as the default, or NULL */
	const char *log;            /* NULL: the one that the configuration names */
	const char *html;           /* a file to write, or NULL */
	char since[CLI_TIME_SIZE];  /* or "" */
	bool is_json;
};

/* Read the options. Returns -1 to go on, or the status to exit with. */
int cli_log_read_options(int argc, char **argv, struct cli_log_options *options);

/* Takes a record. Returns false when it is none: then it is counted as passed over. */
typedef bool cli_log_take(void *context, const json_t *record);

/*
 * Give each record of the log to `take`. What was passed over is said on standard error, and on a terminal
 * how far it is. False, with the reason on standard error, when no log is named or it cannot be read.
 * `config` may be NULL when the options name the log.
 */
bool cli_log_read(const struct cli_log_options *options, const struct config *config, cli_log_take *take,
		  void *context);

#endif
