/*
 * nearest: which of some known words somebody meant.
 */
#ifndef HELOSCOPE_BASE_NEAREST_H
#define HELOSCOPE_BASE_NEAREST_H

#include <stddef.h>

/* The known word nearest to `word` when one is near, else NULL: at most a third of its letters, and one,
 * differ. */
const char *nearest_word(const char *word, const char *const *known, size_t count);

/* Edits that turn one word into another (Levenshtein); SIZE_MAX when `b` has 64 octets or more. */
size_t nearest_distance(const char *a, const char *b);

#endif
