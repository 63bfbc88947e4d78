#include "heloscope/cli/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli/progress.h"

static int
set_since(void *context, const char *given)
{
	struct cli_log_options *options = context;

	return cli_read_since(options->command, given, options->since);
}

static bool
is_given(const struct cli_log_options *options, const char *log)
{
	for (size_t i = 0; i < options->other_count; i++)
		if (strcmp(options->others[i], log) == 0)
			return true;
	return options->log != NULL && strcmp(options->log, log) == 0;
}

static int
add_log(void *context, const char *given)
{
	struct cli_log_options *options = context;

	if (given[0] == '\0')
		return cli_usage_error(options->command, "--log needs an argument that is not empty");
	if (is_given(options, given)) /* which would count it twice */
		return cli_usage_error(options->command, "--log \"%.200s\" was given twice", given);
	if (options->log == NULL)
		options->log = given;
	else if (options->other_count < CLI_OTHER_LOGS_MAX)
		options->others[options->other_count++] = given;
	else
		return cli_usage_error(options->command, "more than %d logs were given",
				       CLI_OTHER_LOGS_MAX + 1);
	return -1;
}

int
cli_log_read_options(int argc, char **argv, struct cli_log_options *options)
{
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "log", .letter = 'l', .take = add_log, .is_repeatable = options->takes_several },
		{ .name = "since", .take = set_since },
		{ .name = "json", .flag = &options->is_json },
		options->own,
		{ .name = NULL },
	};

	return options_read_all(
		argc, argv,
		&(struct option_syntax){ "heloscope", options->command, options->help, table, options });
}

static void
add_octets(void *progress, int64_t octets)
{
	progress_add_octets(progress, octets);
}

static int64_t
size_of(const struct record_files *files)
{
	int64_t size = 0;

	for (size_t i = 0; i < files->count; i++)
		size += (int64_t)files->items[i].size;
	return size;
}

/* Have them read; on a terminal it is shown how far it is. */
static void
read_files(const struct cli_log_options *options, const struct record_files *files,
	   const struct record_log_reader *reader, struct record_log_reading *reading)
{
	struct record_log_reader telling = *reader;
	struct progress *progress = progress_new(options->command, size_of(files));

	telling.tell = add_octets;
	telling.told = progress;
	record_log_read(files, &telling, reading);
	progress_free(progress);
}

/* Without --since the rotated files are not read, which nobody sees from what is printed. */
static void
tell_rotated(const char *command, size_t count, const char *log)
{
	if (count > 0)
		output_put(output_errors(),
			   "heloscope %s: %zu rotated file%s beside %s not read; --since 7d, say, reads %s\n",
			   command, count, count == 1 ? "" : "s", log, count == 1 ? "it" : "them");
}

/*
 * Leave of all files the log itself, and with --since the rotated ones that may reach so far. False when
 * the log itself is not there: then what begins like it is something else.
 */
static bool
choose_files(struct record_files *files, const char *log, const struct cli_log_options *options)
{
	const bool has_since = options->since[0] != '\0';
	const time_t begin = cli_read_time(options->since) - options->before_since_s;
	bool has_log = false;
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct record_file *file = &files->items[i];
		const bool is_log = strcmp(file->path, log) == 0;

		has_log = has_log || is_log;
		if (is_log || options->reads_rotated || (has_since && file->changed >= begin))
			files->items[kept++] = *file;
		else
			free(file->path);
	}
	if (has_log && !has_since && !options->reads_rotated)
		tell_rotated(options->command, files->count - kept, log);
	files->count = kept;
	return has_log;
}

static void
tell_reading(const char *command, const char *log, const struct record_log_reading *reading)
{
	if (reading->has_fault)
		output_put(output_errors(), "heloscope %s: %s\n", command, reading->fault.text);
	if (reading->passed_over > 0)
		output_put(output_errors(),
			   "heloscope %s: %zu line%s of %s passed over: torn, too long, or no record\n",
			   command, reading->passed_over, reading->passed_over == 1 ? "" : "s", log);
}

static bool
read_log(const char *log, const struct cli_log_options *options, const struct record_log_reader *reader)
{
	struct record_log_reading reading = { .has_fault = true };
	struct record_files files;

	if (record_files_find(log, &files, &reading.fault)) {
		if (choose_files(&files, log, options))
			read_files(options, &files, reader, &reading);
		else
			error_set(&reading.fault, "%s: no such file", log);
	}
	tell_reading(options->command, log, &reading);
	record_files_clear(&files);
	return !reading.has_fault;
}

bool
cli_log_read(const struct cli_log_options *options, const struct config *config,
	     const struct record_log_reader *reader)
{
	const char *log = cli_record_log(options->command, options->log, config, options->config);
	bool is_whole;

	if (log == NULL)
		return false;
	is_whole = read_log(log, options, reader);
	for (size_t i = 0; i < options->other_count; i++)
		is_whole = read_log(options->others[i], options, reader) && is_whole;
	return is_whole;
}
