/*
 * counter: numbers that only grow, and times by how long they took, for whoever watches the filter.
 *
 * To count is one addition that orders nothing, so that it may stand on the way of every message. Who reads
 * several sees each of them as it is at some moment, not all at the same one. All zero is none yet. Any
 * thread.
 */
#ifndef HELOSCOPE_BASE_COUNTER_H
#define HELOSCOPE_BASE_COUNTER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"

struct counter {
	_Atomic uint64_t count;
};

static inline void
counter_add(struct counter *counter, uint64_t more)
{
	(void)atomic_fetch_add_explicit(&counter->count, more, memory_order_relaxed);
}

static inline uint64_t
counter_value(const struct counter *counter)
{
	return atomic_load_explicit(&counter->count, memory_order_relaxed);
}

/* Times up to each of these, and longer ones. The same everywhere, so that they can be compared and added. */
#define HISTOGRAM_BUCKETS 13
extern const unsigned histogram_bounds_ms[HISTOGRAM_BUCKETS];

struct histogram {
	struct counter buckets[HISTOGRAM_BUCKETS + 1];
	struct counter sum_ms;
};

void histogram_note(struct histogram *histogram, uint64_t ms);

/* What it holds now; `count` is the sum of `buckets`. */
struct histogram_reading {
	uint64_t buckets[HISTOGRAM_BUCKETS + 1];
	uint64_t count, sum_ms;
};

struct histogram_reading histogram_read(const struct histogram *histogram) MUST_USE;

/* Add what another holds. */
void histogram_reading_add(struct histogram_reading *sum, const struct histogram_reading *more);

/* Below which time so many percent lie: estimated, as Prometheus does, within a bucket; 0 when there are
 * none, and the last bound when it lies beyond that. */
uint64_t histogram_quantile_ms(const struct histogram_reading *reading, unsigned percent);

#endif
