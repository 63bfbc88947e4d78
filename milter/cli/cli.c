#include "heloscope/cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/base/document.h"

int
cli_usage_error(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	option_complain("heloscope", command, format, arguments);
	va_end(arguments);
	return CLI_USAGE;
}

const char *
cli_record_log(const char *command, const char *given, const struct config *config, const char *path)
{
	if (given != NULL)
		return given;
	if (config->records == NULL)
		output_put(output_errors(), "heloscope %s: %s has no \"records\"; expected one, or --log\n",
			   command, path);
	return config->records;
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
