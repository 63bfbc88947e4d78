#include "heloscope/checks/under_way.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/hash.h"

#define SLOTS 4096

/* What is counted: addresses that have so many octets in common. */
struct crowd {
	size_t octets[2]; /* IPv4, IPv6 */
	unsigned limit;
	_Atomic unsigned counts[SLOTS];
};

static struct crowd clients = { .octets = { 4, 8 }, .limit = BOUND_UNDER_WAY_OF_CLIENT };
static struct crowd networks = { .octets = { 3, 6 }, .limit = BOUND_UNDER_WAY_OF_NETWORK };

static _Atomic unsigned *
count_of(struct crowd *crowd, const struct ipaddr *client)
{
	const size_t octets = crowd->octets[client->length == 4 ? 0 : 1];
	char key[1 + sizeof client->octets] = { (char)client->length };

	memcpy(key + 1, client->octets, octets);
	return &crowd->counts[hash_of((struct span){ key, 1 + octets }) % SLOTS];
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
