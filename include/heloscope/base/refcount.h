/*
 * refcount: how many hold a thing that several use. Who lets go of it last frees it. Any thread.
 */
#ifndef HELOSCOPE_BASE_REFCOUNT_H
#define HELOSCOPE_BASE_REFCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "heloscope/base/must_use.h"

/* All zero: one holds it, who made it. */
struct refcount {
	atomic_uint others; /* who hold it, beside the first */
};

/* One more holds it; only for who does already. */
static inline void
refcount_take(struct refcount *count)
{
	(void)atomic_fetch_add_explicit(&count->others, 1, memory_order_relaxed);
}

/* One lets go of it. True for the last, who is to free it. */
MUST_USE static inline bool
refcount_drop(struct refcount *count)
{
	return atomic_fetch_sub_explicit(&count->others, 1, memory_order_acq_rel) == 0;
}

#endif
