#include "heloscope/base/heap.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

/* Octets of the process that are in memory; 0: it is not known. */
static size_t
resident(void)
{
	const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128] = "", *end = text;
	ssize_t length;

	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (length <= 0)
		return 0;
	(void)strtoul(text, &end, 10); /* of all its memory, and behind that what is wanted, in pages */
	return strtoul(end, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

void
heap_trim(struct heap *heap)
{
	(void)malloc_trim(0);
	heap->resident = resident();
}

void
heap_trim_if_grown(struct heap *heap)
{
	const size_t now = resident();

	if (now < heap->resident || heap->resident == 0)
		heap->resident = now;
	if (now - heap->resident >= HEAP_GROWN_OCTETS)
		heap_trim(heap);
}
