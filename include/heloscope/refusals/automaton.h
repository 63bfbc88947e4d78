/*
 * automaton: finds many words in a text in one pass (Aho and Corasick, 1975).
 *
 * What it costs does not depend on how many words there are, but for those that are found. Octet for octet.
 * Once made it is never changed: any thread.
 */
#ifndef HELOSCOPE_REFUSALS_AUTOMATON_H
#define HELOSCOPE_REFUSALS_AUTOMATON_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

/* Octets of all words together, of each ten at most. Each takes four octets for each different one that there
 * is. */
#define AUTOMATON_OCTETS_MAX 1000000

/*
 * Of words that are not empty, with at most 255 different octets, which must stay. `ids` takes the
 * number by which each is told: the same for equal words, from 0, in their order; `count` entries. NULL when
 * memory ran out, or they have more octets than AUTOMATON_OCTETS_MAX.
 */
struct automaton *automaton_new(const struct span *words, size_t count, unsigned *ids) MUST_USE;

void automaton_free(struct automaton *automaton); /* NULL is allowed */

/* Tell of each place in `text` where a word stands, in the order of their beginnings' ends. */
void automaton_scan(const struct automaton *automaton, struct span text,
		    void (*tell)(void *context, unsigned id, struct span place), void *context);

#endif
