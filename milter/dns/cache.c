/*
 * Why there is a cache in front of a resolver that has one.
 *
 * libunbound keeps answers, too, but on its own thread: to ask it wakes that thread, waits for its
 * event loop, and is woken again, dozens of microseconds for what is known already, for each of some
 * twenty questions of a message. Here known() reads under a lock that is held for a few instructions.
 * So checks that find all they need run to their end on the session's thread, without a question, and
 * RCPT does not wait at all.
 *
 * Two orders matter. The source is asked under the shard's lock: its answer can then only come behind
 * the waiter that asked, and nobody waits for a question that was not taken. Answers are delivered
 * without the lock: who gets one may ask the next question at once, of the same shard. All are
 * delivered on the source's thread; a session's thread never runs what belongs to another session.
 *
 * Names are chosen by strangers. So the hash is seeded, the table grows, what is kept has an end, and
 * no answer is kept that would take the room of many: else one message with large records would empty
 * the cache for all. Faults are not kept: the next message may be luckier, and the resolver knows how
 * often to try.
 */
#include "heloscope/dns/cache.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/table.h"
#include "heloscope/dns/counts.h"

#define SHARDS 16 /* parts with a lock of their own */
#define PART 32   /* of a shard's memory: no answer that takes more is kept, or a few push out all others */

struct waiter {
	SLIST_ENTRY(waiter) link;
	dns_callback *callback;
	void *context;
};

SLIST_HEAD(waiter_list, waiter);

/* A question, with its answer or those who wait for it. */
struct entry {
	struct table_link link; /* first */
	TAILQ_ENTRY(entry) use; /* while it has an answer and nobody waits */
	struct shard *shard;
	struct dns_answer *answer; /* NULL: none is kept */
	uint64_t expires_ms;
	bool is_asked;
	struct waiter_list waiters;
	enum dns_type type;
	char name[];
};

TAILQ_HEAD(use_list, entry);

struct shard {
	pthread_mutex_t lock; /* guards all below */
	struct table entries;
	struct use_list used; /* the last used first */
	size_t octets;
	struct dns_cache *cache;
};

struct dns_cache {
	struct dns_resolver interface; /* first, so that one pointer serves for both */
	struct dns_resolver *source;
	size_t octets_max; /* of a shard */
	struct shard shards[SHARDS];
};

/* Entries. The shard is locked. */

/* The table takes the lower bits of the hash. */
static struct shard *
shard_of(struct dns_cache *cache, uint64_t hash)
{
	return &cache->shards[(hash >> 32) % SHARDS];
}

static struct entry *
find_entry(const struct shard *shard, uint64_t hash, const char *name, enum dns_type type)
{
	struct entry *entry = (struct entry *)table_first(&shard->entries, hash);

	while (entry != NULL && (entry->type != type || strcmp(entry->name, name) != 0))
		entry = (struct entry *)table_next(&entry->link);
	return entry;
}

static struct entry *
add_entry(struct shard *shard, uint64_t hash, const char *name, enum dns_type type)
{
	const size_t size = strlen(name) + 1;
	struct entry *entry = calloc(1, sizeof *entry + size);

	if (entry == NULL)
		return NULL;
	entry->shard = shard;
	entry->type = type;
	SLIST_INIT(&entry->waiters);
	memcpy(entry->name, name, size);
	table_add(&shard->entries, &entry->link, hash);
	return entry;
}

static void
remove_entry(struct shard *shard, struct entry *entry)
{
	table_remove(&shard->entries, &entry->link);
	free(entry);
}

static size_t
octets_of(struct entry *entry)
{
	return sizeof(struct entry *) + malloc_usable_size(entry) + malloc_usable_size(entry->answer);
}

static void
drop_answer(struct shard *shard, struct entry *entry)
{
	if (entry->answer == NULL)
		return;
	TAILQ_REMOVE(&shard->used, entry, use);
	shard->octets -= octets_of(entry);
	dns_answer_free(entry->answer);
	entry->answer = NULL;
}

static bool
is_worth_keeping(const struct shard *shard, const struct dns_answer *answer)
{
	return answer != NULL && !dns_status_is_fault(answer->status) && answer->ttl_s > 0
	       && answer->octets <= shard->cache->octets_max / PART;
}

static void
keep_answer(struct shard *shard, struct entry *entry, struct dns_answer *answer)
{
	entry->answer = dns_answer_ref(answer);
	entry->expires_ms = clock_now_ms() + 1000 * (uint64_t)answer->ttl_s;
	TAILQ_INSERT_HEAD(&shard->used, entry, use);
	shard->octets += octets_of(entry);
}

/* Let go of what was not used for longest, but for the last. */
static void
make_room(struct shard *shard)
{
	while (shard->octets > shard->cache->octets_max) {
		struct entry *oldest = TAILQ_LAST(&shard->used, use_list);

		if (oldest == TAILQ_FIRST(&shard->used))
			return;
		drop_answer(shard, oldest);
		remove_entry(shard, oldest);
	}
}

/* Asking. */

static struct dns_answer *
known(struct dns_resolver *interface, const char *name, enum dns_type type)
{
	const uint64_t hash = hash_of(span_of(name));
	struct shard *shard = shard_of((struct dns_cache *)interface, hash);
	struct dns_answer *answer = NULL;
	struct entry *entry;

	(void)pthread_mutex_lock(&shard->lock);
	entry = find_entry(shard, hash, name, type);
	if (entry != NULL && entry->answer != NULL && clock_now_ms() < entry->expires_ms) {
		answer = dns_answer_ref(entry->answer);
		TAILQ_REMOVE(&shard->used, entry, use);
		TAILQ_INSERT_HEAD(&shard->used, entry, use);
	}
	(void)pthread_mutex_unlock(&shard->lock);
	counter_add(answer != NULL ? &dns_counts.known : &dns_counts.unknown, 1);
	return answer;
}

/* Give the answer to all who wait; each frees its share. */
static void
deliver(struct waiter_list *waiters, struct dns_answer *answer)
{
	struct waiter *waiter;

	while ((waiter = SLIST_FIRST(waiters)) != NULL) {
		SLIST_REMOVE_HEAD(waiters, link);
		waiter->callback(waiter->context, answer != NULL ? dns_answer_ref(answer) : NULL);
		free(waiter);
	}
}

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct entry *entry = context;
	struct shard *shard = entry->shard;
	struct waiter_list waiters;

	(void)pthread_mutex_lock(&shard->lock);
	waiters = entry->waiters;
	SLIST_INIT(&entry->waiters);
	entry->is_asked = false;
	if (is_worth_keeping(shard, answer)) {
		keep_answer(shard, entry, answer);
		make_room(shard);
	} else {
		remove_entry(shard, entry);
	}
	(void)pthread_mutex_unlock(&shard->lock);
	deliver(&waiters, answer);
	dns_answer_free(answer);
}

/* Whether the question of `entry` is under way, or the source takes it now. */
static bool
is_under_way(struct dns_cache *cache, struct entry *entry)
{
	if (!entry->is_asked)
		entry->is_asked =
			cache->source->ask(cache->source, entry->name, entry->type, take_answer, entry);
	return entry->is_asked;
}

/*
 * Have `waiter` wait for the answer to a question. The source is asked under the lock, so that nobody waits
 * for a question that was not taken. False when it was not, or memory ran out.
 */
static bool
wait_for(struct dns_cache *cache, const char *name, enum dns_type type, struct waiter *waiter)
{
	const uint64_t hash = hash_of(span_of(name));
	struct shard *shard = shard_of(cache, hash);
	struct entry *entry;
	bool is_waiting;

	(void)pthread_mutex_lock(&shard->lock);
	entry = find_entry(shard, hash, name, type);
	if (entry == NULL)
		entry = add_entry(shard, hash, name, type);
	else
		drop_answer(shard, entry); /* it is too old, or known() would have given it */
	is_waiting = entry != NULL && is_under_way(cache, entry);
	if (is_waiting)
		SLIST_INSERT_HEAD(&entry->waiters, waiter, link);
	else if (entry != NULL)
		remove_entry(shard, entry);
	(void)pthread_mutex_unlock(&shard->lock);
	return is_waiting;
}

static bool
ask(struct dns_resolver *interface, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	struct waiter *waiter = malloc(sizeof *waiter);

	if (waiter == NULL)
		return false;
	*waiter = (struct waiter){ .callback = callback, .context = context };
	if (wait_for((struct dns_cache *)interface, name, type, waiter))
		return true;
	free(waiter);
	return false;
}

static void
after_answers(struct dns_resolver *interface, void (*run)(void *context), void *context)
{
	struct dns_resolver *source = ((struct dns_cache *)interface)->source;

	source->after_answers(source, run, context);
}

struct dns_cache_look
dns_cache_look(struct dns_resolver *interface)
{
	struct dns_cache *cache = (struct dns_cache *)interface;
	struct dns_cache_look look = { .octets_max = SHARDS * cache->octets_max };

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		(void)pthread_mutex_lock(&shard->lock);
		look.octets += shard->octets;
		look.entries += shard->entries.count;
		(void)pthread_mutex_unlock(&shard->lock);
	}
	return look;
}

/* Lifetime. */

static bool
set_up_shard(struct dns_cache *cache, struct shard *shard)
{
	(void)pthread_mutex_init(&shard->lock, NULL);
	TAILQ_INIT(&shard->used);
	shard->cache = cache;
	return table_init(&shard->entries);
}

struct dns_resolver *
dns_cache_new(struct dns_resolver *source, size_t octets)
{
	struct dns_cache *cache = calloc(1, sizeof *cache);
	bool is_well = true;

	if (cache == NULL)
		return NULL;
	cache->interface =
		(struct dns_resolver){ .ask = ask, .known = known, .after_answers = after_answers };
	cache->source = source;
	cache->octets_max = octets / SHARDS;
	for (size_t i = 0; i < SHARDS; i++)
		is_well = set_up_shard(cache, &cache->shards[i]) && is_well;
	if (is_well)
		return &cache->interface;
	dns_cache_free(&cache->interface);
	return NULL;
}

void
dns_cache_free(struct dns_resolver *interface)
{
	struct dns_cache *cache = (struct dns_cache *)interface;

	if (cache == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];
		struct entry *entry;

		while ((entry = TAILQ_FIRST(&shard->used)) != NULL) {
			drop_answer(shard, entry);
			remove_entry(shard, entry);
		}
		table_clear(&shard->entries);
		(void)pthread_mutex_destroy(&shard->lock);
	}
	free(cache);
}
