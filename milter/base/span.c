#include "heloscope/base/span.h"

#include <string.h>

#define DIGITS_MAX 9 /* 999999999 fits in any unsigned */

int
ascii_hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct span
span_trim(struct span text)
{
	while (text.length > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
		text = span_from(text, 1);
	while (text.length > 0 && (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t'))
		text.length--;
	return text;
}

struct span
span_until(struct span *text, char end)
{
	const char *at = text->length > 0 ? memchr(text->at, end, text->length) : NULL;
	const struct span taken = { text->at, at != NULL ? (size_t)(at - text->at) : text->length };

	*text = span_from(*text, taken.length + 1);
	return taken;
}

struct span
span_word(struct span *text, const char *between)
{
	struct span word;

	while (text->length > 0 && ascii_is_among(text->at[0], between))
		*text = span_from(*text, 1);
	word = (struct span){ text->at, 0 };
	while (word.length < text->length && !ascii_is_among(word.at[word.length], between))
		word.length++;
	*text = span_from(*text, word.length);
	return word;
}

size_t
span_digits(struct span text)
{
	size_t count = 0;

	while (count < text.length && ascii_is_digit(text.at[count]))
		count++;
	return count;
}

bool
span_equals(struct span a, struct span b)
{
	return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

bool
span_equals_nocase(struct span a, struct span b)
{
	return a.length == b.length && span_starts_with_nocase(a, b);
}

bool
span_starts_with_nocase(struct span text, struct span part)
{
	if (text.length < part.length)
		return false;
	for (size_t i = 0; i < part.length; i++)
		if (ascii_lower(text.at[i]) != ascii_lower(part.at[i]))
			return false;
	return true;
}

bool
span_ends_with_nocase(struct span text, struct span part)
{
	return text.length >= part.length
	       && span_starts_with_nocase(span_from(text, text.length - part.length), part);
}

bool
span_contains_nocase(struct span text, struct span part)
{
	while (text.length > part.length && !span_starts_with_nocase(text, part))
		text = span_from(text, 1);
	return span_starts_with_nocase(text, part);
}

bool
span_to_number(struct span text, unsigned min, unsigned max, unsigned *number)
{
	unsigned value = 0;

	if (text.length == 0 || text.length > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (!ascii_is_digit(text.at[i]))
			return false;
		value = value * 10 + (unsigned)(text.at[i] - '0');
	}
	if (value < min || value > max)
		return false;
	*number = value;
	return true;
}
