#include "heloscope/daemon/agreed.h"

#include <pthread.h>
#include <stdint.h>

#include "heloscope/base/hash.h"

#define SETS 256
#define WAYS 16 /* places of a set, one of which a context has by its hash */

struct agreement {
	const void *context; /* only compared; NULL: none */
	unsigned long steps;
	uint64_t used; /* the number of the use: the smallest is the one that makes room */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct agreement agreements[SETS][WAYS]; /* guarded by lock, as */
static uint64_t uses;

static struct agreement *
set_of(const void *context)
{
	const uint64_t hash = hash_of((struct span){ (const char *)&context, sizeof context });

	return agreements[hash % SETS];
}

/* Its place in the set; NULL: it has none. */
static struct agreement *
find(struct agreement *set, const void *context)
{
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].context == context)
			return &set[i];
	return NULL;
}

static struct agreement *
oldest_of(struct agreement *set)
{
	struct agreement *oldest = set;

	for (size_t i = 1; i < WAYS; i++)
		if (set[i].used < oldest->used)
			oldest = &set[i];
	return oldest;
}

void
agreed_keep(const void *context, unsigned long steps)
{
	struct agreement *set = set_of(context), *place;

	(void)pthread_mutex_lock(&lock);
	place = find(set, context);
	if (place == NULL)
		place = oldest_of(set);
	*place = (struct agreement){ context, steps, ++uses };
	(void)pthread_mutex_unlock(&lock);
}

bool
agreed_find(const void *context, unsigned long *steps)
{
	struct agreement *place;

	(void)pthread_mutex_lock(&lock);
	place = find(set_of(context), context);
	if (place != NULL) {
		place->used = ++uses;
		*steps = place->steps;
	}
	(void)pthread_mutex_unlock(&lock);
	return place != NULL;
}
