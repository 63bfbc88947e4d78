/*
 * work: threads that do what takes its time, so that the event loop goes on answering.
 *
 * What is to be done waits in a queue with an end. The loop's thread adds, and is told when something was
 * done; all else is within.
 */
#ifndef HELOSCOPE_PAGE_WORK_H
#define HELOSCOPE_PAGE_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"

struct event_base;

/* Lies at the beginning of what is to be done, which is the caller's until it is added, and from done() on.
 */
struct work {
	void (*run)(struct work *work);  /* in one of the threads */
	void (*done)(struct work *work); /* in the loop's thread, when it has run, or never will */
	struct work *next;
};

struct workers;

#define WORKERS_MAX 8

/* Start so many threads; at most `waiting` may wait for one. NULL with the reason. */
struct workers *workers_new(struct event_base *base, size_t threads, size_t waiting,
			    struct error *error) MUST_USE;

/* What has begun is waited for; done() is called for it and for all that waited. NULL is allowed. */
void workers_free(struct workers *workers);

/* False when too many wait: then neither is called. */
bool workers_add(struct workers *workers, struct work *work) MUST_USE;

#endif
