/*
 * clock: time that only moves on, for deadlines and ages. Any thread.
 */
#ifndef HELOSCOPE_BASE_CLOCK_H
#define HELOSCOPE_BASE_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t clock_now_ms(void);

/* The time `milliseconds` from now, for pthread_cond_timedwait() on a condition of ours. */
struct timespec clock_deadline(unsigned milliseconds);

/* A condition that is waited for by this clock. False when the system has no memory for it. */
bool clock_init_condition(pthread_cond_t *condition);

#endif
