#include "heloscope/base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define BITS 6 /* of a digit */

/* -1 for what is no digit. */
static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
base64_decode(struct span text, unsigned char *octets, size_t size, size_t *length)
{
	unsigned bits = 0, held = 0;
	size_t count = 0, seen = 0, padding = 0;

	for (size_t i = 0; i < text.length; i++) {
		const char c = text.at[i];
		const int value = value_of(c);

		if (ascii_is_blank(c))
			continue;
		padding += c == '=' ? 1 : 0;
		if (c == '=')
			continue;
		if (value < 0 || padding > 0)
			return false;
		seen++;
		bits = (bits << BITS | (unsigned)value) & 0xffffU;
		held += BITS;
		if (held < 8)
			continue;
		if (count == size)
			return false;
		held -= 8;
		octets[count++] = (unsigned char)(bits >> held);
	}
	if (seen % 4 == 1 || padding > 2 || (padding > 0 && (seen + padding) % 4 != 0))
		return false;
	*length = count;
	return true;
}

void
base64_add(struct strbuf *out, const unsigned char *octets, size_t length)
{
	for (size_t i = 0; i < length; i += 3) {
		const size_t left = length - i;
		const unsigned bits = (unsigned)octets[i] << 16
				      | (left > 1 ? (unsigned)octets[i + 1] << 8 : 0)
				      | (left > 2 ? octets[i + 2] : 0);

		strbuf_add_char(out, digits[bits >> 18]);
		strbuf_add_char(out, digits[bits >> 12 & 63]);
		strbuf_add_char(out, left > 1 ? digits[bits >> 6 & 63] : '=');
		strbuf_add_char(out, left > 2 ? digits[bits & 63] : '=');
	}
}
