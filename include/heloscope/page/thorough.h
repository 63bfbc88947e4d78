/*
 * thorough: who may read all of a log, and unpack its compressed files, for a reference that is not where it
 * should stand.
 *
 * Anybody may ask for references of old days, which costs seconds of work each on a large site. So only one
 * look at a time does, and none begins for BOUND_PAGE_REST times as long as the last one took: no matter how
 * many ask, that work takes a quarter of one processor. Any thread.
 */
#ifndef HELOSCOPE_PAGE_THOROUGH_H
#define HELOSCOPE_PAGE_THOROUGH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"

struct thorough {
	pthread_mutex_t lock; /* guards all below */
	bool is_taken;
	uint64_t began_ms, free_ms; /* of clock_now_ms() */
};

void thorough_init(struct thorough *thorough);
void thorough_clear(struct thorough *thorough);

/* Whether it may be done now; then thorough_end() must follow. */
bool thorough_begin(struct thorough *thorough, uint64_t now_ms) MUST_USE;
void thorough_end(struct thorough *thorough, uint64_t now_ms);

#endif
