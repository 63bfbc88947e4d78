/*
 * seen: when a host or a domain was first taken mail from, by name.
 *
 * Times are seconds since 1970, 0 for never. One thread at a time.
 */
#ifndef HELOSCOPE_REVIEW_SEEN_H
#define HELOSCOPE_REVIEW_SEEN_H

#include <stdint.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/table.h"

struct seen {
	struct table names;
	struct arena memory;
};

/* Begin. False when memory ran out; seen_clear() is allowed all the same. */
bool seen_init(struct seen *seen) MUST_USE;
void seen_clear(struct seen *seen);

int64_t seen_since(const struct seen *seen, const char *name);

/* Note a name unless it is known. `name` is copied. */
void seen_note(struct seen *seen, const char *name, int64_t time_s);

/* Note all names of `part`, which comes behind. */
void seen_add(struct seen *seen, const struct seen *part);

#endif
