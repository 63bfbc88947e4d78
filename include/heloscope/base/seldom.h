/*
 * seldom: what is told once a minute however often it happens, and at once when it is something new. Not for
 * sharing between threads; all octets 0 is one that has told nothing.
 */
#ifndef HELOSCOPE_BASE_SELDOM_H
#define HELOSCOPE_BASE_SELDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"

struct seldom {
	uint64_t told_ms;
	bool has_told;
};

/* Whether to tell now; then it is taken for told. */
bool seldom_is_due(struct seldom *seldom, bool is_new) MUST_USE;

#endif
