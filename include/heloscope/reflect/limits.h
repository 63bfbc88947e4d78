/*
 * limits: how often the test address answers: once an hour an address, and so many times an hour in all.
 *
 * Kept in a file that all processes share, one at a time, under a lock on FILE.lock: for each answer of the
 * last hour a line, so no more of them than are allowed. Addresses stand in it as hashes under a key that is
 * drawn when the file is made.
 */
#ifndef HELOSCOPE_REFLECT_LIMITS_H
#define HELOSCOPE_REFLECT_LIMITS_H

#include <stdbool.h>
#include <time.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"

#define LIMITS_MAX 1000 /* answers an hour that can be allowed */

enum limits_state {
	LIMITS_TAKEN,   /* it may be answered, which is counted */
	LIMITS_ADDRESS, /* it was answered within the hour */
	LIMITS_ALL,     /* so many others were */
	LIMITS_FAULT,   /* the file cannot be used, for the reason that `error` says; nothing is counted */
};

/* Take an answer to `address`, whatever the case of its letters, of at most `per_hour`, 1 to LIMITS_MAX. */
enum limits_state limits_take(const char *path, const char *address, unsigned per_hour, time_t now,
			      struct error *error) MUST_USE;

/* It could not be sent: the one that was taken last for the address counts no more. False with the reason. */
bool limits_give_back(const char *path, const char *address, time_t now, struct error *error) MUST_USE;

#endif
