#include "heloscope/lists/watcher.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/thread.h"

#define SETTLE_STEP_MS 5

struct list_watcher {
	struct list_health *health;
	struct dns_resolver *resolver;
	pthread_t thread;
	pthread_mutex_t lock; /* guards is_stopping */
	pthread_cond_t is_stopping_now;
	bool is_stopping;
};

/* What is being asked for. */
struct question {
	struct list_health *health; /* counted */
	size_t list;
	unsigned round;
	struct list_question asked;
	bool is_reference; /* of which only the part counts */
};

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct question *question = context;
	const struct list *list = &list_health_config(question->health)->lists.items[question->list];
	struct list_proof proof = { question->asked, DNS_NO_MEMORY, { .says = LIST_SAYS_NOTHING } };

	if (answer != NULL) {
		proof.status = answer->status;
		proof.reading = dnslist_read(list, answer);
	}
	if (question->is_reference)
		list_health_reference(question->health, question->list, question->asked.part, question->round,
				      !dns_status_is_fault(proof.status), clock_now_ms());
	else if (dns_status_was_asked(proof.status))
		list_health_answer(question->health, question->list, question->round, &proof, clock_now_ms());
	else
		list_health_drop_round(question->health, question->list, question->asked.part,
				       question->round);
	dns_answer_free(answer);
	list_health_unref(question->health);
	free(question);
}

/* False when it cannot be asked. */
static bool
ask(struct list_watcher *watcher, size_t list, unsigned round, const struct list_question *asked,
    const char *name, bool is_reference)
{
	struct question *question = malloc(sizeof *question);
	bool is_asked;

	if (question == NULL)
		return false;
	*question = (struct question){ list_health_ref(watcher->health), list, round, *asked, is_reference };
	is_asked = name[0] != '\0'
		   && watcher->resolver->ask(watcher->resolver, name, DNS_A, take_answer, question);
	if (!is_asked) {
		list_health_unref(watcher->health);
		free(question);
	}
	return is_asked;
}

/*
 * The reference: a top-level domain that does not exist. Whoever answers for it is not the list, and no cache
 * has it.
 */
static bool
ask_reference(struct list_watcher *watcher, size_t list, const struct list_question *last, unsigned round)
{
	unsigned char octets[16];
	char name[sizeof octets + 1] = "";

	(void)getentropy(octets, sizeof octets);
	for (size_t i = 0; i < sizeof octets; i++)
		name[i] = (char)('a' + octets[i] % 26);
	return ask(watcher, list, round, last, name, true);
}

static void
test_part(struct list_watcher *watcher, size_t index, enum list_part part)
{
	const struct list *list = &list_health_config(watcher->health)->lists.items[index];
	const struct list_round round = list_health_begin_round(watcher->health, index, part, clock_now_ms());
	struct list_question question = { .part = part };
	bool is_asked = true;

	for (size_t i = 0; i < round.size && is_asked; i++) {
		question = list_round_question(list, part, i);
		is_asked = ask(watcher, index, round.number, &question, question.name, false);
	}
	if (is_asked && round.asks_reference)
		is_asked = ask_reference(watcher, index, &question, round.number);
	if (!is_asked)
		list_health_drop_round(watcher->health, index, part, round.number);
}

static void
test_lists(struct list_watcher *watcher)
{
	for (size_t i = 0; i < list_health_config(watcher->health)->lists.count; i++)
		for (int part = 0; part < LIST_PARTS; part++)
			test_part(watcher, i, (enum list_part)part);
}

static void *
run(void *context)
{
	struct list_watcher *watcher = context;

	(void)pthread_mutex_lock(&watcher->lock);
	while (!watcher->is_stopping) {
		const struct timespec next = clock_deadline(list_health_tick_ms(watcher->health));

		(void)pthread_mutex_unlock(&watcher->lock);
		test_lists(watcher);
		(void)pthread_mutex_lock(&watcher->lock);
		while (!watcher->is_stopping
		       && pthread_cond_timedwait(&watcher->is_stopping_now, &watcher->lock, &next) == 0)
			continue;
	}
	(void)pthread_mutex_unlock(&watcher->lock);
	return NULL;
}

struct list_watcher *
list_watcher_new(struct list_health *health, struct dns_resolver *resolver, struct error *error)
{
	struct list_watcher *watcher = calloc(1, sizeof *watcher);

	error_set(error, "the thread that looks after lists cannot start");
	if (watcher == NULL || !clock_init_condition(&watcher->is_stopping_now)) {
		free(watcher);
		return NULL;
	}
	(void)pthread_mutex_init(&watcher->lock, NULL);
	watcher->health = list_health_ref(health);
	watcher->resolver = resolver;
	if (thread_start(&watcher->thread, run, watcher))
		return watcher;
	list_health_unref(health);
	free(watcher);
	return NULL;
}

void
list_watcher_settle(struct list_watcher *watcher, unsigned timeout_ms)
{
	const uint64_t end_ms = clock_now_ms() + timeout_ms;

	while (!list_health_is_settled(watcher->health) && clock_now_ms() < end_ms)
		(void)nanosleep(&(struct timespec){ .tv_nsec = SETTLE_STEP_MS * 1000000L }, NULL);
	list_health_settle(watcher->health, clock_now_ms());
}

void
list_watcher_free(struct list_watcher *watcher)
{
	if (watcher == NULL)
		return;
	(void)pthread_mutex_lock(&watcher->lock);
	watcher->is_stopping = true;
	(void)pthread_cond_signal(&watcher->is_stopping_now);
	(void)pthread_mutex_unlock(&watcher->lock);
	(void)pthread_join(watcher->thread, NULL);
	(void)pthread_cond_destroy(&watcher->is_stopping_now);
	(void)pthread_mutex_destroy(&watcher->lock);
	list_health_unref(watcher->health);
	free(watcher);
}
