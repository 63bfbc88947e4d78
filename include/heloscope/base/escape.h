/*
 * escape: how octets of unknown origin are written where people and programs read them.
 *
 * The one place that says which octets may stand as they are; everything else is written visibly, each octet
 * as \xHH. Base of the edges: output (terminal and files), document (JSON), log, and strbuf for
 * records, replies and fields. No allocation, no locale; any thread.
 */
#ifndef HELOSCOPE_BASE_ESCAPE_H
#define HELOSCOPE_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/span.h"

/* What stays beside the octets 0x20 to 0x7e, for escape_next(). */
enum {
	ESCAPE_ALL = 0,            /* nothing, and a backslash is doubled: the text can be had back */
	ESCAPE_KEEP_BACKSLASH = 1, /* a backslash: for text in which others have escaped before */
	ESCAPE_KEEP_UTF8 = 2,      /* printable characters, in valid UTF-8 (RFC 3629) */
	ESCAPE_MARKUP = 4,         /* not those that mean something in HTML: they are written by number */
};

#define ESCAPE_SIZE 17 /* four octets as \xHH, and the NUL */

/*
 * Write the first character of `text`, which is not empty, or the octet with which it begins when
 * that belongs to none, into `out`, terminated. Returns how many octets it took.
 * Characters that are invisible or change the order of others (C1, bidirectional controls, zero width, line
 * and paragraph separators, tags, private use) are not printable.
 */
size_t escape_next(struct span text, unsigned keep, char out[ESCAPE_SIZE]);

/* How many octets `text` begins with that escape_next() would write as they are, each by itself; may be less.
 */
size_t escape_plain_length(struct span text, unsigned keep);

/* How many octets at the beginning are printable ASCII and none of the special ones, which are few. */
size_t escape_run_length(struct span text, const char *special);

/*
 * The way back from ESCAPE_ALL: read the octet with which `text`, which is not empty, begins, be it itself,
 * "\\" or "\xHH". A backslash before anything else, or at the end, stands for itself. Returns how many octets
 * it took.
 */
size_t escape_undo(struct span text, char *octet);

/*
 * How many octets the character in valid UTF-8 has with which `text` begins, of whatever code point; 0 when
 * it begins with none.
 */
size_t escape_utf8_length(struct span text);

#endif
