#include "heloscope/base/prose.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#define WIDTH 80
#define TEXT_MAX 4000

void
prose_wrap(struct output *out, const char *words, size_t column, size_t indent)
{
	bool is_first = true;

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

void
prose_put(struct output *out, size_t indent, const char *format, ...)
{
	char memory[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(memory, sizeof memory, format, arguments);
	va_end(arguments);
	output_put(out, "%*s", (int)indent, "");
	prose_wrap(out, memory, indent, indent);
}

void
prose_bullet(struct output *out, const char *format, ...)
{
	char memory[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(memory, sizeof memory, format, arguments);
	va_end(arguments);
	output_put(out, "  * ");
	prose_wrap(out, memory, 4, 4);
}
