#include "heloscope/base/output.h"

#include <errno.h>
#include <langinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/escape.h"

static struct output
over(FILE *file, int descriptor)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return (struct output){
		.file = file,
		.has_colour = isatty(descriptor) && (no_colour == NULL || no_colour[0] == '\0')
			      && (terminal == NULL || strcmp(terminal, "dumb") != 0),
		.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
}

struct output *
output_standard(void)
{
	static struct output standard;

	if (standard.file == NULL)
		standard = over(stdout, STDOUT_FILENO);
	return &standard;
}

struct output *
output_errors(void)
{
	static struct output errors;

	if (errors.file == NULL)
		errors = over(stderr, STDERR_FILENO);
	return &errors;
}

static void
put_raw(struct output *out, const char *text, size_t length)
{
	if (out->file != NULL && fwrite(text, 1, length, out->file) != length && out->fault == 0)
		out->fault = errno;
}

static void
put_blanks(struct output *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_raw(out, " ", 1);
}

/* Returns the columns that `text` takes, escaped; writes it when `is_written`. */
static size_t
put_escaped(struct output *out, struct span text, bool is_written)
{
	const unsigned keep = ESCAPE_KEEP_BACKSLASH | (out->is_utf8 ? ESCAPE_KEEP_UTF8 : 0U)
			      | (out->is_markup ? ESCAPE_MARKUP : 0U);
	size_t columns = 0;

	while (text.length > 0) {
		const size_t plain = escape_plain_length(text, keep);
		char shown[ESCAPE_SIZE] = "";

		if (is_written)
			put_raw(out, text.at, plain);
		text = span_from(text, plain);
		if (text.length > 0)
			text = span_from(text, escape_next(text, keep, shown));
		columns += plain + ((unsigned char)shown[0] < 0x80 ? strlen(shown) : 1);
		if (is_written)
			put_raw(out, shown, strlen(shown));
	}
	return columns;
}

void
output_span(struct output *out, struct span text)
{
	(void)put_escaped(out, text, true);
}

void
output_lines(struct output *out, struct span text)
{
	while (text.length > 0) {
		const char *end = memchr(text.at, '\n', text.length);
		const size_t length = end != NULL ? (size_t)(end - text.at) : text.length;

		output_span(out, (struct span){ text.at, length });
		text = span_from(text, length);
		if (end != NULL) {
			put_raw(out, "\n", 1);
			text = span_from(text, 1);
		}
	}
}

/* One conversion of a format: "%-*.60s". */
struct conversion {
	bool is_left, is_zero_filled, has_precision;
	int width, precision;
	unsigned longs;
	bool is_size;
	char letter;
};

/* A number in a format, or the argument that stands for it. The list is passed by its address. */
static int
read_number(const char **format, va_list *arguments)
{
	int number = 0;

	if (**format == '*') {
		(*format)++;
		return va_arg(*arguments, int);
	}
	for (; **format >= '0' && **format <= '9'; (*format)++)
		number = number * 10 + (**format - '0');
	return number;
}

/* Read what stands behind "%". */
static struct conversion
read_conversion(const char **format, va_list *arguments)
{
	struct conversion conversion = { 0 };

	for (; **format == '-' || **format == '0'; (*format)++) {
		conversion.is_left = conversion.is_left || **format == '-';
		conversion.is_zero_filled = conversion.is_zero_filled || **format == '0';
	}
	conversion.width = read_number(format, arguments);
	if (**format == '.') {
		(*format)++;
		conversion.has_precision = true;
		conversion.precision = read_number(format, arguments);
	}
	for (; **format == 'l'; (*format)++)
		conversion.longs++;
	if (**format == 'z') {
		conversion.is_size = true;
		(*format)++;
	}
	if (**format != '\0')
		conversion.letter = *(*format)++;
	return conversion;
}

static void
put_text(struct output *out, const struct conversion *conversion, struct span text)
{
	const size_t columns = put_escaped(out, text, false);
	const size_t width = conversion->width > 0 ? (size_t)conversion->width : 0;
	const size_t blanks = width > columns ? width - columns : 0;

	put_blanks(out, conversion->is_left ? 0 : blanks);
	output_span(out, text);
	put_blanks(out, conversion->is_left ? blanks : 0);
}

static intmax_t
signed_argument(const struct conversion *conversion, va_list *arguments)
{
	if (conversion->longs == 0)
		return va_arg(*arguments, int);
	return conversion->longs == 1 ? va_arg(*arguments, long) : va_arg(*arguments, long long);
}

static uintmax_t
unsigned_argument(const struct conversion *conversion, va_list *arguments)
{
	if (conversion->is_size)
		return va_arg(*arguments, size_t);
	if (conversion->longs == 0)
		return va_arg(*arguments, unsigned);
	return conversion->longs == 1 ? va_arg(*arguments, unsigned long)
				      : va_arg(*arguments, unsigned long long);
}

static void
put_number(struct output *out, const struct conversion *conversion, va_list *arguments)
{
	const int width = conversion->is_left ? -conversion->width : conversion->width;
	const int zeros = conversion->is_zero_filled ? conversion->width : 1;
	char text[128];

	if (conversion->letter == 'd')
		(void)snprintf(text, sizeof text, "%*.*jd", width, zeros,
			       signed_argument(conversion, arguments));
	else if (conversion->letter == 'u')
		(void)snprintf(text, sizeof text, "%*.*ju", width, zeros,
			       unsigned_argument(conversion, arguments));
	else if (conversion->letter == 'o')
		(void)snprintf(text, sizeof text, "%*.*jo", width, zeros,
			       unsigned_argument(conversion, arguments));
	else
		(void)snprintf(text, sizeof text, "%*.*jx", width, zeros,
			       unsigned_argument(conversion, arguments));
	put_raw(out, text, strlen(text));
}

/* Returns false for a conversion that is not known: then nothing can be said of the arguments behind it. */
static bool
convert(struct output *out, const struct conversion *conversion, va_list *arguments)
{
	const char *text;
	char octet;

	switch (conversion->letter) {
	case '%':
		put_raw(out, "%", 1);
		return true;
	case 'c':
		octet = (char)va_arg(*arguments, int);
		put_text(out, conversion, (struct span){ &octet, 1 });
		return true;
	case 's':
		text = va_arg(*arguments, const char *);
		if (text == NULL)
			text = "";
		put_text(out, conversion,
			 (struct span){ text, conversion->has_precision
						      ? strnlen(text, (size_t)conversion->precision)
						      : strlen(text) });
		return true;
	case 'd':
	case 'u':
	case 'o':
	case 'x':
		put_number(out, conversion, arguments);
		return true;
	default:
		return false;
	}
}

void
output_arguments(struct output *out, const char *format, va_list arguments)
{
	va_list rest;

	va_copy(rest, arguments);
	while (*format != '\0') {
		const size_t length = strcspn(format, "%");
		struct conversion conversion;

		put_raw(out, format, length);
		format += length;
		if (*format == '\0')
			break;
		format++;
		conversion = read_conversion(&format, &rest);
		if (!convert(out, &conversion, &rest)) {
			put_raw(out, "%?", 2);
			break;
		}
	}
	va_end(rest);
}

void
output_formatted(struct output *out, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	output_arguments(out, format, arguments);
	va_end(arguments);
}

void
output_set_colour(struct output *out, enum output_colour colour)
{
	static const char *const sequences[] = {
		[OUTPUT_PLAIN] = "\033[0m",  [OUTPUT_BOLD] = "\033[1m",    [OUTPUT_RED] = "\033[31m",
		[OUTPUT_GREEN] = "\033[32m", [OUTPUT_YELLOW] = "\033[33m",
	};

	if (out->has_colour)
		put_raw(out, sequences[colour], strlen(sequences[colour]));
}

bool
output_flush(struct output *out)
{
	if (out->file != NULL && fflush(out->file) != 0 && out->fault == 0)
		out->fault = errno;
	return out->fault == 0;
}

bool
output_close(struct output *out)
{
	const bool is_flushed = output_flush(out);

	if (fclose(out->file) != 0 && is_flushed)
		out->fault = errno;
	return out->fault == 0;
}
