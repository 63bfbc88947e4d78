/*
 * thread: threads of our own. They take no signals, which belong to the first one, but for
 * those that a fault of the thread itself raises: sanitizers and core dumps tell of them.
 */
#ifndef HELOSCOPE_BASE_THREAD_H
#define HELOSCOPE_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "heloscope/base/must_use.h"

/* Let threads that are started from now on, also by libraries, have small stacks. */
void thread_set_stack(void);

/* Start `run`. False, with `thread` untouched, when the system gives no more threads. */
bool thread_start(pthread_t *thread, void *(*run)(void *context), void *context) MUST_USE;

#endif
