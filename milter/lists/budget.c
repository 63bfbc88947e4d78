#include "heloscope/lists/budget.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/hash.h"

#define WAYS 4 /* places that one network may have */
#define COST_MS (60000U / BOUND_LIST_QUESTIONS_A_MINUTE)
#define FULL_MS ((uint64_t)COST_MS * BOUND_LIST_QUESTIONS) /* that an empty budget needs */
#define NETWORK_COST_MS (unsigned)(FULL_MS / BOUND_LIST_QUESTIONS_OF_NETWORK)

/* A budget is full again at `full_ms`; each question moves that on by its cost. */
struct budget {
	uint64_t key; /* 0: free */
	uint64_t full_ms;
};

struct list_budget {
	pthread_mutex_t lock; /* guards all below */
	struct budget budgets[BOUND_LIST_BUDGETS];
};

struct list_budget *
list_budget_new(void)
{
	struct list_budget *budget = calloc(1, sizeof *budget);

	if (budget != NULL)
		(void)pthread_mutex_init(&budget->lock, NULL);
	return budget;
}

void
list_budget_free(struct list_budget *budget)
{
	if (budget == NULL)
		return;
	(void)pthread_mutex_destroy(&budget->lock);
	free(budget);
}

/* Of the budget of a client or its network. */
static uint64_t
key_of(const struct ipaddr *client, enum ipaddr_reach reach, size_t list)
{
	const struct span common = ipaddr_common(client, reach);
	char text[sizeof list + sizeof client->octets];

	memcpy(text, &list, sizeof list);
	memcpy(text + sizeof list, common.at, common.length);
	return hash_of((struct span){ text, sizeof list + common.length }) | 1;
}

/* The budget of that key; a new one takes the place of the one that is fullest. */
static struct budget *
find_budget(struct list_budget *budget, uint64_t key)
{
	struct budget *ways = &budget->budgets[(key >> 1) % (BOUND_LIST_BUDGETS / WAYS) * WAYS];
	struct budget *fullest = ways;

	for (size_t i = 0; i < WAYS; i++) {
		if (ways[i].key == key)
			return &ways[i];
		if (ways[i].full_ms < fullest->full_ms)
			fullest = &ways[i];
	}
	*fullest = (struct budget){ .key = key };
	return fullest;
}

static bool
is_empty(struct budget *budget, unsigned cost_ms, uint64_t now_ms)
{
	if (budget->full_ms < now_ms)
		budget->full_ms = now_ms;
	return budget->full_ms - now_ms + cost_ms > FULL_MS;
}

enum dns_status
list_budget_take(struct list_budget *budget, const struct ipaddr *client, size_t list, uint64_t now_ms)
{
	enum dns_status status = DNS_BUDGET_OF_CLIENT;
	struct budget *own, *shared;

	if (client->length == 0)
		return DNS_NOERROR;
	(void)pthread_mutex_lock(&budget->lock);
	own = find_budget(budget, key_of(client, REACH_CLIENT, list));
	if (!is_empty(own, COST_MS, now_ms)) {
		shared = find_budget(budget, key_of(client, REACH_NETWORK, list));
		status = is_empty(shared, NETWORK_COST_MS, now_ms) ? DNS_BUDGET_OF_NETWORK : DNS_NOERROR;
	}
	if (status == DNS_NOERROR) {
		own->full_ms += COST_MS;
		shared->full_ms += NETWORK_COST_MS;
	}
	(void)pthread_mutex_unlock(&budget->lock);
	return status;
}

static void
give_back(struct list_budget *budget, uint64_t key, unsigned cost_ms)
{
	struct budget *found = find_budget(budget, key);

	found->full_ms -= found->full_ms < cost_ms ? found->full_ms : cost_ms;
}

void
list_budget_give_back(struct list_budget *budget, const struct ipaddr *client, size_t list)
{
	if (client->length == 0)
		return;
	(void)pthread_mutex_lock(&budget->lock);
	give_back(budget, key_of(client, REACH_CLIENT, list), COST_MS);
	give_back(budget, key_of(client, REACH_NETWORK, list), NETWORK_COST_MS);
	(void)pthread_mutex_unlock(&budget->lock);
}
