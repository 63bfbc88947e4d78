#include "heloscope/checks/under_way.h"

#include <stdatomic.h>
#include <stddef.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/log.h"

#define SLOTS 4096
#define TOLD_AGAIN_MS 60000

/* Whose share is counted, from the largest to the smallest. */
static const struct {
	enum ipaddr_reach reach;
	enum dns_status reached; /* what is told when it has its share */
} crowds[] = {
	{ REACH_PROVIDER, DNS_TOO_MANY_OF_PROVIDER },
	{ REACH_NETWORK, DNS_TOO_MANY_OF_NETWORK },
	{ REACH_CLIENT, DNS_TOO_MANY_OF_CLIENT },
};

#define CROWDS (sizeof crowds / sizeof crowds[0])

/* What is under way for all, and of that for each crowd. */
struct pool {
	unsigned limit;
	_Atomic unsigned all, counts[CROWDS][SLOTS];
};

static struct pool pools[] = {
	[false] = { .limit = BOUND_UNDER_WAY_OF_OTHERS },
	[true] = { .limit = BOUND_UNDER_WAY_OF_LISTS }, /* is_of_list */
};

static _Atomic uint64_t told_ms;

static _Atomic unsigned *
count_of(struct pool *pool, size_t crowd, const struct ipaddr *client)
{
	return &pool->counts[crowd][hash_of(ipaddr_common(client, crowds[crowd].reach)) % SLOTS];
}

static void
leave(struct pool *pool, const struct ipaddr *client)
{
	for (size_t i = 0; i < CROWDS; i++)
		atomic_fetch_sub(count_of(pool, i, client), 1);
	atomic_fetch_sub(&pool->all, 1);
}

/* Whether each crowd has less than its share of what the one around it leaves, in one half of the pool. */
static bool
is_within_share(const struct pool *pool, unsigned all, const unsigned own[CROWDS])
{
	unsigned left = all < pool->limit / 2 ? pool->limit / 2 - all : 0;

	for (size_t i = 0; i < CROWDS; i++) {
		if (own[i] >= BOUND_UNDER_WAY_SHARE * left)
			return false;
		left = BOUND_UNDER_WAY_SHARE * left - own[i];
	}
	return true;
}

/* The other half is for those who have few. */
static bool
is_within_reserve(const struct pool *pool, unsigned all, const unsigned own[CROWDS])
{
	return all < pool->limit && own[0] < BOUND_UNDER_WAY_FEW;
}

/* Whose bound it is: of the smallest crowd that has most of what the one around it has. */
static enum dns_status
cause_of(unsigned all, const unsigned own[CROWDS])
{
	enum dns_status cause = DNS_TOO_MANY_OF_ALL;

	for (size_t i = 0; i < CROWDS && own[i] > (i > 0 ? own[i - 1] : all) / 2; i++)
		cause = crowds[i].reached;
	return cause;
}

static enum dns_status
enter(struct pool *pool, const struct ipaddr *client)
{
	const unsigned all = atomic_fetch_add(&pool->all, 1);
	unsigned own[CROWDS];

	for (size_t i = 0; i < CROWDS; i++)
		own[i] = atomic_fetch_add(count_of(pool, i, client), 1);
	if (is_within_share(pool, all, own) || is_within_reserve(pool, all, own))
		return DNS_NOERROR;
	leave(pool, client);
	return cause_of(all, own);
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
		"%u DNS queries wait for answers, for all clients together: until some come, little is looked up for those who have many of them, "
		"and rules that need it defer; senders whose name servers are silent may be the cause, or a slow resolver",
		atomic_load(&pools[false].all) + atomic_load(&pools[true].all));
}

enum dns_status
under_way_begin(const struct ipaddr *client, bool is_of_list)
{
	enum dns_status status;

	if (client->length == 0)
		return DNS_NOERROR;
	status = enter(&pools[is_of_list], client);
	if (status == DNS_TOO_MANY_OF_ALL)
		tell_of_too_many();
	return status;
}

void
under_way_end(const struct ipaddr *client, bool is_of_list)
{
	if (client->length > 0)
		leave(&pools[is_of_list], client);
}
