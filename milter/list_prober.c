#include "heloscope/list_prober.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "heloscope/clock.h"
#include "heloscope/thread.h"

#define SETTLE_STEP_MS 5

struct list_prober {
	struct list_health *health;
	struct dns_resolver *resolver;
	pthread_t thread;
	pthread_mutex_t lock; /* guards is_stopping */
	pthread_cond_t is_stopping_now;
	bool is_stopping;
};

/* A test entry that is being asked for. */
struct question {
	struct list_health *health; /* counted */
	size_t list, probe;
	unsigned round;
};

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct question *question = context;
	const struct list *list = &list_health_config(question->health)->lists.items[question->list];
	struct list_reading reading = { .says = LIST_SAYS_NOTHING };

	if (answer != NULL)
		reading = dnslist_read(list, answer);
	list_health_probed(question->health, question->list, question->round, question->probe, &reading,
			   clock_now_ms());
	dns_answer_free(answer);
	list_health_unref(question->health);
	free(question);
}

/* What cannot be asked stays unanswered, and the round ends as such. */
static void
ask(struct list_prober *prober, size_t list, size_t probe, unsigned round)
{
	const struct list *asked = &list_health_config(prober->health)->lists.items[list];
	struct question *question = malloc(sizeof *question);
	char name[DOMAIN_SIZE];
	bool is_asked;

	if (question == NULL)
		return;
	*question = (struct question){ prober->health, list, probe, round };
	(void)list_health_ref(prober->health);
	is_asked = dnslist_entry_name(asked, asked->probes.items[probe].entry, name)
		   && prober->resolver->ask(prober->resolver, name, DNS_A, take_answer, question);
	if (!is_asked) {
		list_health_unref(prober->health);
		free(question);
	}
}

static void
probe_lists(struct list_prober *prober)
{
	const struct list_set *lists = &list_health_config(prober->health)->lists;

	for (size_t i = 0; i < lists->count; i++) {
		const unsigned round = list_health_begin_round(prober->health, i, clock_now_ms());

		for (size_t j = 0; round != 0 && j < lists->items[i].probes.count; j++)
			ask(prober, i, j, round);
	}
}

static void *
run(void *context)
{
	struct list_prober *prober = context;

	(void)pthread_mutex_lock(&prober->lock);
	while (!prober->is_stopping) {
		const struct timespec next = clock_deadline(list_health_tick_ms(prober->health));

		(void)pthread_mutex_unlock(&prober->lock);
		probe_lists(prober);
		(void)pthread_mutex_lock(&prober->lock);
		while (!prober->is_stopping
		       && pthread_cond_timedwait(&prober->is_stopping_now, &prober->lock, &next) == 0)
			continue;
	}
	(void)pthread_mutex_unlock(&prober->lock);
	return NULL;
}

struct list_prober *
list_prober_new(struct list_health *health, struct dns_resolver *resolver, struct error *error)
{
	struct list_prober *prober = calloc(1, sizeof *prober);

	error_set(error, "the thread that looks after lists cannot start");
	if (prober == NULL || !clock_init_condition(&prober->is_stopping_now)) {
		free(prober);
		return NULL;
	}
	(void)pthread_mutex_init(&prober->lock, NULL);
	prober->health = list_health_ref(health);
	prober->resolver = resolver;
	if (thread_start(&prober->thread, run, prober))
		return prober;
	list_health_unref(health);
	free(prober);
	return NULL;
}

void
list_prober_settle(struct list_prober *prober, unsigned timeout_ms)
{
	const uint64_t end_ms = clock_now_ms() + timeout_ms;

	while (!list_health_is_settled(prober->health) && clock_now_ms() < end_ms)
		(void)nanosleep(&(struct timespec){ .tv_nsec = SETTLE_STEP_MS * 1000000L }, NULL);
}

void
list_prober_free(struct list_prober *prober)
{
	if (prober == NULL)
		return;
	(void)pthread_mutex_lock(&prober->lock);
	prober->is_stopping = true;
	(void)pthread_cond_signal(&prober->is_stopping_now);
	(void)pthread_mutex_unlock(&prober->lock);
	(void)pthread_join(prober->thread, NULL);
	(void)pthread_cond_destroy(&prober->is_stopping_now);
	(void)pthread_mutex_destroy(&prober->lock);
	list_health_unref(prober->health);
	free(prober);
}
