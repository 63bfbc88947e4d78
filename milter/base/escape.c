#include "heloscope/base/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Code points that nobody sees, or that change how others are seen. The ends belong to them. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0x00, 0x1f },       { 0x7f, 0x9f },        { 0xad, 0xad },     { 0x34f, 0x34f },
	{ 0x61c, 0x61c },     { 0x115f, 0x1160 },    { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
	{ 0x200b, 0x200f },   { 0x2028, 0x202e },    { 0x2060, 0x206f }, { 0x3164, 0x3164 },
	{ 0xd800, 0xf8ff },   { 0xfdd0, 0xfdef },    { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },    { 0xfffe, 0xffff }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0x10ffff },
};

static bool
is_printable(uint32_t point)
{
	if (point >= ' ' && point <= '~') /* as most are */
		return true;
	for (size_t i = 0; i < sizeof unprintable / sizeof unprintable[0]; i++)
		if (point >= unprintable[i].first && point <= unprintable[i].last)
			return false;
	return true;
}

/* The code point in valid UTF-8 (RFC 3629, section 4) with which `text` begins; its length, or 0. */
static size_t
decode(struct span text, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char first = text.length > 0 ? (unsigned char)text.at[0] : 0xff;
	const size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first > 0xf4 || length == 0 || length > text.length)
		return 0;
	*point = length == 1 ? first : first & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		const unsigned char next = (unsigned char)text.at[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (next & 0x3fU);
	}
	if (*point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return length;
}

size_t
escape_utf8_length(struct span text)
{
	uint32_t point;

	return decode(text, &point);
}

static void
write_hex(struct span octets, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < octets.length; i++) {
		const unsigned char octet = (unsigned char)octets.at[i];

		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[octet >> 4];
		*out++ = digits[octet & 15];
	}
	*out = '\0';
}

/* In text of HTML, and in values of attributes, whatever the quotes. */
#define MARKUP "<>&\"'"

/* Eight octets at a time. */
#define EACH(octet) (UINT64_C(0x0101010101010101) * (unsigned char)(octet))

/* Not 0 when one of the eight is 0. */
static uint64_t
has_zero(uint64_t eight)
{
	return (eight - EACH(1)) & ~eight & EACH(0x80);
}

/* Whether each is printable ASCII and none is among the special ones. A borrow of the subtraction reaches
 * others only where an octet below a blank stands. */
static bool
are_plain(uint64_t eight, const char *special)
{
	uint64_t bad = ((eight | (eight - EACH(' '))) & EACH(0x80)) | has_zero(eight ^ EACH(0x7f));

	for (; *special != '\0'; special++)
		bad |= has_zero(eight ^ EACH(*special));
	return bad == 0;
}

size_t
escape_run_length(struct span text, const char *special)
{
	size_t length = 0;

	while (length < text.length) {
		const size_t left = text.length - length < 8 ? text.length - length : 8;
		uint64_t eight = EACH('a');

		memcpy(&eight, text.at + length, left);
		if (!are_plain(eight, special))
			break;
		length += left;
	}
	while (length < text.length && ascii_is_printable(text.at[length])
	       && !ascii_is_among(text.at[length], special))
		length++;
	return length;
}

size_t
escape_plain_length(struct span text, unsigned keep)
{
	if ((keep & ESCAPE_MARKUP) != 0)
		return escape_run_length(text, (keep & ESCAPE_KEEP_BACKSLASH) != 0 ? MARKUP : MARKUP "\\");
	return escape_run_length(text, (keep & ESCAPE_KEEP_BACKSLASH) != 0 ? "" : "\\");
}

size_t
escape_next(struct span text, unsigned keep, char out[ESCAPE_SIZE])
{
	uint32_t point;
	size_t length = decode(text, &point);
	const bool stays =
		length > 0 && is_printable(point) && (length == 1 || (keep & ESCAPE_KEEP_UTF8) != 0);

	if (length == 0)
		length = 1;
	if (!stays) {
		write_hex((struct span){ text.at, length }, out);
	} else if (point == '\\' && (keep & ESCAPE_KEEP_BACKSLASH) == 0) {
		memcpy(out, "\\\\", 3);
	} else if ((keep & ESCAPE_MARKUP) != 0 && length == 1 && ascii_is_among(text.at[0], MARKUP)) {
		(void)snprintf(out, ESCAPE_SIZE, "&#%u;", (unsigned)point);
	} else {
		memcpy(out, text.at, length);
		out[length] = '\0';
	}
	return length;
}

size_t
escape_undo(struct span text, char *octet)
{
	*octet = text.at[0];
	if (text.at[0] != '\\' || text.length == 1)
		return 1;
	if (text.at[1] == '\\')
		return 2;
	if (text.at[1] != 'x' || text.length < 4 || ascii_hex_value(text.at[2]) < 0
	    || ascii_hex_value(text.at[3]) < 0)
		return 1;
	*octet = (char)(ascii_hex_value(text.at[2]) << 4 | ascii_hex_value(text.at[3]));
	return 4;
}
