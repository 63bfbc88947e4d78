/*
 * span: a stretch of bytes inside longer text, and strict readers for it.
 *
 * Plain values, no allocation, no locale. A span is not terminated and owns nothing: it is
 * good for as long as the text that it points into. It may hold any byte, also NUL. Never
 * log its bytes unescaped.
 */
#ifndef HELOSCOPE_BASE_SPAN_H
#define HELOSCOPE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "heloscope/base/must_use.h"

struct span {
	const char *at; /* not NULL */
	size_t length;  /* octets, may be 0 */
};

#define SPAN(literal) ((struct span){ (literal), sizeof(literal) - 1 })

/* What is asked for each octet that comes in stands here, so that the compiler can put it where it is asked.
 */

/* The span of all of a terminated string; NULL gives the empty span. */
static inline struct span
span_of(const char *text)
{
	return text == NULL ? (struct span){ "", 0 } : (struct span){ text, strlen(text) };
}

/* The rest of `text` from `start` on; empty when `start` lies behind the end. */
static inline struct span
span_from(struct span text, size_t start)
{
	if (start > text.length)
		start = text.length;
	return (struct span){ text.at + start, text.length - start };
}

/* Whether an octet is one of 0x20 to 0x7e, whatever the locale. */
static inline bool
ascii_is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

static inline char
ascii_lower(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char)(c - 'A' + 'a') : c;
}

static inline bool
ascii_is_alpha(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

#define ASCII_BLANKS " \t\r\n"

/* Blanks and line ends, of which folding and JSON consist. */
static inline bool
ascii_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* NUL, which ends `set`, is in none. */
static inline bool
ascii_is_among(char c, const char *set)
{
	while (*set != '\0' && *set != c)
		set++;
	return *set != '\0';
}

int ascii_hex_value(char c); /* of a digit of either case; -1 for others */

/* Without the blanks and tabs at both ends. */
struct span span_trim(struct span text);

/* Take what stands up to an octet, which is taken, too, or all, off `text`. */
struct span span_until(struct span *text, char end);

/* Take the next word, of octets that are not in the set `between`, off `text`; empty when there is none. */
struct span span_word(struct span *text, const char *between);

/* How many digits stand at its beginning. */
size_t span_digits(struct span text);

/* Byte for byte the same / the same but for the case of ASCII letters. */
bool span_equals(struct span a, struct span b);
bool span_equals_nocase(struct span a, struct span b);

/* Whether `text` begins or ends with `part`, ASCII case ignored. */
bool span_starts_with_nocase(struct span text, struct span part);
bool span_ends_with_nocase(struct span text, struct span part);
bool span_contains_nocase(struct span text, struct span part);

/*
 * Read all of `text` as decimal digits: 1 to 9 of them, no sign, no blank, no other base.
 * Returns false, with `number` as it was, when it is none or not in [min, max].
 */
bool span_to_number(struct span text, unsigned min, unsigned max, unsigned *number) MUST_USE;

#endif
