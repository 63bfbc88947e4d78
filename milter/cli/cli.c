#include "heloscope/cli/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/base/document.h"

#define FIRST_OPTION 256 /* beyond the letters, so that long forms are told from them */

int
cli_usage_error(const char *command, const char *format, ...)
{
	va_list arguments;

	output_put(output_errors(), "heloscope %s: ", command);
	va_start(arguments, format);
	output_arguments(output_errors(), format, arguments);
	va_end(arguments);
	output_put(output_errors(), "; try \"heloscope %s --help\"\n", command);
	return CLI_USAGE;
}

/* The long and the short forms, as getopt_long(3) wants them; -h stands in front. */
static void
fill_forms(const struct cli_option *options, struct option *names, char *letters)
{
	*names++ = (struct option){ "help", no_argument, NULL, 'h' };
	*letters++ = ':'; /* a missing argument is told from an option that there is not */
	*letters++ = 'h';
	for (int i = 0; i < CLI_OPTIONS_MAX && options[i].name != NULL; i++) {
		const bool has_argument = options[i].flag == NULL;

		*names++ = (struct option){ options[i].name, has_argument ? required_argument : no_argument,
					    NULL, FIRST_OPTION + i };
		if (options[i].letter == 0)
			continue;
		*letters++ = options[i].letter;
		if (has_argument)
			*letters++ = ':';
	}
	*names = (struct option){ NULL, 0, NULL, 0 };
	*letters = '\0';
}

/* The option that getopt_long(3) has found, or NULL. */
static const struct cli_option *
found_option(const struct cli_option *options, int found)
{
	for (int i = 0; i < CLI_OPTIONS_MAX && options[i].name != NULL; i++)
		if (found == FIRST_OPTION + i || (found != 0 && found == options[i].letter))
			return &options[i];
	return NULL;
}

/* An option, with what getopt(3) has for it; `is_given`: it was there before. */
static int
take_option(const struct cli_syntax *syntax, const struct cli_option *option, bool *is_given)
{
	const bool is_again = *is_given;

	*is_given = true;
	if (option->flag != NULL) {
		*option->flag = true;
		return -1;
	}
	if (is_again && !option->is_repeatable)
		return cli_usage_error(syntax->command, "--%s was given twice", option->name);
	if (option->take != NULL)
		return option->take(syntax->context, optarg);
	if (optarg[0] == '\0')
		return cli_usage_error(syntax->command, "--%s needs an argument that is not empty",
				       option->name);
	*option->text = optarg;
	return -1;
}

int
cli_read_options(int argc, char **argv, const struct cli_syntax *syntax)
{
	struct option names[CLI_OPTIONS_MAX + 2];
	char letters[2 * CLI_OPTIONS_MAX + 3];
	bool given[CLI_OPTIONS_MAX] = { false };
	int found, status = -1;

	fill_forms(syntax->options, names, letters);
	opterr = 0; /* getopt(3) would print what it was given as it is */
	while (status < 0 && (found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		const struct cli_option *option = found_option(syntax->options, found);

		if (found == 'h') {
			output_lines(output_standard(), syntax->help);
			return CLI_WELL;
		}
		if (found == ':')
			return cli_usage_error(syntax->command, "option \"%.60s\" wants an argument",
					       argv[optind - 1]);
		if (option == NULL)
			return cli_usage_error(syntax->command, "unknown option \"%.60s\"", argv[optind - 1]);
		status = take_option(syntax, option, &given[option - syntax->options]);
	}
	return status;
}

int
cli_read_only_options(int argc, char **argv, const struct cli_syntax *syntax)
{
	const int status = cli_read_options(argc, argv, syntax);

	if (status < 0 && optind < argc)
		return cli_usage_error(syntax->command, "unexpected argument \"%.60s\"", argv[optind]);
	return status;
}

const char *
cli_audit_log(const char *command, const char *given, const struct config *config, const char *path)
{
	if (given != NULL)
		return given;
	if (config->audit_log == NULL)
		output_put(output_errors(), "heloscope %s: %s has no \"audit log\"; expected one, or --log\n",
			   command, path);
	return config->audit_log;
}

struct row {
	const char *name;
	json_int_t count;
};

static int
compare_rows(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return strcmp(left->name, right->name);
}

void
cli_put_table(const char *title, json_t *table)
{
	const size_t size = json_object_size(table);
	struct row *rows = calloc(size + 1, sizeof *rows);
	size_t used = 0;

	if (rows == NULL || size == 0) {
		free(rows);
		return;
	}
	for (void *at = json_object_iter(table); at != NULL; at = json_object_iter_next(table, at))
		rows[used++] = (struct row){ json_object_iter_key(at),
					     json_integer_value(json_object_iter_value(at)) };
	qsort(rows, used, sizeof *rows, compare_rows);
	output_put(output_standard(), "\n%s\n\n", title);
	for (size_t i = 0; i < used && i < CLI_ROWS_MAX; i++)
		output_put(output_standard(), "%8lld  %s\n", (long long)rows[i].count, rows[i].name);
	if (used > CLI_ROWS_MAX)
		output_put(output_standard(), "          and %zu more\n", used - CLI_ROWS_MAX);
	free(rows);
}
