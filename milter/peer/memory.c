#include "heloscope/peer/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/hash.h"

#define NETWORK_SLOTS 4096
#define MINUTE_MS 60000U
#define BURST_MS 10000U /* of what was not used is kept for later */
#define HOUR_MS 3600000U

/* Visits to a network within an hour. Networks that share a slot share its budget, too. */
struct budget {
	uint64_t since_ms;
	unsigned count;
};

/* What has been used of the limits. */
struct usage {
	uint64_t tokens_ms; /* up to which time all that may begin has begun */
	struct budget budgets[NETWORK_SLOTS];
};

struct peer_memory {
	struct peer_store *store;
	int64_t stays_s;
	pthread_mutex_t lock; /* guards: */
	struct usage usage;
};

struct peer_memory *
peer_memory_new(int64_t stays_s)
{
	struct peer_memory *memory = calloc(1, sizeof *memory);

	if (memory == NULL)
		return NULL;
	memory->stays_s = stays_s;
	memory->store = peer_store_new(BOUND_PEERS);
	if (memory->store == NULL) {
		free(memory);
		return NULL;
	}
	(void)pthread_mutex_init(&memory->lock, NULL);
	return memory;
}

void
peer_memory_free(struct peer_memory *memory)
{
	if (memory == NULL)
		return;
	peer_store_free(memory->store);
	(void)pthread_mutex_destroy(&memory->lock);
	free(memory);
}

struct peer_store *
peer_memory_store(struct peer_memory *memory)
{
	return memory->store;
}

bool
peer_memory_get(struct peer_memory *memory, const struct ipaddr *address, int64_t now, struct peer *peer)
{
	struct peer found;

	if (!peer_store_get(memory->store, address, now, &found)
	    || (memory->stays_s > 0 && now - found.looked_at >= memory->stays_s))
		return false;
	if (peer != NULL)
		*peer = found;
	return true;
}

bool
peer_memory_take_turn(struct peer_memory *memory, unsigned per_minute, uint64_t now_ms)
{
	const uint64_t cost_ms = per_minute > 0 ? MINUTE_MS / per_minute : 0;
	const uint64_t kept_ms = cost_ms > BURST_MS ? cost_ms : BURST_MS;
	uint64_t *tokens_ms = &memory->usage.tokens_ms;
	bool may_begin;

	(void)pthread_mutex_lock(&memory->lock);
	if (*tokens_ms + kept_ms < now_ms)
		*tokens_ms = now_ms - kept_ms;
	may_begin = *tokens_ms + cost_ms <= now_ms;
	if (may_begin)
		*tokens_ms += cost_ms;
	(void)pthread_mutex_unlock(&memory->lock);
	return may_begin;
}

/* The memory is locked. */
static struct budget *
budget_of(struct peer_memory *memory, const struct ipaddr *address)
{
	return &memory->usage.budgets[hash_of(ipaddr_common(address, REACH_NETWORK)) % NETWORK_SLOTS];
}

bool
peer_memory_take_share(struct peer_memory *memory, const struct ipaddr *address, uint64_t now_ms)
{
	struct budget *budget = budget_of(memory, address);
	bool has_share;

	(void)pthread_mutex_lock(&memory->lock);
	if (now_ms - budget->since_ms > HOUR_MS)
		*budget = (struct budget){ .since_ms = now_ms };
	has_share = budget->count < BOUND_PEER_VISITS_OF_NETWORK;
	if (has_share)
		budget->count++;
	(void)pthread_mutex_unlock(&memory->lock);
	return has_share;
}

size_t
peer_memory_forget(struct peer_memory *memory, const struct ipaddr *address)
{
	(void)pthread_mutex_lock(&memory->lock);
	if (address != NULL)
		*budget_of(memory, address) = (struct budget){ .count = 0 };
	else
		memset(memory->usage.budgets, 0, sizeof memory->usage.budgets);
	(void)pthread_mutex_unlock(&memory->lock);
	return peer_store_forget(memory->store, address);
}

void
peer_memory_take(struct peer_memory *memory, struct peer_memory *other)
{
	peer_store_take(memory->store, other->store);
	(void)pthread_mutex_lock(&other->lock);
	memory->usage = other->usage;
	(void)pthread_mutex_unlock(&other->lock);
}
