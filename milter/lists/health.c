#include "heloscope/lists/health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/refcount.h"
#include "heloscope/lists/budget.h"
#include "heloscope/base/log.h"

/* Parts of the test interval: between tries that went wrong, for rounds that are called for, and while a
 * list is suspended. */
#define RETRY_PART 30
#define CALLED_PART 5
#define SUSPENDED_PART 10
#define TICK_MIN_MS 20

/* Of one part of a list. */
struct state {
	atomic_int trouble; /* enum list_trouble; written under the lock */
	uint32_t answer;    /* that showed the trouble, or 0 */
	bool is_told;       /* the administrator was warned of the trouble */
	bool was_tested;
	bool was_silent;         /* the round before was, and it may have been our resolver's fault */
	unsigned round, pending; /* the round under way, and answers it lacks */
	unsigned lacking;        /* questions of that round that nobody answered, or not yet */
	size_t size;             /* of its questions, without the reference */
	bool has_shown_listed;   /* an entry that must be listed is, or there is none */
	bool has_shown_unlisted; /* an entry that must not be listed is not */
	enum list_trouble worst; /* of the answers */
	uint32_t worst_answer;
	struct list_proof proof; /* that answer */
	bool has_proof;
	unsigned bad_rounds; /* in a row */
	uint64_t round_began_ms, due_ms;
	unsigned slowest_ms;                           /* answer of the round */
	uint64_t since_ms;                             /* that it is in this trouble, or well */
	struct list_round_seen seen[LIST_ROUNDS_KEPT]; /* the last ones; `seen_count` were there, this is the
							  place of the next */
	size_t seen_count;
	unsigned odd; /* real questions in a row */
};

struct list_health {
	struct refcount references;
	struct config *config;
	struct list_budget *budget;
	struct tallies *tallies;
	list_teller *tell;            /* may be NULL */
	_Atomic uint64_t may_tell_ms; /* of a flood */
	pthread_mutex_t lock;         /* guards all below, but for reading `trouble` */
	uint64_t now_ms;              /* when the watcher looked last */
	uint64_t answered_ms;         /* when anybody answered the watcher last */
	struct state states[][LIST_PARTS];
};

/* Lifetime. */

static bool
is_same_list(const struct list *a, const struct list *b)
{
	return strcmp(a->zone, b->zone) == 0 && a->is_allow == b->is_allow && a->subjects == b->subjects;
}

/* Take over what is known of a list; a round under way belongs to the old one. */
static void
inherit(struct state *states, const struct list *list, struct list_health *previous)
{
	const struct list_set *lists = &previous->config->lists;
	size_t i = 0;

	while (i < lists->count && !is_same_list(list, &lists->items[i]))
		i++;
	if (i == lists->count)
		return;
	(void)pthread_mutex_lock(&previous->lock);
	for (int part = 0; part < LIST_PARTS; part++) {
		struct state *old = &previous->states[i][part];

		atomic_store(&states[part].trouble, atomic_load(&old->trouble));
		states[part].answer = old->answer;
		states[part].is_told = old->is_told;
		states[part].was_tested = old->was_tested;
		states[part].was_silent = old->was_silent;
		states[part].bad_rounds = old->bad_rounds;
		states[part].since_ms = old->since_ms;
		memcpy(states[part].seen, old->seen, sizeof old->seen);
		states[part].seen_count = old->seen_count;
	}
	(void)pthread_mutex_unlock(&previous->lock);
}

static struct tallies *
make_tallies(const struct list_set *lists, const struct list_health *previous)
{
	const char **names = calloc(lists->count + 1, sizeof *names);
	struct tallies *tallies = NULL;

	for (size_t i = 0; i < lists->count && names != NULL; i++)
		names[i] = lists->items[i].shown;
	if (names != NULL)
		tallies = tallies_new(names, lists->count, previous != NULL ? previous->tallies : NULL);
	free(names);
	return tallies;
}

struct list_health *
list_health_new(struct config *config, struct list_health *previous, list_teller *tell)
{
	struct list_health *health =
		calloc(1, sizeof *health + config->lists.count * sizeof health->states[0]);

	if (health != NULL) {
		health->budget = list_budget_new();
		health->tallies = make_tallies(&config->lists, previous);
	}
	if (health == NULL || health->budget == NULL || health->tallies == NULL) {
		if (health != NULL) {
			list_budget_free(health->budget);
			tallies_free(health->tallies);
		}
		free(health);
		return NULL;
	}
	health->config = config_ref(config);
	health->tell = tell;
	(void)pthread_mutex_init(&health->lock, NULL);
	for (size_t i = 0; i < config->lists.count; i++) {
		for (int part = 0; part < LIST_PARTS; part++)
			atomic_init(&health->states[i][part].trouble, LIST_UNCHECKED);
		if (previous != NULL)
			inherit(health->states[i], &config->lists.items[i], previous);
	}
	return health;
}

struct list_health *
list_health_ref(struct list_health *health)
{
	refcount_take(&health->references);
	return health;
}

void
list_health_unref(struct list_health *health)
{
	if (health == NULL || !refcount_drop(&health->references))
		return;
	config_unref(health->config);
	list_budget_free(health->budget);
	tallies_free(health->tallies);
	(void)pthread_mutex_destroy(&health->lock);
	free(health);
}

const struct config *
list_health_config(const struct list_health *health)
{
	return health->config;
}

/* Reading. */

static enum list_trouble
trouble_of(const struct state *state)
{
	return (enum list_trouble)atomic_load_explicit(&state->trouble, memory_order_relaxed);
}

enum list_trouble
list_health_trouble(struct list_health *health, size_t list, enum list_part part)
{
	return trouble_of(&health->states[list][part]);
}

enum list_fault
list_health_fault(struct list_health *health, size_t list, enum list_part part)
{
	return list_trouble_fault(list_health_trouble(health, list, part));
}

static bool
is_settled(const struct list_health *health, size_t index)
{
	const struct list *list = &health->config->lists.items[index];

	for (int part = 0; part < LIST_PARTS && !list->is_left_out; part++)
		if (list_has_part(list, (enum list_part)part) && !health->states[index][part].was_tested)
			return false;
	return true;
}

bool
list_health_is_settled(struct list_health *health)
{
	bool result = true;

	(void)pthread_mutex_lock(&health->lock);
	for (size_t i = 0; i < health->config->lists.count; i++)
		result = result && is_settled(health, i);
	(void)pthread_mutex_unlock(&health->lock);
	return result;
}

struct tally *
list_health_tally(const struct list_health *health, size_t list)
{
	return tallies_at(health->tallies, list);
}

bool
list_health_is_repeated(const struct list_health *health, size_t list)
{
	return tallies_is_repeated(health->tallies, list);
}

void
list_health_count_listed(const struct list_health *health, const char *shown)
{
	const struct list_set *lists = &health->config->lists;

	for (size_t i = 0; i < lists->count; i++) {
		if (strcmp(lists->items[i].shown, shown) != 0)
			continue;
		counter_add(&tallies_at(health->tallies, i)->counters[LIST_TALLY_LISTED], 1);
		return;
	}
}

struct list_standing
list_health_standing(struct list_health *health, size_t list, enum list_part part)
{
	const struct state *state = &health->states[list][part];
	struct list_standing standing;

	(void)pthread_mutex_lock(&health->lock);
	standing = (struct list_standing){ .trouble = trouble_of(state), .since_ms = state->since_ms };
	while (standing.round_count < LIST_ROUNDS_KEPT && standing.round_count < state->seen_count) {
		standing.rounds[standing.round_count] =
			state->seen[(state->seen_count - 1 - standing.round_count) % LIST_ROUNDS_KEPT];
		standing.round_count++;
	}
	(void)pthread_mutex_unlock(&health->lock);
	return standing;
}

/* Changing. All of these hold the lock. */

static bool
is_suspended(const struct state *state)
{
	return trouble_of(state) >= LIST_NO_ANSWER;
}

static bool
was_trusted(const struct state *state)
{
	return trouble_of(state) == LIST_WELL || trouble_of(state) == LIST_DOUBTED;
}

static void
set_trouble(const struct list_health *health, struct state *state, enum list_trouble trouble)
{
	if (trouble_of(state) != trouble)
		state->since_ms = health->now_ms;
	atomic_store_explicit(&state->trouble, (int)trouble, memory_order_relaxed);
}

static void
tell(const struct list_health *health, size_t index, enum list_part part)
{
	const struct state *state = &health->states[index][part];

	if (health->tell != NULL)
		health->tell(&health->config->lists.items[index], part, trouble_of(state), state->answer,
			     state->has_proof ? &state->proof : NULL);
}

static void
suspend(struct list_health *health, size_t index, enum list_part part, enum list_trouble trouble)
{
	struct state *state = &health->states[index][part];
	const bool is_news =
		!state->is_told || trouble_of(state) != trouble || state->answer != state->worst_answer;

	if (!is_suspended(state))
		counter_add(&tallies_at(health->tallies, index)->counters[LIST_TALLY_SUSPENDED], 1);
	set_trouble(health, state, trouble);
	state->answer = state->worst_answer;
	state->is_told = true;
	if (is_news)
		tell(health, index, part);
}

static void
restore(struct list_health *health, size_t index, enum list_part part)
{
	struct state *state = &health->states[index][part];

	set_trouble(health, state, LIST_WELL);
	if (state->is_told)
		tell(health, index, part);
	state->is_told = false;
}

/* Rounds. */

/* What the round shows, though answers may have got lost; LIST_UNANSWERED when it shows nothing. */
static enum list_trouble
judge_round(const struct list_health *health, const struct state *state)
{
	const bool is_silent = state->lacking == state->size;

	if (state->worst != LIST_WELL)
		return state->worst;
	if (is_silent && health->answered_ms >= state->round_began_ms)
		return LIST_NO_ANSWER;
	return state->has_shown_listed && state->has_shown_unlisted ? LIST_WELL : LIST_UNANSWERED;
}

static void
take_bad_round(struct list_health *health, size_t index, enum list_part part, enum list_trouble trouble)
{
	struct state *state = &health->states[index][part];

	state->bad_rounds++;
	if (!was_trusted(state)
	    || state->bad_rounds >= (trouble == LIST_NO_ANSWER ? LIST_SILENT_TRIES : LIST_TRIES))
		suspend(health, index, part, trouble);
	else if (trouble != LIST_NO_ANSWER)
		set_trouble(health, state, LIST_DOUBTED);
}

static void
keep_round(const struct list_health *health, struct state *state, enum list_trouble trouble)
{
	state->seen[state->seen_count++ % LIST_ROUNDS_KEPT] =
		(struct list_round_seen){ health->now_ms, state->slowest_ms, trouble };
}

static void
finish_round(struct list_health *health, size_t index, enum list_part part)
{
	struct state *state = &health->states[index][part];
	const unsigned interval_ms = health->config->test_interval_ms;
	const enum list_trouble trouble = judge_round(health, state);

	state->pending = 0;
	state->was_tested = true;
	state->was_silent = state->lacking == state->size;
	keep_round(health, state, trouble);
	if (trouble == LIST_WELL) {
		state->bad_rounds = 0;
		restore(health, index, part);
	} else if (trouble != LIST_UNANSWERED) {
		take_bad_round(health, index, part, trouble);
	} else if (trouble_of(state) == LIST_UNCHECKED) {
		set_trouble(health, state, LIST_UNANSWERED);
	}
	state->due_ms = health->now_ms
			+ interval_ms
				  / (trouble == LIST_WELL  ? 1
				     : is_suspended(state) ? SUSPENDED_PART
							   : RETRY_PART);
}

static struct list_round
begin_round(struct list_health *health, size_t index, enum list_part part)
{
	const struct list *list = &health->config->lists.items[index];
	struct state *state = &health->states[index][part];

	if (state->pending > 0 && health->now_ms - state->round_began_ms >= health->config->timeout_ms)
		finish_round(health, index, part);
	state->size = list_round_size(list, part);
	if (list->is_left_out || state->size == 0 || state->pending > 0 || health->now_ms < state->due_ms)
		return (struct list_round){ 0 };
	state->round++;
	state->pending = (unsigned)state->size + (state->was_silent ? 1 : 0);
	state->lacking = (unsigned)state->size;
	state->has_shown_listed = !list_has_listed_entry(list, part);
	state->has_shown_unlisted = false;
	state->worst = LIST_WELL;
	state->worst_answer = 0;
	state->has_proof = false;
	state->slowest_ms = 0;
	state->round_began_ms = health->now_ms;
	return (struct list_round){ state->round, state->size, state->was_silent };
}

unsigned
list_health_tick_ms(const struct list_health *health)
{
	const unsigned tick_ms = health->config->test_interval_ms / RETRY_PART;

	return tick_ms > TICK_MIN_MS ? tick_ms : TICK_MIN_MS;
}

struct list_round
list_health_begin_round(struct list_health *health, size_t list, enum list_part part, uint64_t now_ms)
{
	struct list_round round;

	(void)pthread_mutex_lock(&health->lock);
	health->now_ms = now_ms > health->now_ms ? now_ms : health->now_ms;
	round = begin_round(health, list, part);
	(void)pthread_mutex_unlock(&health->lock);
	return round;
}

static void
note_proof(struct state *state, const struct list_proof *proof)
{
	const enum list_trouble trouble = list_proof_judge(proof);

	state->lacking -= trouble == LIST_NO_ANSWER ? 0 : 1;
	if (trouble == LIST_WELL && proof->question.is_listed)
		state->has_shown_listed = true;
	else if (trouble == LIST_WELL)
		state->has_shown_unlisted = true;
	if (trouble == LIST_NO_ANSWER || trouble <= state->worst)
		return;
	state->worst = trouble;
	state->worst_answer = proof->reading.count > 0 ? proof->reading.answers[0] : 0;
	state->proof = *proof;
	state->has_proof = true;
}

/* One of the questions of a round is done; `proof` is NULL for the reference. */
static void
take(struct list_health *health, size_t index, enum list_part part, unsigned round,
     const struct list_proof *proof, bool is_answered, uint64_t now_ms)
{
	struct state *state = &health->states[index][part];

	(void)pthread_mutex_lock(&health->lock);
	health->now_ms = now_ms > health->now_ms ? now_ms : health->now_ms;
	if (round == state->round && state->pending > 0) { /* what comes late shows nothing of this round */
		if (is_answered)
			health->answered_ms = health->now_ms;
		if (is_answered && proof != NULL)
			state->slowest_ms = (unsigned)(health->now_ms - state->round_began_ms);
		if (proof != NULL)
			note_proof(state, proof);
		if (--state->pending == 0)
			finish_round(health, index, part);
	}
	(void)pthread_mutex_unlock(&health->lock);
}

void
list_health_answer(struct list_health *health, size_t list, unsigned round, const struct list_proof *proof,
		   uint64_t now_ms)
{
	take(health, list, proof->question.part, round, proof, proof->reading.says != LIST_SAYS_NOTHING,
	     now_ms);
}

void
list_health_reference(struct list_health *health, size_t list, enum list_part part, unsigned round,
		      bool is_answered, uint64_t now_ms)
{
	take(health, list, part, round, NULL, is_answered, now_ms);
}

void
list_health_drop_round(struct list_health *health, size_t list, enum list_part part, unsigned round)
{
	struct state *state = &health->states[list][part];

	(void)pthread_mutex_lock(&health->lock);
	if (round == state->round && state->pending > 0) {
		state->pending = 0;
		state->was_tested = true;
		state->due_ms = health->now_ms + health->config->test_interval_ms / RETRY_PART;
	}
	(void)pthread_mutex_unlock(&health->lock);
}

void
list_health_settle(struct list_health *health, uint64_t now_ms)
{
	(void)pthread_mutex_lock(&health->lock);
	health->now_ms = now_ms > health->now_ms ? now_ms : health->now_ms;
	for (size_t i = 0; i < health->config->lists.count; i++)
		for (int part = 0; part < LIST_PARTS; part++)
			if (health->states[i][part].pending > 0)
				finish_round(health, i, (enum list_part)part);
	(void)pthread_mutex_unlock(&health->lock);
}

/* Real questions. */

/* Have the next round of a list that is trusted come earlier, but not more often than this. */
static void
call_round(const struct list_health *health, struct state *state)
{
	const uint64_t earliest_ms = state->round_began_ms + health->config->test_interval_ms / CALLED_PART;

	if (was_trusted(state) && earliest_ms < state->due_ms)
		state->due_ms = earliest_ms;
}

void
list_health_observe(struct list_health *health, size_t list, enum list_part part, enum list_says says)
{
	struct state *state = &health->states[list][part];

	(void)pthread_mutex_lock(&health->lock);
	state->odd = says == LIST_SAYS_NO ? 0 : state->odd + 1;
	if (state->odd >= LIST_ODD_MAX) {
		state->odd = 0;
		call_round(health, state);
	}
	(void)pthread_mutex_unlock(&health->lock);
}

/* At most a line a minute, whoever they are. */
static void
tell_of_flood(struct list_health *health, size_t list, const struct ipaddr *client, uint64_t now_ms)
{
	uint64_t may_tell_ms = atomic_load(&health->may_tell_ms);
	char address[IPADDR_TEXT_SIZE];

	if (now_ms < may_tell_ms
	    || !atomic_compare_exchange_strong(&health->may_tell_ms, &may_tell_ms, now_ms + 60000))
		return;
	log_warning(
		"for clients like %s the list %s was queried too often, for mail that was not accepted; for a while it is queried less for them, and what depends on its answer is deferred. Hosts of your own belong in trust { networks }",
		ipaddr_format(client, address), health->config->lists.items[list].shown);
}

enum dns_status
list_health_may_ask(struct list_health *health, size_t list, const struct ipaddr *client, uint64_t now_ms)
{
	const enum dns_status status = list_budget_take(health->budget, client, list, now_ms);

	if (status != DNS_NOERROR)
		tell_of_flood(health, list, client, now_ms);
	return status;
}

void
list_health_give_back(struct list_health *health, size_t list, const struct ipaddr *client)
{
	list_budget_give_back(health->budget, client, list);
}
