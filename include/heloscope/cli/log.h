/*
 * cli_log: the log of records, record by record, for the commands that read all of it, and their options.
 */
#ifndef HELOSCOPE_CLI_LOG_H
#define HELOSCOPE_CLI_LOG_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/records/scan.h"
#include "heloscope/cli/cli.h"
#include "heloscope/cli/argument.h"
#include "heloscope/config/config.h"

#define CLI_OTHER_LOGS_MAX 99

struct cli_log_options {
	const char *command, *help; /* given: the name of the command, and what --help prints */
	struct option_row own;      /* given: one more option of the command; without name: none */
	bool reads_rotated;         /* given: all rotated files are read, too, without --since */
	bool takes_several;         /* given: --log may be given several times */
	time_t before_since_s;      /* given: rotated files older than --since by so much are read, too */
	const char *config;         /* or NULL */
	const char *log;            /* NULL: the one that the configuration names */
	const char *others[CLI_OTHER_LOGS_MAX]; /* more of them */
	size_t other_count;
	char since[CLI_TIME_SIZE]; /* or "" */
	bool is_json;
};

/* Read the options. Returns -1 to go on, or the status to exit with. */
int cli_log_read_options(int argc, char **argv, struct cli_log_options *options) MUST_USE;

/*
 * Have the records of each log read; with --since also those of rotated files that were written since then.
 * What was passed over, rotated files without --since among it, is said on standard error, and on a terminal
 * how far it is; `reader->tell` is set here. False, with the reason on standard error, when no log is named
 * or not all of it can be read. `config` may be NULL when the options name the log.
 */
bool cli_log_read(const struct cli_log_options *options, const struct config *config,
		  const struct record_log_reader *reader) MUST_USE;

#endif
