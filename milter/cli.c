#include "heloscope/cli.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct explain_style
cli_style(void)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return (struct explain_style){
		.has_colour = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == '\0')
			      && (terminal == NULL || strcmp(terminal, "dumb") != 0),
		.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
}

int
cli_usage_error(const char *command, const char *format, ...)
{
	va_list arguments;

	(void)fprintf(stderr, "heloscope %s: ", command);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "; try \"heloscope %s --help\"\n", command);
	return CLI_USAGE;
}

void
cli_put_json(const json_t *json)
{
	if (json_dumpf(json, stdout, JSON_INDENT(2)) == 0)
		(void)putchar('\n');
}

bool
cli_read_since(const char *given, char *since)
{
	char *unit;
	const unsigned long number = strtoul(given, &unit, 10);
	struct tm parts = { 0 };
	time_t then = time(NULL);

	if (strptime(given, "%Y-%m-%dT%H:%M:%SZ", &parts) != NULL) {
		(void)snprintf(since, CLI_TIME_SIZE, "%.20s", given);
		return true;
	}
	if (unit == given || number > 100000 || (strcmp(unit, "h") != 0 && strcmp(unit, "d") != 0))
		return false;
	then -= (time_t)number * (unit[0] == 'h' ? 3600 : 86400);
	(void)gmtime_r(&then, &parts);
	(void)strftime(since, CLI_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return true;
}

void
cli_count(json_t *table, const char *name)
{
	const json_int_t before = json_integer_value(json_object_get(table, name));

	(void)json_object_set_new(table, name, json_integer(before + 1));
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
	(void)printf("\n%s\n\n", title);
	for (size_t i = 0; i < used && i < CLI_ROWS_MAX; i++)
		(void)printf("%8lld  %s\n", (long long)rows[i].count, rows[i].name);
	if (used > CLI_ROWS_MAX)
		(void)printf("          and %zu more\n", used - CLI_ROWS_MAX);
	free(rows);
}
