#include "heloscope/daemon/self_test.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/thread.h"
#include "heloscope/dns/resolver_exam.h"
#include "heloscope/words/resolver_words.h"

#define WELL_EVERY_MS (24U * 3600 * 1000)
#define SETTLE_STEP_MS 50

struct self_test {
	struct dns_resolver *resolver;
	const struct trust_anchor *anchor; /* NULL: none */
	int stop_fd;                       /* can be read once it is to stop */
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t has_news;
	bool is_stopping;
	bool is_wanted; /* a test of which all is told */
	struct lookup *lookup;
	struct list_health *health; /* counted: of the lists that are asked now */
	struct resolver_report report;
};

/* The lookup that is waited for, so that an end stops it. False when that has come before. */
static bool
set_lookup(struct self_test *test, struct lookup *lookup)
{
	bool is_stopping;

	(void)pthread_mutex_lock(&test->lock);
	test->lookup = lookup;
	is_stopping = test->is_stopping;
	(void)pthread_mutex_unlock(&test->lock);
	return !is_stopping;
}

/* False when it was stopped, or there was no memory. */
static bool
examine(struct self_test *test, const struct config *config, struct resolver_report *report)
{
	struct resolver_evidence evidence = { .timeout_ms = config->timeout_ms, .anchor = test->anchor };
	struct lookup *lookup = lookup_new(test->resolver, config->timeout_ms);
	const bool is_whole = lookup != NULL && set_lookup(test, lookup)
			      && resolver_exam_run(&config->resolver, lookup, test->stop_fd, &evidence);

	(void)set_lookup(test, NULL);
	lookup_free(lookup);
	if (!is_whole)
		return false;
	*report = resolver_report_judge(&evidence);
	report->tested = (int64_t)time(NULL);
	return true;
}

/* What holds the lock. */

static void
wait_until(struct self_test *test, const struct timespec *end)
{
	while (!test->is_stopping && !test->is_wanted
	       && pthread_cond_timedwait(&test->has_news, &test->lock, end) == 0)
		continue;
}

/* Lists are tested at the same time; what is said of them is what came of that. */
static void
wait_for_lists(struct self_test *test, struct list_health *health)
{
	const uint64_t end_ms = clock_now_ms() + list_health_config(health)->timeout_ms;

	while (!test->is_stopping && !test->is_wanted && !list_health_is_settled(health)
	       && clock_now_ms() < end_ms) {
		const struct timespec next = clock_deadline(SETTLE_STEP_MS);

		wait_until(test, &next);
	}
}

/* Test, keep what is found, and tell it: all of it, or what has changed. Lets go of the lock meanwhile. */
static void
make_round(struct self_test *test, struct list_health *health)
{
	const struct resolver_report before = test->report;
	const bool is_whole = test->is_wanted;
	struct resolver_report found;
	bool is_found;

	test->is_wanted = false;
	(void)pthread_mutex_unlock(&test->lock);
	is_found = examine(test, list_health_config(health), &found);
	(void)pthread_mutex_lock(&test->lock);
	if (!is_found)
		return;
	test->report = found;
	if (is_whole)
		wait_for_lists(test, health);
	if (test->is_stopping)
		return;
	(void)pthread_mutex_unlock(&test->lock);
	resolver_words_log(&found, is_whole ? NULL : &before, health);
	(void)pthread_mutex_lock(&test->lock);
}

static unsigned
pause_ms(const struct self_test *test)
{
	const struct config *config = list_health_config(test->health);
	const bool is_well = test->report.tested > 0 && resolver_words_faults(&test->report, config) == 0;

	return is_well ? WELL_EVERY_MS : config->test_interval_ms;
}

static void *
run(void *context)
{
	struct self_test *test = context;

	(void)pthread_mutex_lock(&test->lock);
	while (!test->is_stopping) {
		struct list_health *health = list_health_ref(test->health);
		struct timespec next;

		make_round(test, health);
		list_health_unref(health);
		next = clock_deadline(pause_ms(test));
		wait_until(test, &next);
	}
	(void)pthread_mutex_unlock(&test->lock);
	return NULL;
}

/* Lifetime. */

static void
destroy(struct self_test *test)
{
	if (test->stop_fd >= 0)
		(void)close(test->stop_fd);
	(void)pthread_cond_destroy(&test->has_news);
	(void)pthread_mutex_destroy(&test->lock);
	list_health_unref(test->health);
	free(test);
}

struct self_test *
self_test_new(struct list_health *health, struct dns_resolver *resolver, const struct trust_anchor *anchor,
	      struct error *error)
{
	struct self_test *test = calloc(1, sizeof *test);

	error_set(error, "the thread that tests the resolver cannot start");
	if (test == NULL || !clock_init_condition(&test->has_news)) {
		free(test);
		return NULL;
	}
	(void)pthread_mutex_init(&test->lock, NULL);
	test->resolver = resolver;
	test->anchor = anchor;
	test->health = list_health_ref(health);
	test->report = resolver_report_begin(anchor);
	test->is_wanted = true;
	test->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (test->stop_fd >= 0 && thread_start(&test->thread, run, test))
		return test;
	destroy(test);
	return NULL;
}

void
self_test_again(struct self_test *test, struct list_health *health)
{
	struct list_health *before;

	(void)pthread_mutex_lock(&test->lock);
	before = test->health;
	test->health = list_health_ref(health);
	test->is_wanted = true;
	(void)pthread_cond_signal(&test->has_news);
	(void)pthread_mutex_unlock(&test->lock);
	list_health_unref(before);
}

struct resolver_report
self_test_report(struct self_test *test)
{
	struct resolver_report report;

	(void)pthread_mutex_lock(&test->lock);
	report = test->report;
	(void)pthread_mutex_unlock(&test->lock);
	return report;
}

void
self_test_free(struct self_test *test)
{
	if (test == NULL)
		return;
	(void)pthread_mutex_lock(&test->lock);
	test->is_stopping = true;
	if (test->lookup != NULL)
		lookup_stop(test->lookup);
	(void)pthread_cond_signal(&test->has_news);
	(void)pthread_mutex_unlock(&test->lock);
	(void)eventfd_write(test->stop_fd, 1);
	(void)pthread_join(test->thread, NULL);
	destroy(test);
}
