#include "heloscope/dns_cache.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "heloscope/clock.h"

#define SHARDS 16    /* parts with a lock of their own */
#define BUCKETS 1024 /* of each */

struct waiter {
	SLIST_ENTRY(waiter) link;
	dns_callback *callback;
	void *context;
};

SLIST_HEAD(waiter_list, waiter);

/* A question, with its answer or those who wait for it. */
struct entry {
	struct entry *next;     /* in its bucket */
	TAILQ_ENTRY(entry) use; /* while it has an answer and nobody waits */
	struct shard *shard;
	struct dns_answer *answer; /* NULL: none is kept */
	uint64_t expires_ms;
	bool is_asked;
	struct waiter_list waiters;
	uint32_t hash;
	enum dns_type type;
	char name[];
};

TAILQ_HEAD(use_list, entry);

struct shard {
	pthread_mutex_t lock; /* guards all below */
	struct entry *buckets[BUCKETS];
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

static struct shard *
shard_of(struct dns_cache *cache, uint32_t hash)
{
	return &cache->shards[hash % SHARDS];
}

static struct entry **
bucket_of(struct shard *shard, uint32_t hash)
{
	return &shard->buckets[hash / SHARDS % BUCKETS];
}

static struct entry *
find_entry(struct shard *shard, uint32_t hash, const char *name, enum dns_type type)
{
	struct entry *entry = *bucket_of(shard, hash);

	while (entry != NULL
	       && (entry->hash != hash || entry->type != type || strcmp(entry->name, name) != 0))
		entry = entry->next;
	return entry;
}

static struct entry *
add_entry(struct shard *shard, uint32_t hash, const char *name, enum dns_type type)
{
	const size_t size = strlen(name) + 1;
	struct entry **bucket = bucket_of(shard, hash), *entry = calloc(1, sizeof *entry + size);

	if (entry == NULL)
		return NULL;
	entry->shard = shard;
	entry->hash = hash;
	entry->type = type;
	SLIST_INIT(&entry->waiters);
	memcpy(entry->name, name, size);
	entry->next = *bucket;
	*bucket = entry;
	return entry;
}

static void
remove_entry(struct shard *shard, struct entry *entry)
{
	struct entry **at = bucket_of(shard, entry->hash);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	free(entry);
}

static size_t
octets_of(struct entry *entry)
{
	return malloc_usable_size(entry) + malloc_usable_size(entry->answer);
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
	const uint32_t hash = span_hash(span_of(name));
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
	if (answer != NULL && !dns_status_is_fault(answer->status) && answer->ttl_s > 0) {
		keep_answer(shard, entry, answer);
		make_room(shard);
	} else {
		remove_entry(shard, entry);
	}
	(void)pthread_mutex_unlock(&shard->lock);
	deliver(&waiters, answer);
	dns_answer_free(answer);
}

/*
 * Add a waiter to the entry for a question. `is_new` tells whether the source is to be asked. NULL when
 * memory ran out.
 */
static struct entry *
add_waiter(struct dns_cache *cache, const char *name, enum dns_type type, const struct waiter *who,
	   bool *is_new)
{
	const uint32_t hash = span_hash(span_of(name));
	struct shard *shard = shard_of(cache, hash);
	struct waiter *waiter = malloc(sizeof *waiter);
	struct entry *entry = NULL;

	if (waiter == NULL)
		return NULL;
	*waiter = *who;
	(void)pthread_mutex_lock(&shard->lock);
	entry = find_entry(shard, hash, name, type);
	if (entry == NULL)
		entry = add_entry(shard, hash, name, type);
	if (entry != NULL) {
		drop_answer(shard, entry); /* it is too old, or known() would have given it */
		*is_new = !entry->is_asked;
		entry->is_asked = true;
		SLIST_INSERT_HEAD(&entry->waiters, waiter, link);
	} else {
		free(waiter);
	}
	(void)pthread_mutex_unlock(&shard->lock);
	return entry;
}

/* The source took no question: take the caller back, tell others who have come to wait meanwhile. */
static void
take_back(struct entry *entry, const void *context)
{
	struct shard *shard = entry->shard;
	struct waiter_list others = SLIST_HEAD_INITIALIZER(others);
	struct waiter *waiter;

	(void)pthread_mutex_lock(&shard->lock);
	while ((waiter = SLIST_FIRST(&entry->waiters)) != NULL) {
		SLIST_REMOVE_HEAD(&entry->waiters, link);
		if (waiter->context == context)
			free(waiter);
		else
			SLIST_INSERT_HEAD(&others, waiter, link);
	}
	remove_entry(shard, entry);
	(void)pthread_mutex_unlock(&shard->lock);
	deliver(&others, NULL);
}

static bool
ask(struct dns_resolver *interface, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	struct dns_cache *cache = (struct dns_cache *)interface;
	const struct waiter who = { .callback = callback, .context = context };
	bool is_new = false;
	struct entry *entry = add_waiter(cache, name, type, &who, &is_new);

	if (entry == NULL)
		return false;
	if (!is_new || cache->source->ask(cache->source, name, type, take_answer, entry))
		return true;
	take_back(entry, context);
	return false;
}

static void
after_answers(struct dns_resolver *interface, void (*run)(void *context), void *context)
{
	struct dns_resolver *source = ((struct dns_cache *)interface)->source;

	source->after_answers(source, run, context);
}

/* Lifetime. */

struct dns_resolver *
dns_cache_new(struct dns_resolver *source, size_t octets)
{
	struct dns_cache *cache = calloc(1, sizeof *cache);

	if (cache == NULL)
		return NULL;
	cache->interface =
		(struct dns_resolver){ .ask = ask, .known = known, .after_answers = after_answers };
	cache->source = source;
	cache->octets_max = octets / SHARDS;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		(void)pthread_mutex_init(&shard->lock, NULL);
		TAILQ_INIT(&shard->used);
		shard->cache = cache;
	}
	return &cache->interface;
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
		(void)pthread_mutex_destroy(&shard->lock);
	}
	free(cache);
}
