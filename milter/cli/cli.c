#include "heloscope/cli/cli.h"

#include <stdarg.h>
#include <unistd.h>

#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"
#include "heloscope/config/read.h"

int
cli_usage_error(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	option_complain("heloscope", command, format, arguments);
	va_end(arguments);
	return CLI_USAGE;
}

void
cli_tell_unread(const char *command, struct span file, const char *reason)
{
	output_put(output_errors(), "heloscope %s: ", command);
	output_span(output_errors(), file.length > 0 ? file : SPAN("standard input"));
	output_put(output_errors(), ": %s\n", reason);
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

void
cli_add_client(const json_t *row, struct strbuf *text)
{
	strbuf_add(text, document_text_of(row, "client"));
}

void
cli_add_domain(const json_t *row, struct strbuf *text)
{
	strbuf_add(text, document_text_of(row, "domain"));
}

void
cli_add_rule(const json_t *row, const char *action, struct strbuf *text)
{
	const char *rule = document_text_of(row, "rule"), *itself = document_text_of(row, "text");

	if (rule[0] == '\0')
		strbuf_printf(text, "no rule (%s)", action);
	else if (itself[0] == '\0')
		strbuf_printf(text, "rule at %s (%s)", rule, action);
	else
		strbuf_printf(text, "%s # %s", itself, rule);
}

void
cli_put_table(const char *title, const json_t *rows, cli_row_text *text_of)
{
	const size_t count = json_array_size(rows);

	if (count == 0)
		return;
	output_put(output_standard(), "\n%s\n\n", title);
	for (size_t i = 0; i < count && i < CLI_ROWS_MAX; i++) {
		const json_t *row = json_array_get(rows, i);
		char memory[CLI_ROW_SIZE];
		struct strbuf text;

		strbuf_init(&text, memory, sizeof memory);
		text_of(row, &text);
		output_put(output_standard(), "%8lld  ", (long long)document_number_of(row, "count"));
		prose_wrap(output_standard(), memory, 10, 12);
	}
	if (count > CLI_ROWS_MAX)
		output_put(output_standard(), "          and %zu more\n", count - CLI_ROWS_MAX);
}

struct config *
cli_config_or_defaults(const char *given)
{
	const char *path = given;
	struct config *config;

	if (path == NULL && access(CONFIG_FILE, R_OK) == 0)
		path = CONFIG_FILE;
	config = config_read(path, output_errors());
	if (config == NULL)
		return NULL;
	config->disabled = 0; /* what the filter leaves out is looked at all the same */
	config->looks_back = true;
	return config;
}

struct config *
cli_config_of_filter(const char *path)
{
	struct output unread = { .file = NULL };
	struct config *config = config_read(path, &unread);

	return config != NULL ? config : config_read(path, output_errors()); /* which says why */
}

int
cli_read_options(const char *command, const char *help, int argc, char **argv, struct cli_options *options)
{
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};

	*options = (struct cli_options){ .config = CONFIG_FILE };
	return options_read_all(argc, argv,
				&(struct option_syntax){ "heloscope", command, help, table, NULL });
}
