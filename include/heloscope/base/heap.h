/*
 * heap: memory that was freed goes back to the system, which malloc(3) keeps by itself where it lies among
 * what is in use. One thread at a time.
 */
#ifndef HELOSCOPE_BASE_HEAP_H
#define HELOSCOPE_BASE_HEAP_H

#include <stddef.h>

struct heap {
	size_t resident; /* octets of the process, from which growth counts; 0 at first, and where it is not
			    known */
};

#define HEAP_GROWN_OCTETS (8U << 20)

/* Give it back. Takes about a millisecond, and pages that are used again have to be made again. */
void heap_trim(struct heap *heap);

/* The same if the process has grown by HEAP_GROWN_OCTETS since, as it does when very many sessions send at
 * the same time. */
void heap_trim_if_grown(struct heap *heap);

#endif
