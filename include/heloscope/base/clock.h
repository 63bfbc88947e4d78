/*
 * clock: time that only moves on, for deadlines and ages, and whether the wall clock does. Any thread.
 */
#ifndef HELOSCOPE_BASE_CLOCK_H
#define HELOSCOPE_BASE_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "heloscope/base/must_use.h"

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t clock_now_ms(void);

/* How far the wall clock is ahead of that one: another number after it was set. */
int64_t clock_ahead_ms(void);

#define CLOCK_TEXT_SIZE 24

/* Seconds since 1970 as RFC 3339 writes them, in UTC: "2026-11-24T12:50:00Z"; "" beyond the year 9999. */
const char *clock_format(int64_t seconds, char text[CLOCK_TEXT_SIZE]);

/* The time `milliseconds` from now, for pthread_cond_timedwait() on a condition of ours. */
struct timespec clock_deadline(unsigned milliseconds);

/* A condition that is waited for by this clock. False when the system has no memory for it. */
bool clock_init_condition(pthread_cond_t *condition) MUST_USE;

#endif
