/*
 * meant: text of the envelope as it is meant, without quotes, comments and backslashes, and which of its
 * octets are syntax (RFC 5321, 4.1.2; RFC 5322, 3.2). For readers of mailboxes only. Any thread; octets live
 * in the caller's arena.
 */
#ifndef HELOSCOPE_WIRE_MEANT_H
#define HELOSCOPE_WIRE_MEANT_H

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

struct meant {
	char *octets;
	bool *is_plain; /* of each octet: syntax, neither quoted nor escaped */
	size_t length;
};

/* A stretch of it, from `begin` up to `end`. */
struct stretch {
	size_t begin, end;
};

/*
 * Take the quotes, comments and backslashes out of `text`, also a last one that escapes nothing. `is_whole`
 * is false when a quote or a comment never ends. False when memory ran out.
 */
bool meant_take_apart(struct meant *meant, struct span text, bool *is_whole, struct arena *arena) MUST_USE;

/* Take all octets of `text` as syntax. False when memory ran out. */
bool meant_take_as_plain(struct meant *meant, struct span text, struct arena *arena) MUST_USE;

/* Where the first or last `octet` that is syntax stands; in.end when nowhere. */
size_t meant_find_first(const struct meant *meant, struct stretch in, char octet);
size_t meant_find_last(const struct meant *meant, struct stretch in, char octet);

/* Whether an octet, or that at an index, is a blank; the latter one that is syntax. */
bool meant_is_blank(char octet);
bool meant_is_blank_at(const struct meant *meant, size_t at);

/* The octets of a stretch but for blanks that are syntax. NULL when memory ran out. */
char *meant_copy(const struct meant *meant, struct stretch stretch, struct arena *arena);

#endif
