#include "heloscope/checks/inquiry.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/hash.h"

#define STAGE_MEMORY (128U << 10) /* octets; only very many lists need so much */

/* What a stage usually needs, with two lists: many sessions do nothing but wait. */
static const size_t usual_memory[STAGES] = { 608, 288, 1008 };

/* A question and its answer. Lives in its stage's arena. */
struct lookup {
	struct lookup *next;
	const char *name;
	uint64_t hash;
	enum dns_type type;
	size_t check;              /* for which it was asked, in the table */
	struct dns_answer *answer; /* NULL while awaited, and when it is too much */
	struct request *request;   /* NULL once answered */
	bool is_too_much;          /* for what the check may hold */
	uint32_t paid_list; /* one more than the number of the list whose budget paid for it; 0: none */
};

/* What the resolver holds while a question is in flight; outlives the lookup if need be. */
struct request {
	struct inquiry *inquiry; /* counted */
	struct lookup *lookup;   /* NULL: nobody waits any more */
};

struct stage_state {
	struct arena arena;
	struct workspace work;
	struct lookup *lookups;
	unsigned count;
};

/* What a check holds of questions and answers, in octets. */
struct purse {
	uint32_t used, limit;
};

struct inquiry {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t is_complete_now;
	unsigned references; /* the owner's, one a request, one a scheduled run */
	struct inquiry_needs needs;
	char *helo; /* as given, or NULL */
	enum stage stage;
	bool is_closed, is_scheduled, is_complete, has_expired;
	bool has_lost_helo; /* memory ran out, which is not the same as no HELO */
	bool is_done[INQUIRY_CHECKS_MAX];
	struct purse purses[INQUIRY_CHECKS_MAX];
	size_t running; /* the check that is run */
	struct stage_state stages[STAGES];
	struct facts facts;
	struct facts *reading; /* that is being checked: `facts`, or in the end one of facts.other */
};

static const struct dns_answer timed_out = { .status = DNS_TIMEOUT };
static const struct dns_answer refused = { .status = DNS_TOO_MANY };
static const struct dns_answer too_late = { .status = DNS_NO_TIME };
static const struct dns_answer failed = { .status = DNS_NO_MEMORY };

struct facts *
inquiry_facts(struct inquiry *inquiry)
{
	return inquiry->reading;
}

const struct config *
inquiry_config(const struct inquiry *inquiry)
{
	return inquiry->needs.config;
}

struct list_health *
inquiry_health(const struct inquiry *inquiry)
{
	return inquiry->needs.health;
}

struct arena *
inquiry_arena(struct inquiry *inquiry, enum stage stage)
{
	return &inquiry->stages[stage].arena;
}

struct workspace *
inquiry_work(struct inquiry *inquiry, enum stage stage)
{
	return &inquiry->stages[stage].work;
}

void
inquiry_allow(struct inquiry *inquiry, uint32_t octets)
{
	inquiry->purses[inquiry->running].limit = octets;
}

bool
inquiry_is_done(const struct inquiry *inquiry, const struct check *check)
{
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i] == check)
			return inquiry->is_done[i];
	return true;
}

/* Whether all checks before `check` in the table are done. */
static bool
are_done_before(const struct inquiry *inquiry, const struct check *check)
{
	for (size_t i = 0; inquiry->needs.table.checks[i] != check; i++)
		if (!inquiry->is_done[i])
			return false;
	return true;
}

bool
inquiry_look_at_peer(struct inquiry *inquiry, const struct check *check, const struct check *names)
{
	struct peer_source *source = inquiry->needs.peers;
	struct facts *facts = inquiry->reading;
	const char *name = facts->iprev.verified != NULL ? facts->iprev.verified : "";
	struct peer *peer;

	if (source == NULL)
		return true;
	if (!facts->peer.is_wanted && inquiry_is_done(inquiry, names)) {
		facts->peer.is_wanted = true;
		facts->peer.is_left_out = !source->want(source, &facts->client.address, name);
	}
	if (!are_done_before(inquiry, check))
		return false;
	peer = arena_alloc(inquiry_arena(inquiry, STAGE_MAIL), sizeof *peer);
	if (peer != NULL && !facts->peer.is_left_out && source->known(source, &facts->client.address, peer))
		facts->peer.peer = peer;
	return true;
}

/* Lifetime. */

static void
forget_lookups(struct stage_state *state)
{
	for (struct lookup *lookup = state->lookups; lookup != NULL; lookup = lookup->next) {
		if (lookup->request != NULL)
			lookup->request->lookup = NULL;
		dns_answer_free(lookup->answer);
	}
	state->lookups = NULL;
	state->count = 0;
	arena_clear(&state->arena);
	workspace_clear(&state->work);
}

/* Give back one reference and the lock. */
static void
release(struct inquiry *inquiry)
{
	const bool is_last = --inquiry->references == 0;

	(void)pthread_mutex_unlock(&inquiry->lock);
	if (!is_last)
		return;
	for (int stage = 0; stage < STAGES; stage++)
		forget_lookups(&inquiry->stages[stage]);
	config_unref(inquiry->needs.config);
	free(inquiry->helo);
	(void)pthread_cond_destroy(&inquiry->is_complete_now);
	(void)pthread_mutex_destroy(&inquiry->lock);
	free(inquiry);
}

/* Running. */

/* Run what is not done for the current reading. Returns whether all is done. */
static bool
run_reading(struct inquiry *inquiry)
{
	bool is_complete = inquiry->stage == STAGE_MAIL;

	for (size_t i = 0; i < inquiry->needs.table.count; i++) {
		const struct check *check = inquiry->needs.table.checks[i];

		inquiry->running = i;
		if (!inquiry->is_done[i] && check->stage <= inquiry->stage)
			inquiry->is_done[i] = check->run(inquiry);
		is_complete = is_complete && inquiry->is_done[i];
	}
	return is_complete;
}

/* The checks of `stage` and later are to be made anew. */
static void
undo_checks(struct inquiry *inquiry, enum stage stage)
{
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i]->stage >= stage)
			inquiry->is_done[i] = false;
}

static void
run_checks(struct inquiry *inquiry)
{
	if (inquiry->is_closed || inquiry->is_complete)
		return;
	while (run_reading(inquiry) && !inquiry->is_complete) {
		if (inquiry->reading->other == NULL) {
			inquiry->is_complete = true;
		} else {
			facts_take_over(inquiry->reading->other, inquiry->reading);
			inquiry->reading = inquiry->reading->other;
			undo_checks(inquiry, STAGE_MAIL);
		}
	}
	if (inquiry->is_complete)
		(void)pthread_cond_broadcast(&inquiry->is_complete_now);
}

static void
run_scheduled(void *context)
{
	struct inquiry *inquiry = context;

	(void)pthread_mutex_lock(&inquiry->lock);
	inquiry->is_scheduled = false;
	run_checks(inquiry);
	release(inquiry);
}

/* Take octets out of a check's purse. False when they are not in it. */
static bool
charge(struct inquiry *inquiry, size_t check, size_t octets)
{
	struct purse *purse = &inquiry->purses[check];

	if (purse->used > purse->limit || octets > purse->limit - purse->used)
		return false;
	purse->used += (uint32_t)octets;
	return true;
}

/* An answer has come, or NULL for want of memory. It is kept when there is room for it. */
static void
keep_answer(struct inquiry *inquiry, struct lookup *lookup, struct dns_answer *answer)
{
	lookup->is_too_much = answer != NULL && !charge(inquiry, lookup->check, answer->octets);
	if (lookup->is_too_much)
		dns_answer_free(answer);
	else
		lookup->answer = answer;
}

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct request *request = context;
	struct inquiry *inquiry = request->inquiry;
	bool is_to_run;

	(void)pthread_mutex_lock(&inquiry->lock);
	if (request->lookup != NULL) {
		keep_answer(inquiry, request->lookup, answer);
		request->lookup->request = NULL;
		answer = NULL;
	}
	is_to_run = request->lookup != NULL && !inquiry->is_scheduled && !inquiry->is_complete;
	if (is_to_run) {
		inquiry->is_scheduled = true;
		inquiry->references++;
	}
	dns_answer_free(answer);
	free(request);
	release(inquiry);
	/* The scheduled run holds a reference of its own. */
	if (is_to_run)
		inquiry->needs.resolver->after_answers(inquiry->needs.resolver, run_scheduled, inquiry);
}

/* Asking. */

static struct lookup *
find_lookup(const struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type,
	    uint64_t hash)
{
	for (int earlier = 0; earlier <= (int)stage; earlier++)
		for (struct lookup *lookup = inquiry->stages[earlier].lookups; lookup != NULL;
		     lookup = lookup->next)
			if (lookup->hash == hash && lookup->type == type && strcmp(lookup->name, name) == 0)
				return lookup;
	return NULL;
}

#define NO_LIST SIZE_MAX

static bool
may_ask(const struct inquiry *inquiry, size_t list)
{
	return list == NO_LIST
	       || list_health_may_ask(inquiry->needs.health, list, &inquiry->facts.client.address,
				      clock_now_ms());
}

/* Have it answered: at once when the answer is known. False when it cannot be asked. */
static bool
send_question(struct inquiry *inquiry, struct lookup *lookup, size_t list)
{
	struct dns_resolver *resolver = inquiry->needs.resolver;
	struct dns_answer *known = NULL;
	struct request *request;

	if (resolver->known != NULL)
		known = resolver->known(resolver, lookup->name, lookup->type);
	if (known == NULL && !may_ask(inquiry, list)) {
		lookup->is_too_much = true;
		return true;
	}
	if (known == NULL && list != NO_LIST)
		lookup->paid_list = (uint32_t)list + 1;
	if (known != NULL) {
		keep_answer(inquiry, lookup, known);
		return true;
	}
	request = malloc(sizeof *request);
	if (request == NULL)
		return false;
	*request = (struct request){ .inquiry = inquiry, .lookup = lookup };
	lookup->request = request;
	inquiry->references++;
	if (resolver->ask(resolver, lookup->name, lookup->type, take_answer, request))
		return true;
	inquiry->references--;
	lookup->request = NULL;
	free(request);
	return false;
}

/* What is known of a question that was asked; NULL while its answer is awaited. */
static const struct dns_answer *
what_came(const struct inquiry *inquiry, const struct lookup *lookup)
{
	if (lookup->answer != NULL)
		return lookup->answer;
	if (lookup->is_too_much)
		return &refused;
	if (lookup->request == NULL)
		return &failed; /* memory ran out when the answer came */
	return inquiry->has_expired ? &timed_out : NULL;
}

static const struct dns_answer *
ask(struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type, size_t list)
{
	const uint64_t hash = hash_of(span_of(name));
	struct stage_state *state = &inquiry->stages[stage];
	struct lookup *lookup = find_lookup(inquiry, stage, name, type, hash);

	if (lookup != NULL)
		return what_came(inquiry, lookup);
	if (inquiry->has_expired)
		return &too_late;
	if (state->count >= BOUND_QUESTIONS_A_STAGE
	    || !charge(inquiry, inquiry->running, sizeof *lookup + strlen(name) + 1))
		return &refused;
	lookup = arena_alloc(&state->arena, sizeof *lookup);
	if (lookup == NULL)
		return &failed;
	*lookup = (struct lookup){
		.next = state->lookups, .hash = hash, .type = type, .check = inquiry->running
	};
	lookup->name = arena_string(&state->arena, name);
	state->lookups = lookup;
	state->count++;
	if (state->arena.has_failed || !send_question(inquiry, lookup, list))
		return &failed;
	return what_came(inquiry, lookup);
}

const struct dns_answer *
inquiry_ask(struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type)
{
	return ask(inquiry, stage, name, type, NO_LIST);
}

const struct dns_answer *
inquiry_ask_list(struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type, size_t list)
{
	return ask(inquiry, stage, name, type, list);
}

/* The connection's life. */

/* Forget all that is known only since `stage`, and start its checks. */
static void
enter(struct inquiry *inquiry, enum stage stage)
{
	for (int later = (int)stage; later < STAGES; later++)
		forget_lookups(&inquiry->stages[later]);
	facts_forget(&inquiry->facts, stage);
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i]->stage >= stage)
			inquiry->purses[i] = (struct purse){ .limit = BOUND_ANSWER_OCTETS };
	inquiry->reading = &inquiry->facts;
	undo_checks(inquiry, stage);
	inquiry->stage = stage;
	inquiry->is_complete = false;
}

/* A deadline ends with its message: what it cut short is asked anew, whatever the client says next. */
static void
forget_deadline(struct inquiry *inquiry)
{
	if (inquiry->has_expired)
		enter(inquiry, STAGE_CONNECT);
	inquiry->has_expired = false;
}

static void
enter_helo(struct inquiry *inquiry)
{
	enter(inquiry, STAGE_HELO);
	facts_set_helo(&inquiry->facts.helo, inquiry->helo, &inquiry->stages[STAGE_HELO].arena);
}

static void
enter_mail(struct inquiry *inquiry, const struct envelope_address *sender, const char *auth_name,
	   const struct tls_facts *tls)
{
	struct arena *arena = &inquiry->stages[STAGE_MAIL].arena;

	enter(inquiry, STAGE_MAIL);
	inquiry->facts.client.is_authenticated = auth_name != NULL;
	inquiry->facts.client.auth_name = auth_name != NULL ? arena_string(arena, auth_name) : NULL;
	inquiry->facts.tls = facts_copy_tls(tls, arena);
	facts_set_sender(&inquiry->facts, sender, arena);
}

struct inquiry *
inquiry_new(const struct inquiry_needs *needs, const struct client_facts *client)
{
	struct inquiry *inquiry = calloc(1, sizeof *inquiry);

	if (inquiry == NULL || !clock_init_condition(&inquiry->is_complete_now)) {
		free(inquiry);
		return NULL;
	}
	(void)pthread_mutex_init(&inquiry->lock, NULL);
	inquiry->references = 1;
	inquiry->needs = *needs;
	(void)config_ref(needs->config);
	inquiry->facts.client = *client;
	for (int stage = 0; stage < STAGES; stage++) {
		arena_init_for(&inquiry->stages[stage].arena, usual_memory[stage], STAGE_MEMORY);
		arena_init(&inquiry->stages[stage].work.memory, BOUND_SPF_WORK_OCTETS);
	}
	(void)pthread_mutex_lock(&inquiry->lock);
	enter(inquiry, STAGE_CONNECT);
	run_checks(inquiry);
	(void)pthread_mutex_unlock(&inquiry->lock);
	return inquiry;
}

void
inquiry_helo(struct inquiry *inquiry, const char *name)
{
	(void)pthread_mutex_lock(&inquiry->lock);
	free(inquiry->helo);
	inquiry->helo = name != NULL ? strdup(name) : NULL;
	inquiry->has_lost_helo = name != NULL && inquiry->helo == NULL;
	forget_deadline(inquiry);
	enter_helo(inquiry);
	run_checks(inquiry);
	(void)pthread_mutex_unlock(&inquiry->lock);
}

const char *
inquiry_helo_given(const struct inquiry *inquiry)
{
	return inquiry->helo;
}

void
inquiry_mail(struct inquiry *inquiry, const struct envelope_address *sender, const char *auth_name,
	     const struct tls_facts *tls)
{
	(void)pthread_mutex_lock(&inquiry->lock);
	forget_deadline(inquiry);
	if (inquiry->stage == STAGE_CONNECT)
		enter_helo(inquiry);
	enter_mail(inquiry, sender, auth_name, tls);
	run_checks(inquiry);
	(void)pthread_mutex_unlock(&inquiry->lock);
}

void
inquiry_forget_mail(struct inquiry *inquiry)
{
	(void)pthread_mutex_lock(&inquiry->lock);
	if (inquiry->stage == STAGE_MAIL) {
		enter(inquiry, STAGE_MAIL);
		inquiry->stage = STAGE_HELO;
	}
	(void)pthread_mutex_unlock(&inquiry->lock);
}

static bool
has_memory(const struct inquiry *inquiry)
{
	for (int stage = 0; stage < STAGES; stage++)
		if (inquiry->stages[stage].arena.has_failed)
			return false;
	return !inquiry->has_lost_helo;
}

/* The inquiry is locked. */
static bool
has_ended(const struct inquiry *inquiry)
{
	return inquiry->is_complete || inquiry->has_expired;
}

bool
inquiry_is_complete(struct inquiry *inquiry)
{
	bool is_complete;

	(void)pthread_mutex_lock(&inquiry->lock);
	is_complete = has_ended(inquiry);
	(void)pthread_mutex_unlock(&inquiry->lock);
	return is_complete;
}

void
inquiry_accepted(struct inquiry *inquiry)
{
	(void)pthread_mutex_lock(&inquiry->lock);
	for (int stage = 0; stage < STAGES; stage++) {
		for (struct lookup *lookup = inquiry->stages[stage].lookups; lookup != NULL;
		     lookup = lookup->next) {
			if (lookup->paid_list != 0)
				list_health_give_back(inquiry->needs.health, lookup->paid_list - 1,
						      &inquiry->facts.client.address);
			lookup->paid_list = 0;
		}
	}
	(void)pthread_mutex_unlock(&inquiry->lock);
}

const struct facts *
inquiry_wait(struct inquiry *inquiry, unsigned timeout_ms)
{
	const struct timespec deadline = clock_deadline(timeout_ms);
	bool is_well;

	(void)pthread_mutex_lock(&inquiry->lock);
	if (inquiry->needs.before_wait != NULL && !has_ended(inquiry))
		inquiry->needs.before_wait();
	while (!has_ended(inquiry)) {
		if (pthread_cond_timedwait(&inquiry->is_complete_now, &inquiry->lock, &deadline) == ETIMEDOUT
		    && !inquiry->is_complete) {
			inquiry->has_expired = true;
			run_checks(inquiry);
		}
	}
	is_well = has_memory(inquiry);
	(void)pthread_mutex_unlock(&inquiry->lock);
	return is_well ? &inquiry->facts : NULL;
}

void
inquiry_close(struct inquiry *inquiry)
{
	if (inquiry == NULL)
		return;
	(void)pthread_mutex_lock(&inquiry->lock);
	inquiry->is_closed = true;
	for (int stage = 0; stage < STAGES; stage++)
		forget_lookups(&inquiry->stages[stage]);
	release(inquiry);
}
