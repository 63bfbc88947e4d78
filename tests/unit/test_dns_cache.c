/* dns_cache: what is kept, for how long, and who shares an answer. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/dns_cache.h"

#define PENDING_MAX 64
#define OCTETS (1U << 20)

/* A source that answers when it is told to, or at once. */
struct source {
	struct dns_resolver interface; /* first */
	bool is_refusing, is_prompt;
	enum dns_status status;
	uint32_t ttl_s;
	atomic_uint asked;
	struct {
		dns_callback *callback;
		void *context;
	} pending[PENDING_MAX];
	size_t count;
};

static bool
ask(struct dns_resolver *interface, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	struct source *source = (struct source *)interface;

	(void)name;
	(void)type;
	if (source->is_refusing)
		return false;
	atomic_fetch_add(&source->asked, 1);
	if (source->is_prompt) {
		callback(context, dns_answer_empty(source->status, source->ttl_s));
		return true;
	}
	assert_true(source->count < PENDING_MAX);
	source->pending[source->count].callback = callback;
	source->pending[source->count++].context = context;
	return true;
}

static void
answer_all(struct source *source)
{
	const size_t count = source->count;

	source->count = 0;
	for (size_t i = 0; i < count; i++)
		source->pending[i].callback(source->pending[i].context,
					    dns_answer_empty(source->status, source->ttl_s));
}

static struct source
make_source(enum dns_status status, uint32_t ttl_s)
{
	return (struct source){ .interface = { .ask = ask }, .status = status, .ttl_s = ttl_s };
}

static void
count_answer(void *context, struct dns_answer *answer)
{
	atomic_uint *count = context;

	if (answer != NULL)
		atomic_fetch_add(count, 1);
	dns_answer_free(answer);
}

static bool
is_known(struct dns_resolver *cache, const char *name, enum dns_type type)
{
	struct dns_answer *answer = cache->known(cache, name, type);

	dns_answer_free(answer);
	return answer != NULL;
}

static void
test_an_answer_is_kept_and_shared(void **state)
{
	struct source source = make_source(DNS_NXDOMAIN, 60);
	struct dns_resolver *cache = dns_cache_new(&source.interface, OCTETS);
	atomic_uint answered = 0;

	(void)state;
	assert_false(is_known(cache, "a.example", DNS_A));
	for (int i = 0; i < 3; i++)
		assert_true(cache->ask(cache, "a.example", DNS_A, count_answer, &answered));
	assert_true(cache->ask(cache, "a.example", DNS_TXT, count_answer, &answered));
	assert_int_equal(source.asked, 2);
	answer_all(&source);
	assert_int_equal(answered, 4);
	assert_true(is_known(cache, "a.example", DNS_A));
	assert_true(is_known(cache, "a.example", DNS_TXT));
	assert_false(is_known(cache, "a.example", DNS_MX));
	assert_false(is_known(cache, "b.example", DNS_A));
	dns_cache_free(cache);
}

static void
test_no_longer_than_its_ttl(void **state)
{
	const struct timespec pause = { .tv_sec = 1, .tv_nsec = 100000000 };
	struct source source = make_source(DNS_NODATA, 1);
	struct dns_resolver *cache = dns_cache_new(&source.interface, OCTETS);
	atomic_uint answered = 0;

	(void)state;
	source.is_prompt = true;
	assert_true(cache->ask(cache, "a.example", DNS_A, count_answer, &answered));
	(void)nanosleep(&pause, NULL);
	assert_false(is_known(cache, "a.example", DNS_A));
	assert_true(cache->ask(cache, "a.example", DNS_A, count_answer, &answered));
	assert_int_equal(source.asked, 2);
	source.ttl_s = 0;
	assert_true(cache->ask(cache, "b.example", DNS_A, count_answer, &answered));
	assert_false(is_known(cache, "b.example", DNS_A));
	assert_int_equal(answered, 3);
	dns_cache_free(cache);
}

static void
test_faults_are_not_kept(void **state)
{
	static const enum dns_status faults[] = { DNS_SERVFAIL, DNS_TIMEOUT, DNS_BOGUS, DNS_MALFORMED };

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct source source = make_source(faults[i], 60);
		struct dns_resolver *cache = dns_cache_new(&source.interface, OCTETS);
		atomic_uint answered = 0;

		source.is_prompt = true;
		assert_true(cache->ask(cache, "a.example", DNS_A, count_answer, &answered));
		assert_int_equal(answered, 1);
		assert_false(is_known(cache, "a.example", DNS_A));
		dns_cache_free(cache);
	}
}

static void
test_what_was_not_used_for_longest_goes(void **state)
{
	struct source source = make_source(DNS_NXDOMAIN, 60);
	struct dns_resolver *cache = dns_cache_new(&source.interface, 16 * 4096);
	atomic_uint answered = 0;
	size_t kept = 0;
	char name[32];

	(void)state;
	source.is_prompt = true;
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof name, "n%d.example", i);
		assert_true(cache->ask(cache, name, DNS_A, count_answer, &answered));
		if (i > 0) /* is used again and again */
			assert_true(is_known(cache, "n0.example", DNS_A));
	}
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof name, "n%d.example", i);
		kept += is_known(cache, name, DNS_A) ? 1 : 0;
	}
	assert_in_range(kept, 16, 16 * 4096 / sizeof(struct dns_answer));
	assert_true(is_known(cache, "n9999.example", DNS_A));
	assert_false(is_known(cache, "n1.example", DNS_A));
	dns_cache_free(cache);
}

static void
test_a_source_that_takes_no_question(void **state)
{
	struct source source = make_source(DNS_NXDOMAIN, 60);
	struct dns_resolver *cache = dns_cache_new(&source.interface, OCTETS);
	atomic_uint answered = 0;

	(void)state;
	source.is_refusing = true;
	assert_false(cache->ask(cache, "a.example", DNS_A, count_answer, &answered));
	source.is_refusing = false;
	source.is_prompt = true;
	assert_true(cache->ask(cache, "a.example", DNS_A, count_answer, &answered));
	assert_int_equal(answered, 1);
	assert_true(is_known(cache, "a.example", DNS_A));
	dns_cache_free(cache);
}

struct crowd {
	struct dns_resolver *cache;
	atomic_uint answered, known;
};

static void *
ask_much(void *context)
{
	struct crowd *crowd = context;
	char name[32];

	for (int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof name, "n%d.example", i % 300);
		if (is_known(crowd->cache, name, DNS_A))
			atomic_fetch_add(&crowd->known, 1);
		else
			(void)crowd->cache->ask(crowd->cache, name, DNS_A, count_answer, &crowd->answered);
	}
	return NULL;
}

static void
test_many_threads(void **state)
{
	struct source source = make_source(DNS_NXDOMAIN, 60);
	struct crowd crowd = { .cache = dns_cache_new(&source.interface, 16 * 4096) };
	pthread_t threads[4];

	(void)state;
	source.is_prompt = true;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_much, &crowd), 0);
	for (size_t i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	assert_int_equal(crowd.answered + crowd.known, 20000);
	dns_cache_free(crowd.cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_is_kept_and_shared),
		cmocka_unit_test(test_no_longer_than_its_ttl),
		cmocka_unit_test(test_faults_are_not_kept),
		cmocka_unit_test(test_what_was_not_used_for_longest_goes),
		cmocka_unit_test(test_a_source_that_takes_no_question),
		cmocka_unit_test(test_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
