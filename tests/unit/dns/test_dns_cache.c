/* dns_cache: what is kept, for how long, and who shares an answer. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/dns/cache.h"

#define PENDING_MAX 64
#define OCTETS (1U << 20)

/* A source that answers when it is told to. */
struct source {
	struct dns_resolver interface; /* first */
	bool is_refusing;
	void (*before_refusal)(struct source *source);
	enum dns_status status;
	uint32_t ttl_s, octets;
	atomic_uint asked;
	pthread_mutex_t lock; /* guards the two below */
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
	atomic_fetch_add(&source->asked, 1);
	if (source->before_refusal != NULL)
		source->before_refusal(source);
	if (source->is_refusing)
		return false;
	(void)pthread_mutex_lock(&source->lock);
	assert_true(source->count < PENDING_MAX);
	source->pending[source->count].callback = callback;
	source->pending[source->count++].context = context;
	(void)pthread_mutex_unlock(&source->lock);
	return true;
}

/* An answer that says of itself how large it is. */
static struct dns_answer *
make_answer(const struct source *source)
{
	struct dns_answer *answer = dns_answer_empty(source->status, source->ttl_s);

	assert_non_null(answer);
	if (source->octets > 0)
		answer->octets = source->octets;
	return answer;
}

static void
answer_all(struct source *source)
{
	for (;;) {
		dns_callback *callback = NULL;
		void *context = NULL;

		(void)pthread_mutex_lock(&source->lock);
		if (source->count > 0) {
			callback = source->pending[--source->count].callback;
			context = source->pending[source->count].context;
		}
		(void)pthread_mutex_unlock(&source->lock);
		if (callback == NULL)
			return;
		callback(context, make_answer(source));
	}
}

static struct source
make_source(enum dns_status status, uint32_t ttl_s)
{
	return (struct source){ .interface = { .ask = ask },
				.lock = PTHREAD_MUTEX_INITIALIZER,
				.status = status,
				.ttl_s = ttl_s };
}

static void
count_answer(void *context, struct dns_answer *answer)
{
	atomic_uint *count = context;

	if (answer != NULL)
		atomic_fetch_add(count, 1);
	dns_answer_free(answer);
}

/* Ask, and have it answered. */
static void
ask_promptly(struct dns_resolver *cache, struct source *source, const char *name, atomic_uint *answered)
{
	assert_true(cache->ask(cache, name, DNS_A, count_answer, answered));
	answer_all(source);
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
	ask_promptly(cache, &source, "a.example", &answered);
	(void)nanosleep(&pause, NULL);
	assert_false(is_known(cache, "a.example", DNS_A));
	ask_promptly(cache, &source, "a.example", &answered);
	assert_int_equal(source.asked, 2);
	source.ttl_s = 0;
	ask_promptly(cache, &source, "b.example", &answered);
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

		ask_promptly(cache, &source, "a.example", &answered);
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
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof name, "n%d.example", i);
		ask_promptly(cache, &source, name, &answered);
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
	ask_promptly(cache, &source, "a.example", &answered);
	assert_int_equal(answered, 1);
	assert_true(is_known(cache, "a.example", DNS_A));
	dns_cache_free(cache);
}

/* P7: forty large answers do not take the place of all others. */
static void
P7_what_is_large_is_not_kept(void **state)
{
	struct source source = make_source(DNS_NXDOMAIN, 60);
	struct dns_resolver *cache = dns_cache_new(&source.interface, OCTETS);
	atomic_uint answered = 0;
	char name[32];

	(void)state;
	source.octets = OCTETS / 16 / 32;
	ask_promptly(cache, &source, "small.example", &answered);
	assert_true(is_known(cache, "small.example", DNS_A));
	source.octets++;
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof name, "large%d.example", i);
		ask_promptly(cache, &source, name, &answered);
		assert_false(is_known(cache, name, DNS_A));
	}
	assert_int_equal(answered, 41);
	assert_true(is_known(cache, "small.example", DNS_A));
	dns_cache_free(cache);
}

/* D1: the table grows with what it holds; not one of many is lost on the way. */
static void
D1_the_table_grows(void **state)
{
	struct source source = make_source(DNS_NXDOMAIN, 60);
	struct dns_resolver *cache = dns_cache_new(&source.interface, 64U << 20);
	atomic_uint answered = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof name, "n%d.example", i);
		ask_promptly(cache, &source, name, &answered);
	}
	for (int i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof name, "n%d.example", i);
		assert_true(is_known(cache, name, DNS_A));
	}
	dns_cache_free(cache);
}

/* A second session that asks the same while the source is about to refuse the first. */
static struct {
	struct dns_resolver *cache;
	atomic_uint called, is_back;
	bool was_taken;
	pthread_t thread;
} second;

static void *
ask_second(void *context)
{
	(void)context;
	second.was_taken = second.cache->ask(second.cache, "a.example", DNS_A, count_answer, &second.called);
	atomic_store(&second.is_back, 1);
	return NULL;
}

/* Lets it wait for the answer, where it can; it cannot, and then this goes on after a while. */
static void
start_second(struct source *source)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	source->before_refusal = NULL;
	assert_int_equal(pthread_create(&second.thread, NULL, ask_second, NULL), 0);
	for (int i = 0; i < 300 && atomic_load(&second.is_back) == 0; i++)
		(void)nanosleep(&pause, NULL);
}

/* S1: nobody waits for a question that was not taken, nor is told of it on another's thread. */
static void
S1_no_session_delivers_to_another(void **state)
{
	struct source source = make_source(DNS_NXDOMAIN, 60);
	atomic_uint answered = 0;

	(void)state;
	second.cache = dns_cache_new(&source.interface, OCTETS);
	source.is_refusing = true;
	source.before_refusal = start_second;
	assert_false(second.cache->ask(second.cache, "a.example", DNS_A, count_answer, &answered));
	(void)pthread_join(second.thread, NULL);
	assert_false(second.was_taken);
	assert_int_equal(source.asked, 2);
	assert_int_equal(second.called + answered, 0);
	dns_cache_free(second.cache);
}

struct crowd {
	struct source source;
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
			ask_promptly(crowd->cache, &crowd->source, name, &crowd->answered);
	}
	return NULL;
}

static void
test_many_threads(void **state)
{
	struct crowd crowd = { .source = make_source(DNS_NXDOMAIN, 60) };
	pthread_t threads[4];

	(void)state;
	crowd.cache = dns_cache_new(&crowd.source.interface, 16 * 4096);
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
		cmocka_unit_test(P7_what_is_large_is_not_kept),
		cmocka_unit_test(D1_the_table_grows),
		cmocka_unit_test(S1_no_session_delivers_to_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
