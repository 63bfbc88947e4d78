#include "heloscope/cli_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOLD_EACH 4096 /* records after which it is told how far we are */

static int
set_since(void *context, const char *given)
{
	struct cli_log_options *options = context;

	if (cli_read_since(given, options->since))
		return -1;
	return cli_usage_error(options->command,
			       "\"%.40s\" is no time; expected one like 24h, 7d or 2026-11-24T12:00:00Z",
			       given);
}

int
cli_log_read_options(int argc, char **argv, struct cli_log_options *options)
{
	const struct cli_option table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "log", .letter = 'l', .text = &options->log },
		{ .name = "since", .take = set_since },
		{ .name = "json", .flag = &options->is_json },
		{ .name = options->takes_html ? "html" : NULL, .text = &options->html },
		{ .name = NULL },
	};

	return cli_read_only_options(argc, argv,
				     &(struct cli_syntax){ options->command, options->help, table, options });
}

/* How far the reading is, on a terminal. */
struct progress {
	off_t size; /* 0: nobody wants to know */
	size_t records;
};

static struct progress
progress_begin(FILE *file)
{
	struct stat status;
	const bool is_wanted = isatty(STDERR_FILENO) && fstat(fileno(file), &status) == 0;

	return (struct progress){ .size = is_wanted ? status.st_size : 0 };
}

static void
progress_tell(struct progress *progress, FILE *file)
{
	if (progress->size > 0 && ++progress->records % TOLD_EACH == 0)
		(void)fprintf(stderr, "\r%3d %%", (int)(100 * ftello(file) / progress->size));
}

static void
progress_end(const struct progress *progress)
{
	if (progress->records >= TOLD_EACH)
		(void)fputs("\r     \r", stderr);
}

static void
read_file(FILE *file, cli_log_take *take, void *context, size_t *passed_over)
{
	struct progress progress = progress_begin(file);
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while ((length = getline(&line, &size, file)) > 0) {
		json_error_t place;
		json_t *record = json_loadb(line, (size_t)length, 0, &place);

		*passed_over += record != NULL && take(context, record) ? 0 : 1;
		json_decref(record);
		progress_tell(&progress, file);
	}
	progress_end(&progress);
	free(line);
}

bool
cli_log_read(const struct cli_log_options *options, const struct config *config, cli_log_take *take,
	     void *context)
{
	const char *log = cli_audit_log(options->command, options->log, config, options->config);
	FILE *file = log != NULL ? fopen(log, "re") : NULL;
	size_t passed_over = 0;

	if (log == NULL)
		return false;
	if (file == NULL) {
		(void)fprintf(stderr, "heloscope %s: %s: %s\n", options->command, log, strerror(errno));
		return false;
	}
	read_file(file, take, context, &passed_over);
	(void)fclose(file);
	if (passed_over > 0)
		(void)fprintf(stderr, "heloscope %s: %zu line%s of %s passed over: torn, or no record\n",
			      options->command, passed_over, passed_over == 1 ? "" : "s", log);
	return true;
}
