/*
 * tallies: what is counted for each thing of a configuration (a list, a rule), by its name, across reloads.
 *
 * A new configuration takes over what the old one has of the same names: both count on in the same place, so
 * that what sessions of the old one still do is not lost. Immutable but for the counters; any thread.
 */
#ifndef HELOSCOPE_BASE_TALLIES_H
#define HELOSCOPE_BASE_TALLIES_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/counter.h"
#include "heloscope/base/must_use.h"

#define TALLY_COUNTERS 4

struct tally {
	struct counter counters[TALLY_COUNTERS]; /* what they count, the owner says */
	struct histogram took;
};

struct tallies;

/* For `count` names, of which several may be the same: they share a tally. `previous` may be NULL. NULL when
 * memory ran out. */
struct tallies *tallies_new(const char *const *names, size_t count, const struct tallies *previous) MUST_USE;
void tallies_free(struct tallies *tallies); /* NULL is allowed */

/* That of the name at `index`. */
struct tally *tallies_at(const struct tallies *tallies, size_t index);

/* Whether a name before that one is the same. */
bool tallies_is_repeated(const struct tallies *tallies, size_t index);

#endif
