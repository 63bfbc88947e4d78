#include "heloscope/page/gate.h"

#include <stdlib.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/hash.h"

#define MINUTE_MS 60000

/*
 * A meter is the time at which all that was taken from it will have been given back: it lies ahead by what
 * one taking costs for each of them, and at most by what may be taken at once.
 */
typedef uint64_t meter_ms;

struct rate {
	unsigned at_once, again_ms; /* in which so many may be taken again */
};

static const struct rate of_visitor = { BOUND_PAGE_LOOKS, MINUTE_MS };
static const struct rate of_all = { BOUND_PAGE_LOOKS_OF_ALL, 10000 };
static const struct rate of_misses = { BOUND_PAGE_MISSES_OF_ALL, MINUTE_MS };
static const struct rate of_tests = { BOUND_PAGE_TESTS_A_MINUTE, MINUTE_MS };

/* That somebody of a network looked in vain is remembered for as many minutes as it was done, */
static const struct rate of_network = { 1, MINUTE_MS };
#define MARKED_MAX_MS (10 * MINUTE_MS) /* but for no longer */

struct gate {
	meter_ms looks, misses, tests;          /* of all */
	meter_ms visitors[BOUND_PAGE_VISITORS]; /* each is at two places, of which the lower counts: */
	meter_ms networks[BOUND_PAGE_VISITORS]; /* so that he is seldom taken for somebody else */
};

struct gate *
gate_new(void)
{
	return calloc(1, sizeof(struct gate));
}

void
gate_free(struct gate *gate)
{
	free(gate);
}

static void
take(meter_ms *meter, const struct rate *rate, unsigned cost, uint64_t now_ms)
{
	*meter = (*meter > now_ms ? *meter : now_ms) + (uint64_t)cost * rate->again_ms / rate->at_once;
}

/* How many seconds until so much can be taken; 0: now. */
static unsigned
wait_of(meter_ms meter, const struct rate *rate, unsigned cost, uint64_t now_ms)
{
	const uint64_t ahead =
		(meter > now_ms ? meter - now_ms : 0) + (uint64_t)cost * rate->again_ms / rate->at_once;

	return ahead > rate->again_ms ? (unsigned)((ahead - rate->again_ms + 999) / 1000) : 0;
}

/* The two places of somebody in a table. */
struct places {
	meter_ms *first, *second;
};

static struct places
places_of(meter_ms *table, const struct ipaddr *visitor, enum ipaddr_reach reach)
{
	const uint64_t hash = hash_of(ipaddr_common(visitor, reach));

	return (struct places){ table + (uint32_t)hash % BOUND_PAGE_VISITORS,
				table + (hash >> 32) % BOUND_PAGE_VISITORS };
}

static meter_ms
lower(const struct places *places)
{
	return *places->first < *places->second ? *places->first : *places->second;
}

static void
take_at(const struct places *places, const struct rate *rate, unsigned cost, uint64_t now_ms)
{
	take(places->first, rate, cost, now_ms);
	if (places->second != places->first)
		take(places->second, rate, cost, now_ms);
}

unsigned
gate_ask(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms)
{
	const struct places own = places_of(gate->visitors, visitor, REACH_CLIENT);
	const struct places network = places_of(gate->networks, visitor, REACH_PROVIDER);
	const unsigned own_wait = wait_of(lower(&own), &of_visitor, 1, now_ms);
	const unsigned all_wait = wait_of(gate->looks, &of_all, 1, now_ms);
	const unsigned miss_wait =
		lower(&network) > now_ms ? wait_of(gate->misses, &of_misses, 1, now_ms) : 0;

	if (own_wait > 0 || miss_wait > 0)
		return own_wait > miss_wait ? own_wait : miss_wait;
	return all_wait;
}

void
gate_count(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms)
{
	const struct places own = places_of(gate->visitors, visitor, REACH_CLIENT);

	take_at(&own, &of_visitor, 1, now_ms);
	take(&gate->looks, &of_all, 1, now_ms);
}

bool
gate_bears_misses(const struct gate *gate, uint64_t now_ms)
{
	return wait_of(gate->misses, &of_misses, 1, now_ms) == 0;
}

void
gate_count_miss(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms)
{
	const struct places own = places_of(gate->visitors, visitor, REACH_CLIENT);
	const struct places network = places_of(gate->networks, visitor, REACH_PROVIDER);

	take_at(&own, &of_visitor, BOUND_PAGE_MISS_COSTS - 1, now_ms);
	if (lower(&network) < now_ms + MARKED_MAX_MS)
		take_at(&network, &of_network, 1, now_ms);
	if (wait_of(gate->misses, &of_misses, 1, now_ms) == 0)
		take(&gate->misses, &of_misses, 1, now_ms);
}

unsigned
gate_ask_test(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms)
{
	const struct places own = places_of(gate->visitors, visitor, REACH_CLIENT);
	const unsigned own_wait = wait_of(lower(&own), &of_visitor, BOUND_PAGE_MISS_COSTS, now_ms);
	const unsigned all_wait = wait_of(gate->tests, &of_tests, 1, now_ms);

	return own_wait > all_wait ? own_wait : all_wait;
}

void
gate_count_test(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms)
{
	const struct places own = places_of(gate->visitors, visitor, REACH_CLIENT);

	take_at(&own, &of_visitor, BOUND_PAGE_MISS_COSTS, now_ms);
	take(&gate->tests, &of_tests, 1, now_ms);
}
