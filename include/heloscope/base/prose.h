/*
 * prose: text for people, on lines of 80 columns. Where the output is HTML, in paragraphs.
 */
#ifndef HELOSCOPE_BASE_PROSE_H
#define HELOSCOPE_BASE_PROSE_H

#include <stddef.h>

#include "heloscope/base/output.h"

/*
 * Write `words`, broken between words, and a line end. The first line goes on at `column`, each
 * further one stands behind `indent` blanks. A word that is too long for a line gets one of its own.
 */
void prose_wrap(struct output *out, const char *words, size_t column, size_t indent);

/* The same for formatted text that begins a line, all of it behind `indent` blanks; cut at 4000 octets. */
void prose_put(struct output *out, size_t indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a record of the DNS, which is to be copied: in HTML a field of its own. */
void prose_record(struct output *out, size_t indent, const char *record);

/* The same for one point of a list, "  * TEXT". */
void prose_bullet(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
