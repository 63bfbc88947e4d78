/* What an inquiry holds, and how it lets go of it. */
#include "heloscope/checks/holding.h"

#include <stdlib.h>

#include "heloscope/base/bounds.h"

static void
forget_lookups(struct stage_state *state)
{
	for (struct lookup *lookup = state->lookups; lookup != NULL; lookup = lookup->next) {
		if (lookup->request != NULL)
			lookup->request->lookup = NULL;
		if (lookup->answer != NULL)
			*state->arena.total -= lookup->answer->octets;
		dns_answer_free(lookup->answer);
	}
	state->lookups = NULL;
	state->count = 0;
	if (state->work != NULL)
		workspace_clear(state->work);
	state->work = NULL; /* lies in the arena */
	arena_clear(&state->arena);
}

/* Let go of what checks keep of what they were fed. */
static void
forget_fed(struct inquiry *inquiry)
{
	for (size_t i = 0; inquiry->fed != NULL && i <= inquiry->needs.table.count; i++)
		workspace_clear(&inquiry->fed[i]);
	inquiry->fed = NULL; /* lies in the arena of STAGE_HEADER */
}

void
inquiry_forget_since(struct inquiry *inquiry, enum stage since)
{
	forget_fed(inquiry);
	for (int stage = (int)since; stage < STAGES; stage++)
		forget_lookups(&inquiry->stages[stage]);
}

void
inquiry_release(struct inquiry *inquiry)
{
	if (!refcount_drop(&inquiry->references))
		return;
	inquiry_forget_since(inquiry, STAGE_CONNECT);
	config_unref(inquiry->needs.config);
	list_health_unref(inquiry->needs.health);
	free(inquiry->helo);
	(void)pthread_cond_destroy(&inquiry->arrivals.condition);
	(void)pthread_mutex_destroy(&inquiry->arrivals.lock);
	(void)pthread_mutex_destroy(&inquiry->lock);
	free(inquiry);
}

bool
inquiry_is_fed(const struct inquiry *inquiry, size_t check)
{
	return inquiry->needs.table.checks[check]->feed != NULL;
}

bool
inquiry_charge(struct inquiry *inquiry, size_t check, size_t octets)
{
	struct purse *purse = &inquiry->purses[check];

	if (purse->used > purse->limit || octets > purse->limit - purse->used)
		return false;
	purse->used += (uint32_t)octets;
	return true;
}

bool
inquiry_has_room(const struct inquiry *inquiry, size_t octets)
{
	return inquiry->held <= BOUND_SESSION_OCTETS && octets <= BOUND_SESSION_OCTETS - inquiry->held;
}

bool
inquiry_charge_answer(struct inquiry *inquiry, size_t check, uint32_t octets)
{
	if (!inquiry_has_room(inquiry, octets) || !inquiry_charge(inquiry, check, octets))
		return false;
	inquiry->held += octets;
	return true;
}

void
inquiry_allow(struct inquiry *inquiry, uint32_t octets)
{
	inquiry->purses[inquiry->running].limit = octets;
}
