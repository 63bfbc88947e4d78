/* For LD_PRELOAD: streams in memory find none while the file that POOR_WHILE names is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef FILE *opener(char **, size_t *);

FILE *
open_memstream(char **text, size_t *length)
{
	opener *next;

	if (access(getenv("POOR_WHILE"), F_OK) == 0)
		return NULL;
	*(void **)&next = dlsym(RTLD_NEXT, "open_memstream");
	return next(text, length);
}
