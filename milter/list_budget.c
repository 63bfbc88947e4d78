#include "heloscope/list_budget.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/bounds.h"
#include "heloscope/hash.h"

#define WAYS 4 /* places that one network may have */
#define COST_MS (60000U / BOUND_LIST_QUESTIONS_A_MINUTE)

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

static uint64_t
key_of(const struct ipaddr *client, size_t list)
{
	const size_t prefix = client->length == 4 ? 3 : 6;
	char text[1 + sizeof list + sizeof client->octets] = { (char)client->length };

	memcpy(text + 1, &list, sizeof list);
	memcpy(text + 1 + sizeof list, client->octets, prefix);
	return hash_of((struct span){ text, 1 + sizeof list + prefix }) | 1;
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

bool
list_budget_take(struct list_budget *budget, const struct ipaddr *client, size_t list, uint64_t now_ms)
{
	struct budget *found;
	bool is_left;

	if (client->length == 0)
		return true;
	(void)pthread_mutex_lock(&budget->lock);
	found = find_budget(budget, key_of(client, list));
	if (found->full_ms < now_ms)
		found->full_ms = now_ms;
	is_left = found->full_ms - now_ms + COST_MS <= (uint64_t)COST_MS * BOUND_LIST_QUESTIONS;
	if (is_left)
		found->full_ms += COST_MS;
	(void)pthread_mutex_unlock(&budget->lock);
	return is_left;
}
