#include "heloscope/dkim/body.h"

#include <string.h>

void
dkim_body_init(struct dkim_body *body, enum dkim_canon canon, struct dkim_mark *marks, size_t count)
{
	body->canon = canon;
	body->holds = body->has_blank = body->has_cr = false;
	body->lines = 0;
	dkim_hasher_init(&body->hasher, marks, count);
}

void
dkim_body_clear(struct dkim_body *body)
{
	dkim_hasher_clear(&body->hasher);
}

/* More of the line comes, so that all that was held back counts. */
static void
release(struct dkim_body *body)
{
	for (; body->lines > 0; body->lines--) {
		dkim_hasher_add(&body->hasher, '\r');
		dkim_hasher_add(&body->hasher, '\n');
	}
	if (body->has_blank)
		dkim_hasher_add(&body->hasher, ' ');
	if (body->has_cr)
		dkim_hasher_add(&body->hasher, '\r');
	body->holds = body->has_blank = body->has_cr = false;
}

static void
end_line(struct dkim_body *body)
{
	body->lines++;
	body->has_blank = body->has_cr = false;
}

/* An octet that may be held back. */
static void
take(struct dkim_body *body, char c)
{
	const bool ends_line = c == '\n' && body->has_cr;

	if (body->has_cr && !ends_line)
		release(body);
	if (ends_line)
		end_line(body);
	else if (c == '\r')
		body->has_cr = true;
	else if (body->canon == DKIM_RELAXED && (c == ' ' || c == '\t'))
		body->has_blank = true;
	else {
		release(body);
		dkim_hasher_add(&body->hasher, c);
		return;
	}
	body->holds = true;
}

/* Many octets at a time: gcc makes one instruction of what is done to all of them. */
typedef unsigned char octets_16 __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

/* Whether the relaxed form may have something else for an octet, by what follows it: a line that ends, and
 * goes on with anything but a blank or another end, is taken as it is. */
#define IS_ODD(c, next)                                                                                      \
	(((c) == '\t') | (((c) == '\r') & ((next) != '\n'))                                                  \
	 | (((c) <= ' ') & ((c) != '\r') & ((next) <= ' ')))

/* Whether one of 16 octets is odd; one more follows them. */
static bool
has_odd(const char *at)
{
	octets_16 here, next;
	halves found;

	memcpy(&here, at, sizeof here);
	memcpy(&next, at + 1, sizeof next);
	found = (halves)IS_ODD(here, next);
	return (found[0] | found[1]) != 0;
}

static bool
is_odd(const char *at)
{
	const unsigned char here = (unsigned char)at[0], next = (unsigned char)at[1];

	return IS_ODD(here, next);
}

/* How many octets in front have nothing to hold back. A blank or an end of line at the end has: nobody knows
 * what follows. */
static size_t
plain_length(enum dkim_canon canon, struct span octets)
{
	size_t length = 0;

	if (canon == DKIM_SIMPLE) {
		const char *end = memchr(octets.at, '\r', octets.length);

		return end != NULL ? (size_t)(end - octets.at) : octets.length;
	}
	if (octets.length > 1 && is_odd(octets.at))
		return 0;
	while (octets.length - length > sizeof(octets_16) && !has_odd(octets.at + length))
		length += sizeof(octets_16);
	while (octets.length - length > 1 && !is_odd(octets.at + length))
		length++;
	return length > 0 && octets.at[length - 1] == '\r' ? length - 1 : length;
}

void
dkim_body_add(struct dkim_body *body, struct span octets)
{
	while (octets.length > 0) {
		const size_t plain = body->holds ? 0 : plain_length(body->canon, octets);

		if (plain > 0)
			dkim_hasher_add_span(&body->hasher, (struct span){ octets.at, plain });
		else
			take(body, octets.at[0]);
		octets = span_from(octets, plain > 0 ? plain : 1);
	}
}

/* What ends the last line that is not empty is there once; a body without any is one empty line when it is
 * taken as it is. */
uint64_t
dkim_body_finish(struct dkim_body *body)
{
	if (body->has_cr)
		release(body);
	if (dkim_hasher_length(&body->hasher) > 0 || body->canon == DKIM_SIMPLE)
		dkim_hasher_add_span(&body->hasher, SPAN("\r\n"));
	dkim_hasher_finish(&body->hasher);
	return dkim_hasher_length(&body->hasher);
}
