#include "heloscope/dns/lookup.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/domain.h"

struct question {
	struct question *next;
	struct lookup *lookup;
	enum dns_type type;
	struct timespec deadline;
	uint64_t asked_ms;
	unsigned took_ms; /* once it is answered; guarded by the lock of the lookup, as are the next */
	struct dns_answer *answer;
	bool is_answered;
	char name[];
};

struct lookup {
	struct dns_resolver *resolver;
	unsigned timeout_ms;
	uint64_t end_ms;            /* of all waiting */
	struct question *questions; /* the asking thread's */
	pthread_mutex_t lock;       /* guards the next three, and what questions say */
	size_t under_way;           /* questions without an answer */
	bool is_freed;              /* by who asked; the last answer ends it */
	bool is_stopped;
	pthread_cond_t has_answer;
};

static const struct dns_answer timed_out = { .status = DNS_TIMEOUT },
			       no_such_name = { .status = DNS_NXDOMAIN };

struct lookup *
lookup_new(struct dns_resolver *resolver, unsigned timeout_ms)
{
	struct lookup *lookup = calloc(1, sizeof *lookup);

	if (lookup == NULL || !clock_init_condition(&lookup->has_answer)) {
		free(lookup);
		return NULL;
	}
	(void)pthread_mutex_init(&lookup->lock, NULL);
	lookup->resolver = resolver;
	lookup->timeout_ms = timeout_ms;
	lookup->end_ms = UINT64_MAX;
	return lookup;
}

void
lookup_set_end(struct lookup *lookup, uint64_t end_ms)
{
	lookup->end_ms = end_ms;
}

/* How long may be waited now. */
static unsigned
patience_ms(const struct lookup *lookup)
{
	const uint64_t now_ms = clock_now_ms(),
		       left_ms = now_ms < lookup->end_ms ? lookup->end_ms - now_ms : 0;

	return left_ms < lookup->timeout_ms ? (unsigned)left_ms : lookup->timeout_ms;
}

void
lookup_stop(struct lookup *lookup)
{
	(void)pthread_mutex_lock(&lookup->lock);
	lookup->is_stopped = true;
	(void)pthread_cond_broadcast(&lookup->has_answer);
	(void)pthread_mutex_unlock(&lookup->lock);
}

static void
destroy(struct lookup *lookup)
{
	struct question *question;

	while ((question = lookup->questions) != NULL) {
		lookup->questions = question->next;
		dns_answer_free(question->answer);
		free(question);
	}
	(void)pthread_cond_destroy(&lookup->has_answer);
	(void)pthread_mutex_destroy(&lookup->lock);
	free(lookup);
}

void
lookup_free(struct lookup *lookup)
{
	bool is_last;

	if (lookup == NULL)
		return;
	(void)pthread_mutex_lock(&lookup->lock);
	lookup->is_freed = true;
	is_last = lookup->under_way == 0;
	(void)pthread_mutex_unlock(&lookup->lock);
	if (is_last)
		destroy(lookup);
}

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct question *question = context;
	struct lookup *lookup = question->lookup;
	bool is_last;

	(void)pthread_mutex_lock(&lookup->lock);
	question->answer = answer;
	question->took_ms = (unsigned)(clock_now_ms() - question->asked_ms);
	question->is_answered = true;
	is_last = --lookup->under_way == 0 && lookup->is_freed;
	(void)pthread_cond_broadcast(&lookup->has_answer);
	(void)pthread_mutex_unlock(&lookup->lock);
	if (is_last)
		destroy(lookup);
}

static void
ask(struct lookup *lookup, struct question *question)
{
	(void)pthread_mutex_lock(&lookup->lock);
	lookup->under_way++;
	(void)pthread_mutex_unlock(&lookup->lock);
	if (lookup->resolver->ask(lookup->resolver, question->name, question->type, take_answer, question))
		return;
	(void)pthread_mutex_lock(&lookup->lock);
	lookup->under_way--;
	question->is_answered = true;
	(void)pthread_mutex_unlock(&lookup->lock);
}

/* The question, which is asked when it is new; NULL when it cannot be asked. */
static struct question *
find_question(struct lookup *lookup, const char *name, enum dns_type type)
{
	const size_t size = strlen(name) + 1;
	struct question *question = lookup->questions;

	while (question != NULL && (question->type != type || strcmp(question->name, name) != 0))
		question = question->next;
	if (question != NULL)
		return question;
	question = calloc(1, sizeof *question + size);
	if (question == NULL)
		return NULL;
	*question = (struct question){ .next = lookup->questions,
				       .lookup = lookup,
				       .type = type,
				       .deadline = clock_deadline(patience_ms(lookup)),
				       .asked_ms = clock_now_ms(),
				       .took_ms = lookup->timeout_ms };
	memcpy(question->name, name, size);
	lookup->questions = question;
	ask(lookup, question);
	return question;
}

/* Of a name that is longer than any the resolver need not be asked, and says nothing. */
static bool
can_exist(const char *name)
{
	return strlen(name) < DOMAIN_SIZE;
}

void
lookup_want(struct lookup *lookup, const char *name, enum dns_type type)
{
	if (can_exist(name))
		(void)find_question(lookup, name, type);
}

const struct dns_answer *
lookup_get(struct lookup *lookup, const char *name, enum dns_type type)
{
	struct question *question;
	const struct dns_answer *answer = NULL;

	if (!can_exist(name))
		return &no_such_name;
	question = find_question(lookup, name, type);
	if (question == NULL)
		return &timed_out;
	(void)pthread_mutex_lock(&lookup->lock);
	while (!question->is_answered && !lookup->is_stopped
	       && pthread_cond_timedwait(&lookup->has_answer, &lookup->lock, &question->deadline) == 0)
		continue;
	answer = question->answer;
	(void)pthread_mutex_unlock(&lookup->lock);
	return answer != NULL ? answer : &timed_out;
}

unsigned
lookup_took_ms(struct lookup *lookup, const char *name, enum dns_type type)
{
	struct question *question = find_question(lookup, name, type);
	unsigned took_ms = lookup->timeout_ms;

	(void)pthread_mutex_lock(&lookup->lock);
	if (question != NULL)
		took_ms = question->took_ms;
	(void)pthread_mutex_unlock(&lookup->lock);
	return took_ms;
}
