/*
 * recent: which lines were written lately, so that one that comes again is not written again.
 *
 * Hashes of at least the last RECENT_LINES lines, in a fixed amount of memory (16 MB); two lines in 2^64 that
 * differ are taken for one. One thread.
 */
#ifndef HELOSCOPE_RECORDS_RECENT_H
#define HELOSCOPE_RECORDS_RECENT_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define RECENT_LINES 500000
#define RECENT_OCTETS_LOADED (16 << 20)

struct recent;

struct recent *recent_new(void) MUST_USE; /* NULL when memory ran out */
void recent_free(struct recent *recent);  /* NULL is allowed */

bool recent_has(const struct recent *recent, struct span line);
void recent_add(struct recent *recent, struct span line);

/* Add the lines at the end of a log of records, of which RECENT_OCTETS_LOADED are read: the log itself, and
 * files beside it into which it was rotated. What cannot be read is passed over. */
void recent_load(struct recent *recent, const char *path);

#endif
