#include "heloscope/prose.h"

#include <stdbool.h>
#include <string.h>

#define WIDTH 80

void
prose_wrap(FILE *out, const char *words, size_t column, size_t indent)
{
	bool is_first = true;

	while (*words != '\0') {
		const size_t length = strcspn(words, " ");

		if (!is_first && column + 1 + length > WIDTH) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!is_first) {
			(void)fputc(' ', out);
			column++;
		}
		(void)fwrite(words, 1, length, out);
		column += length;
		is_first = false;
		words += length + strspn(words + length, " ");
	}
	(void)fputc('\n', out);
}
