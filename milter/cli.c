#include "heloscope/cli.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
