#include "heloscope/checks/under_way.h"

#include <stdatomic.h>
#include <stddef.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/log.h"

#define SLOTS 4096
#define TOLD_AGAIN_MS 60000

/* What is counted. */
struct crowd {
	enum ipaddr_reach reach;
	unsigned limit;
	_Atomic unsigned counts[SLOTS];
};

static struct crowd crowds[] = {
	{ .reach = REACH_CLIENT, .limit = BOUND_UNDER_WAY_OF_CLIENT },
	{ .reach = REACH_NETWORK, .limit = BOUND_UNDER_WAY_OF_NETWORK },
	{ .reach = REACH_PROVIDER, .limit = BOUND_UNDER_WAY_OF_PROVIDER },
};

#define CROWDS (sizeof crowds / sizeof crowds[0])

static _Atomic unsigned all;
static _Atomic uint64_t told_ms;

static bool
enter(_Atomic unsigned *count, unsigned limit)
{
	if (atomic_fetch_add(count, 1) < limit)
		return true;
	atomic_fetch_sub(count, 1);
	return false;
}

static _Atomic unsigned *
count_of(struct crowd *crowd, const struct ipaddr *client)
{
	return &crowd->counts[hash_of(ipaddr_common(client, crowd->reach)) % SLOTS];
}

/* Take back the count in the first so many crowds. */
static void
leave_crowds(size_t count, const struct ipaddr *client)
{
	while (count-- > 0)
		atomic_fetch_sub(count_of(&crowds[count], client), 1);
}

static bool
enter_crowds(const struct ipaddr *client)
{
	for (size_t i = 0; i < CROWDS; i++) {
		if (!enter(count_of(&crowds[i], client), crowds[i].limit)) {
			leave_crowds(i, client);
			return false;
		}
	}
	return true;
}

static void
tell_of_too_many(void)
{
	const uint64_t now_ms = clock_now_ms();
	uint64_t before_ms = atomic_load(&told_ms);

	if ((before_ms != 0 && now_ms - before_ms < TOLD_AGAIN_MS)
	    || !atomic_compare_exchange_strong(&told_ms, &before_ms, now_ms))
		return;
	log_warning(
		"%u DNS queries wait for answers, for all clients together: until some come, little is looked up for others, "
		"and rules that need it defer; senders whose name servers are silent may be the cause, or a slow resolver",
		BOUND_UNDER_WAY);
}

bool
under_way_begin(const struct ipaddr *client, bool is_list)
{
	if (client->length == 0)
		return true;
	if (!enter_crowds(client))
		return false;
	if (enter(&all, is_list ? BOUND_UNDER_WAY_WITH_LISTS : BOUND_UNDER_WAY))
		return true;
	leave_crowds(CROWDS, client);
	tell_of_too_many();
	return false;
}

void
under_way_end(const struct ipaddr *client)
{
	if (client->length == 0)
		return;
	atomic_fetch_sub(&all, 1);
	leave_crowds(CROWDS, client);
}
