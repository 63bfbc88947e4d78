/*
 * utf16: text as Windows saves it, UTF-16 with a byte order mark, made into UTF-8.
 *
 * Reads in pieces, as it comes; what is no UTF-16 becomes "?". One thread at a time.
 */
#ifndef HELOSCOPE_MAILS_UTF16_H
#define HELOSCOPE_MAILS_UTF16_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

/* Octets of the mark. */
#define UTF16_MARK 2

struct utf16;

/* Whether a text that begins so has the mark. */
bool utf16_is_marked(struct span beginning);

/* For a text that begins so, which is to be read from behind the mark. NULL when memory ran out. */
struct utf16 *utf16_new(struct span beginning) MUST_USE;

void utf16_free(struct utf16 *reader); /* NULL is allowed */

/* Take octets, some or all, off `octets`; returns what they are, good until the next call. It is empty when a
 * character is not complete yet. */
struct span utf16_read(struct utf16 *reader, struct span *octets);

#endif
