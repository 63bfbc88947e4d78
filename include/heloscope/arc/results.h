/*
 * arc_results: an ARC-Authentication-Results field, read (RFC 8617, 4.1.1; RFC 8601, 2.2).
 *
 * Text only; any thread. What it says is as good as who sealed it.
 */
#ifndef HELOSCOPE_ARC_RESULTS_H
#define HELOSCOPE_ARC_RESULTS_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

struct arc_results {
	unsigned instance; /* 1 to 50; 0: it does not begin with one */
	bool vouches;      /* exactly one result is of DMARC, that is "pass", and all of it can be read */
	struct span
		author; /* header.from of that; empty when it has none, or several, or vouches for nothing */
};

/* Read the value of a field, folded or not. Linear time. */
struct arc_results arc_results_read(struct span value) MUST_USE;

#endif
