#include "heloscope/daemon/agreed.h"

#include <pthread.h>
#include <stdint.h>

#include "heloscope/base/hash.h"

#define PLACES 4096

struct agreement {
	const void *context; /* only compared; NULL: none */
	unsigned long steps;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct agreement agreements[PLACES]; /* guarded by lock */

static struct agreement *
place_of(const void *context)
{
	const uint64_t hash = hash_of((struct span){ (const char *)&context, sizeof context });

	return &agreements[hash % PLACES];
}

void
agreed_keep(const void *context, unsigned long steps)
{
	(void)pthread_mutex_lock(&lock);
	*place_of(context) = (struct agreement){ context, steps };
	(void)pthread_mutex_unlock(&lock);
}

bool
agreed_find(const void *context, unsigned long *steps)
{
	struct agreement agreement;

	(void)pthread_mutex_lock(&lock);
	agreement = *place_of(context);
	(void)pthread_mutex_unlock(&lock);
	if (agreement.context != context)
		return false;
	*steps = agreement.steps;
	return true;
}
