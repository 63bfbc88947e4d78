/*
 * hash: for tables in memory whose keys strangers choose.
 *
 * SipHash-1-3 (Aumasson and Bernstein, 2012, with fewer rounds, as the tables of Python, Perl and Rust have
 * it) under a key that each process draws for itself: nobody outside can choose names that fall into one
 * bucket. Any thread.
 */
#ifndef HELOSCOPE_BASE_HASH_H
#define HELOSCOPE_BASE_HASH_H

#include <stdint.h>

#include "heloscope/base/span.h"

struct hash_key {
	uint64_t first, second;
};

/* The hash under a key that is given. */
uint64_t hash_under(const struct hash_key *key, struct span text);

/* The hash under the process's own key: another in each process. */
uint64_t hash_of(struct span text);

/* The same for texts that differ in the case of ASCII letters. */
uint64_t hash_of_nocase(struct span text);

#endif
