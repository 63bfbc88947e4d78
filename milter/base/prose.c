#include "heloscope/base/prose.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#define WIDTH 80
#define TEXT_MAX 4000
#define MARKUP_COLUMNS 30 /* that fit on a phone */

void
prose_wrap(struct output *out, const char *words, size_t column, size_t indent)
{
	bool is_first = true;

	if (out->is_markup) { /* the browser breaks lines */
		output_put(out, "%s\n", words);
		return;
	}
	while (*words != '\0') {
		const size_t length = strcspn(words, " ");

		if (!is_first && column + 1 + length > WIDTH) {
			output_put(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!is_first) {
			output_put(out, " ");
			column++;
		}
		output_span(out, (struct span){ words, length });
		column += length;
		is_first = false;
		words += length + strspn(words + length, " ");
	}
	output_put(out, "\n");
}

static void
put_indented(struct output *out, size_t indent, const char *words)
{
	output_put(out, "%*s", (int)indent, "");
	prose_wrap(out, words, indent, indent);
}

void
prose_record(struct output *out, size_t indent, const char *record)
{
	if (!out->is_markup) {
		put_indented(out, indent, record);
		return;
	}
	output_put(
		out,
		"<textarea class=\"record\" readonly spellcheck=\"false\" rows=\"%zu\" aria-label=\"Record to copy\">",
		strlen(record) / MARKUP_COLUMNS + 1);
	output_put(out, "%s</textarea>\n", record);
}

void
prose_put(struct output *out, size_t indent, const char *format, ...)
{
	char memory[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(memory, sizeof memory, format, arguments);
	va_end(arguments);
	if (out->is_markup)
		output_put(out, "<p>%s</p>\n", memory);
	else
		put_indented(out, indent, memory);
}

void
prose_bullet(struct output *out, const char *format, ...)
{
	char memory[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(memory, sizeof memory, format, arguments);
	va_end(arguments);
	if (out->is_markup) {
		output_put(out, "<p class=\"point\">%s</p>\n", memory);
		return;
	}
	output_put(out, "  * ");
	prose_wrap(out, memory, 4, 4);
}
