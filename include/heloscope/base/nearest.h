/*
 * nearest: which of some known words somebody meant.
 */
#ifndef HELOSCOPE_BASE_NEAREST_H
#define HELOSCOPE_BASE_NEAREST_H

#include <stddef.h>

/* The known word nearest to `word` when one is near, else NULL: at most one edit for each three letters, of
 * which the last may lack one; so "foo" is not "log", and "sfp" is "spf". */
const char *nearest_word(const char *word, const char *const *known, size_t count);

/* Edits that turn one word into another, letters put in, left out, mistyped or exchanged with their neighbour
 * (optimal string alignment); SIZE_MAX when `b` has 64 octets or more. */
size_t nearest_distance(const char *a, const char *b);

#endif
