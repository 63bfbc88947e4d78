/*
 * program: what another program prints, such as postconf(1), read whole.
 *
 * It is run without a shell, with an environment of its own and nothing to read; what it says on standard
 * error is thrown away. It has ten seconds, and an end: one that prints more is stopped. One thread.
 */
#ifndef HELOSCOPE_WIRING_PROGRAM_H
#define HELOSCOPE_WIRING_PROGRAM_H

#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define PROGRAM_OUTPUT_MAX (1U << 20) /* octets */

enum program_state {
	PROGRAM_READ,
	PROGRAM_MISSING, /* it is not installed */
	PROGRAM_FAULT,   /* with the reason */
};

/* Run the program at arguments[0], a path; they end with NULL. Its output, without NUL, goes to `arena`. */
enum program_state program_read(char *const arguments[], struct arena *arena, struct span *output,
				struct error *error) MUST_USE;

#endif
