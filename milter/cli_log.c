#include "heloscope/cli_log.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOLD_EACH 4096 /* records after which it is told how far we are */

int
cli_log_read_options(int argc, char **argv, struct cli_log_options *options)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "log", required_argument, NULL, 'l' },
		{ "since", required_argument, NULL, 's' },
		{ "html", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "c:l:h", names, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options->config = optarg;
			break;
		case 'l':
			options->log = optarg;
			break;
		case 's':
			if (!cli_read_since(optarg, options->since))
				return cli_usage_error(options->command,
						       "\"%.40s\" is no time; expected one like 24h, 7d or "
						       "2026-11-24T12:00:00Z",
						       optarg);
			break;
		case 'm':
			if (!options->takes_html)
				return cli_usage_error(options->command, "there is no --html");
			options->html = optarg;
			break;
		case 'j':
			options->is_json = true;
			break;
		case 'h':
			(void)fputs(options->help, stdout);
			return CLI_WELL;
		default:
			return cli_usage_error(options->command, "wrong option");
		}
	}
	return optind == argc
		       ? -1
		       : cli_usage_error(options->command, "unexpected argument \"%.60s\"", argv[optind]);
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
	const char *log = options->log != NULL ? options->log : config->audit_log;
	FILE *file = log != NULL ? fopen(log, "re") : NULL;
	size_t passed_over = 0;

	if (file == NULL) {
		if (log == NULL)
			(void)fprintf(stderr,
				      "heloscope %s: %s has no \"audit log\"; expected one, or --log\n",
				      options->command, options->config);
		else
			(void)fprintf(stderr, "heloscope %s: %s: %s\n", options->command, log,
				      strerror(errno));
		return false;
	}
	read_file(file, take, context, &passed_over);
	(void)fclose(file);
	if (passed_over > 0)
		(void)fprintf(stderr, "heloscope %s: %zu line%s of %s passed over: torn, or no record\n",
			      options->command, passed_over, passed_over == 1 ? "" : "s", log);
	return true;
}
