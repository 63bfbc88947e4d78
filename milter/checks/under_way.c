#include "heloscope/checks/under_way.h"

#include <stdatomic.h>
#include <stddef.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/hash.h"

#define SLOTS 4096

/* What is counted. */
struct crowd {
	enum ipaddr_reach reach;
	unsigned limit;
	_Atomic unsigned counts[SLOTS];
};

static struct crowd clients = { .reach = REACH_CLIENT, .limit = BOUND_UNDER_WAY_OF_CLIENT };
static struct crowd networks = { .reach = REACH_NETWORK, .limit = BOUND_UNDER_WAY_OF_NETWORK };

static _Atomic unsigned *
count_of(struct crowd *crowd, const struct ipaddr *client)
{
	return &crowd->counts[hash_of(ipaddr_common(client, crowd->reach)) % SLOTS];
}

static bool
enter(struct crowd *crowd, const struct ipaddr *client)
{
	_Atomic unsigned *count = count_of(crowd, client);

	if (atomic_fetch_add(count, 1) < crowd->limit)
		return true;
	atomic_fetch_sub(count, 1);
	return false;
}

static void
leave(struct crowd *crowd, const struct ipaddr *client)
{
	atomic_fetch_sub(count_of(crowd, client), 1);
}

bool
under_way_begin(const struct ipaddr *client)
{
	if (client->length == 0)
		return true;
	if (!enter(&clients, client))
		return false;
	if (enter(&networks, client))
		return true;
	leave(&clients, client);
	return false;
}

void
under_way_end(const struct ipaddr *client)
{
	if (client->length == 0)
		return;
	leave(&networks, client);
	leave(&clients, client);
}
