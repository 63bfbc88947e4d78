#include "heloscope/records/meter.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/refcount.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/log.h"
#include "heloscope/base/seldom.h"
#include "heloscope/records/counts.h"

#define HOUR_MS 3600000ULL
#define SECOND_MS 1000ULL
#define WAYS 8 /* places that a network may have */

/* An allowance. */
struct purse {
	uint64_t octets, filled_ms;
};

struct payer {
	unsigned char key[7]; /* length of the address, and the octets of its network */
	bool is_used;
	struct purse purse;
};

struct meter {
	struct refcount references;
	pthread_mutex_t lock; /* guards what follows */
	struct purse all;
	size_t unwritten, untold; /* since it was last said in the log, and in a record */
	struct seldom told;
	struct payer payers[BOUND_WRITTEN_NETWORKS];
};

struct meter *
meter_new(void)
{
	struct meter *meter = calloc(1, sizeof *meter);

	if (meter == NULL)
		return NULL;
	(void)pthread_mutex_init(&meter->lock, NULL);
	meter->all.octets = BOUND_WRITTEN_A_SECOND;
	return meter;
}

struct meter *
meter_ref(struct meter *meter)
{
	refcount_take(&meter->references);
	return meter;
}

void
meter_unref(struct meter *meter)
{
	if (meter == NULL || !refcount_drop(&meter->references))
		return;
	(void)pthread_mutex_destroy(&meter->lock);
	free(meter);
}

static void
add(struct purse *purse, uint64_t octets, uint64_t most)
{
	purse->octets = purse->octets + octets < most ? purse->octets + octets : most;
}

/* What time brings: `most` in `period_ms`. */
static void
refill(struct purse *purse, uint64_t most, uint64_t period_ms, uint64_t now_ms)
{
	const uint64_t passed_ms = now_ms > purse->filled_ms ? now_ms - purse->filled_ms : 0;
	const uint64_t octets = (passed_ms < period_ms ? passed_ms : period_ms) * most / period_ms;

	if (octets == 0) /* of so short a time nothing is lost */
		return;
	add(purse, octets, most);
	purse->filled_ms = now_ms;
}

/* The network of a client, which has an allowance from now on. The meter is locked. */
static struct payer *
network_of(struct meter *meter, const struct ipaddr *client, uint64_t now_ms)
{
	const struct span network = ipaddr_common(client, REACH_NETWORK);
	unsigned char key[sizeof meter->payers[0].key] = { client->length };
	struct payer *first, *richest;

	memcpy(key + 1, network.at, network.length);
	first = &meter->payers[hash_of((struct span){ (const char *)key, sizeof key })
			       % (BOUND_WRITTEN_NETWORKS / WAYS) * WAYS];
	richest = first;
	for (struct payer *payer = first; payer < first + WAYS; payer++) {
		if (payer->is_used)
			refill(&payer->purse, BOUND_WRITTEN_BURST, HOUR_MS, now_ms);
		else
			payer->purse = (struct purse){ BOUND_WRITTEN_BURST, now_ms };
		if (payer->is_used && memcmp(payer->key, key, sizeof key) == 0)
			return payer;
		if (payer->purse.octets > richest->purse.octets)
			richest = payer;
	}
	memcpy(richest->key, key, sizeof key);
	richest->is_used = true;
	return richest;
}

void
meter_feed(struct meter *meter, const struct ipaddr *client, size_t octets, uint64_t now_ms)
{
	(void)pthread_mutex_lock(&meter->lock);
	add(&network_of(meter, client, now_ms)->purse, (uint64_t)octets * BOUND_WRITTEN_AN_OCTET,
	    BOUND_WRITTEN_BURST);
	(void)pthread_mutex_unlock(&meter->lock);
}

bool
meter_take(struct meter *meter, const struct ipaddr *client, size_t octets, uint64_t now_ms)
{
	struct purse *purse;
	bool is_there;

	(void)pthread_mutex_lock(&meter->lock);
	purse = &network_of(meter, client, now_ms)->purse;
	refill(&meter->all, BOUND_WRITTEN_A_SECOND, SECOND_MS, now_ms);
	is_there = purse->octets >= octets && meter->all.octets >= octets;
	if (is_there) {
		purse->octets -= octets;
		meter->all.octets -= octets;
	}
	(void)pthread_mutex_unlock(&meter->lock);
	return is_there;
}

void
meter_note_unwritten(struct meter *meter, const struct ipaddr *client)
{
	char address[IPADDR_TEXT_SIZE];
	size_t count;
	bool is_told;

	(void)pthread_mutex_lock(&meter->lock);
	counter_add(&record_counts.dropped[RECORD_DROP_ALLOWANCE], 1);
	meter->untold++;
	count = ++meter->unwritten;
	is_told = seldom_is_due(&meter->told, false);
	if (is_told)
		meter->unwritten = 0;
	(void)pthread_mutex_unlock(&meter->lock);
	if (is_told)
		log_warning(
			"%zu message%s were left out of log and records: so many come from networks like that of %s",
			count, count == 1 ? "" : "s", ipaddr_format(client, address));
}

size_t
meter_unwritten(struct meter *meter)
{
	size_t count;

	(void)pthread_mutex_lock(&meter->lock);
	count = meter->untold;
	(void)pthread_mutex_unlock(&meter->lock);
	return count;
}

void
meter_told(struct meter *meter, size_t count)
{
	(void)pthread_mutex_lock(&meter->lock);
	meter->untold -= count < meter->untold ? count : meter->untold;
	(void)pthread_mutex_unlock(&meter->lock);
}
