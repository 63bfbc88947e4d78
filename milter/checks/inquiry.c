/*
 * Why checks are run again and again.
 *
 * A check has to ask several questions, of which the later ones rest on the answers to the earlier
 * ones, while a dozen other checks do the same, and nobody may block: the answers come on the
 * resolver's thread, the client talks on another. The usual ways are a state machine for each check, a
 * callback for each answer, or a thread (or a stack) for each check. All three tear what one wants to
 * read in one piece, "look up the PTR names, then each name's addresses, then compare", into parts
 * that must hand on what they know; and each part has a path for "the connection is gone", which is
 * the one that nobody tries.
 *
 * Here a check is a plain function that is run from its start, every time. It asks a question as if it
 * were a table look-up: the first time inquiry_ask() sends it and returns NULL, later it returns the
 * answer. A check that cannot go on without one says "not yet" and is forgotten; when an answer has
 * come, run_checks() runs everything that is not done. The state of a check is what was asked and
 * answered, which the inquiry keeps for all of them in one place. So
 *
 *  - a check reads as if it waited, and whoever writes one cannot forget a state;
 *  - checks overlap by themselves: each run asks all that can be asked now, and the slowest answer
 *    counts, not the sum. What the client says early (its address, its HELO name) is asked early, and
 *    has mostly come by MAIL. Only inquiry_wait() waits;
 *  - a question that two checks have in common is asked once;
 *  - to give up is to stop running: there is nothing to unwind. An answer that comes later finds that
 *    its request has lost its lookup, or that the inquiry is closed, and is dropped. A deadline is one
 *    more kind of answer, DNS_TIMEOUT, and a check needs no path for it that it did not have;
 *  - a test gives all answers in any order, one at a time, and sees the same result.
 *
 * What it costs: a check with n questions in a row runs n + 1 times from its start, and looks up what
 * it asked each time. A run is a few microseconds beside answers that take milliseconds. That bought,
 * it must stay cheap: answers that come together make one run (`is_scheduled`, after_answers()),
 * lookups are found by a hash, and SPF, which is costly to evaluate, keeps parsed records in
 * inquiry_work() from run to run.
 *
 * What a check must not do, for it will be run again:
 *
 *  - count, add to or append to anything that outlives the run. It writes its part of the facts whole,
 *    when it is done; what it wrote before it said "not yet" must be written over by the next run.
 *  - ask by chance: what is asked must follow from facts and answers alone, and be the same in the
 *    next run, or there will always be one more question. Nothing may rest on the order of an RRset.
 *  - say "not yet" when no question of its own is under way: nobody would run it again. After the
 *    deadline every question has an answer, so that every check ends.
 *  - read another check's part before inquiry_is_done() says that it is there, or write it ever.
 *  - wait, sleep, or call what does: it holds the lock of the inquiry, and perhaps the resolver's
 *    thread.
 *
 * The stages of a message (connect, HELO, MAIL, the header, the body) are when a check may be run. A
 * stage that is entered again, as by a second HELO, takes with it all that was asked and found since:
 * arenas are per stage, and so is what is done. Where the sender can be read in several ways, all that
 * rests on it is done for each reading in turn; that, too, is only running again.
 *
 * The one exception is feed(): the body of a message passes by once, and cannot be run through again.
 * What a check keeps of it lies in inquiry_fed(), is written by feed() and only read by run(), and has
 * an end.
 */
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
static const size_t usual_memory[STAGES] = { 608, 288, 1008, 608, 288 };

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
	uint32_t held;        /* octets of all arenas below, and of answers */
	pthread_cond_t has_run;
	unsigned references; /* the owner's, one a request, one a scheduled run */
	struct inquiry_needs needs;
	char *helo; /* as given, or NULL */
	enum stage stage;
	bool is_closed, is_scheduled;
	bool is_complete;            /* nothing is left that can be run */
	bool is_over;                /* nothing is run any more for this message */
	bool has_expired;            /* the deadline of the stages that are waited for */
	bool was_cut_short;          /* by a deadline, in this message */
	bool has_lost_helo;          /* memory ran out, which is not the same as no HELO */
	uint32_t done[READINGS_MAX]; /* checks, as bits, that are done for each reading of the sender */
	size_t begun;                /* readings that are checked */
	size_t reading_index;
	struct purse purses[INQUIRY_CHECKS_MAX];
	size_t running; /* the check that is run */
	struct stage_state stages[STAGES];
	struct facts facts;
	struct facts *reading; /* that is being checked: `facts`, or in the end one of facts.other */
	struct workspace *fed; /* what each check keeps of what it is fed; NULL: nothing was fed */
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

struct workspace *
inquiry_fed(struct inquiry *inquiry)
{
	return &inquiry->fed[inquiry->running];
}

void
inquiry_allow(struct inquiry *inquiry, uint32_t octets)
{
	inquiry->purses[inquiry->running].limit = octets;
}

/* Whether the check with that number is done for the current reading. */
static bool
is_done(const struct inquiry *inquiry, size_t check)
{
	return (inquiry->done[inquiry->reading_index] & 1U << check) != 0;
}

bool
inquiry_is_done(const struct inquiry *inquiry, const struct check *check)
{
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i] == check)
			return is_done(inquiry, i);
	return true;
}

bool
inquiry_has_needs(const struct inquiry *inquiry, const struct check *check)
{
	for (size_t i = 0; check->needs != NULL && check->needs[i] != NULL; i++)
		if (!inquiry_is_done(inquiry, check->needs[i]))
			return false;
	return true;
}

/* Whether all checks before `check` in the table are done. */
static bool
are_done_before(const struct inquiry *inquiry, const struct check *check)
{
	for (size_t i = 0; inquiry->needs.table.checks[i] != check; i++)
		if (!is_done(inquiry, i))
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
		if (lookup->answer != NULL)
			*state->arena.total -= lookup->answer->octets;
		dns_answer_free(lookup->answer);
	}
	state->lookups = NULL;
	state->count = 0;
	arena_clear(&state->arena);
	workspace_clear(&state->work);
}

/* Let go of what checks keep of what they were fed. */
static void
forget_fed(struct inquiry *inquiry)
{
	for (size_t i = 0; inquiry->fed != NULL && i < inquiry->needs.table.count; i++)
		workspace_clear(&inquiry->fed[i]);
	inquiry->fed = NULL; /* lies in the arena of STAGE_HEADER */
}

static void
forget_stages(struct inquiry *inquiry, enum stage since)
{
	forget_fed(inquiry);
	for (int stage = (int)since; stage < STAGES; stage++)
		forget_lookups(&inquiry->stages[stage]);
}

/* Give back one reference and the lock. */
static void
release(struct inquiry *inquiry)
{
	const bool is_last = --inquiry->references == 0;

	(void)pthread_mutex_unlock(&inquiry->lock);
	if (!is_last)
		return;
	forget_stages(inquiry, STAGE_CONNECT);
	config_unref(inquiry->needs.config);
	free(inquiry->helo);
	(void)pthread_cond_destroy(&inquiry->has_run);
	(void)pthread_mutex_destroy(&inquiry->lock);
	free(inquiry);
}

/* Running. */

static bool
is_wanted(const struct inquiry *inquiry, const struct check *check)
{
	return config_wants(inquiry->needs.config, check->method);
}

/* A check that is fed asks while the rest is still to come. */
static bool
can_run(const struct inquiry *inquiry, const struct check *check)
{
	return check->stage <= inquiry->stage || (check->feed != NULL && inquiry->fed != NULL);
}

/* Tell in the facts whose results are still to come, when more of the message does. */
static void
note_awaited(const struct inquiry *inquiry, struct facts *facts, uint32_t done)
{
	memset(facts->awaited, 0, sizeof facts->awaited);
	for (size_t i = 0; i < inquiry->needs.table.count; i++) {
		const struct check *check = inquiry->needs.table.checks[i];

		if (check->stage > inquiry->stage && check->stage > STAGE_MAIL && (done & 1U << i) == 0
		    && is_wanted(inquiry, check))
			facts->awaited[check->stage] |= 1U << check->method;
	}
}

/* Returns whether it is done. A check that is to be fed and that nobody wants, or has memory for, is not run.
 */
static bool
run_check(struct inquiry *inquiry, const struct check *check)
{
	if (check->feed == NULL)
		return check->run(inquiry);
	if (!is_wanted(inquiry, check))
		return true;
	if (inquiry->fed == NULL)
		return false;
	if (!inquiry_fed(inquiry)->memory.has_failed)
		return check->run(inquiry);
	inquiry->reading->results[check->method] = RESULT_TEMPERROR; /* what it kept is not whole */
	return true;
}

/* Run what is not done for the current reading. Returns whether all is done that can be run. */
static bool
run_reading(struct inquiry *inquiry)
{
	uint32_t *done = &inquiry->done[inquiry->reading_index];
	bool is_complete = true;

	for (size_t i = 0; i < inquiry->needs.table.count; i++) {
		const struct check *check = inquiry->needs.table.checks[i];

		inquiry->running = i;
		if (!can_run(inquiry, check))
			continue;
		if ((*done & 1U << i) == 0 && run_check(inquiry, check))
			*done |= 1U << i;
		is_complete = is_complete && (*done & 1U << i) != 0;
	}
	note_awaited(inquiry, inquiry->reading, *done);
	return is_complete;
}

/* The checks of `stage` and later, as bits. */
static uint32_t
checks_since(const struct inquiry *inquiry, enum stage stage)
{
	uint32_t checks = 0;

	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i]->stage >= stage)
			checks |= 1U << i;
	return checks;
}

/* Whether all checks of the stages that have come are done for all readings. */
static bool
has_all(const struct inquiry *inquiry)
{
	const uint32_t later = inquiry->stage + 1 < STAGES ? checks_since(inquiry, inquiry->stage + 1) : 0;
	const uint32_t asked = checks_since(inquiry, STAGE_CONNECT) & ~later;
	const struct facts *reading = &inquiry->facts;

	if (inquiry->stage < STAGE_MAIL)
		return false;
	for (size_t i = 0; reading != NULL; i++, reading = reading->other)
		if (i >= inquiry->begun || (asked & ~inquiry->done[i]) != 0)
			return false;
	return true;
}

/* Begin with another reading of the sender once the one before has all up to MAIL: it takes over what does
 * not rest on the sender. */
static bool
begin_reading(struct inquiry *inquiry, size_t index, const struct facts *before, struct facts *reading)
{
	const uint32_t since_mail = checks_since(inquiry, STAGE_MAIL);
	const uint32_t up_to_mail =
		~checks_since(inquiry, STAGE_HEADER) & checks_since(inquiry, STAGE_CONNECT);

	if (inquiry->stage < STAGE_MAIL || (up_to_mail & ~inquiry->done[index - 1]) != 0)
		return false;
	facts_take_over(reading, before);
	inquiry->done[index] = inquiry->done[index - 1] & ~since_mail;
	inquiry->begun = index + 1;
	return true;
}

static void
run_checks(struct inquiry *inquiry)
{
	struct facts *before = NULL, *reading = &inquiry->facts;
	bool is_complete = inquiry->stage >= STAGE_MAIL;

	if (inquiry->is_closed || inquiry->is_complete || inquiry->is_over)
		return;
	for (size_t i = 0; reading != NULL; i++, before = reading, reading = reading->other) {
		if (i >= inquiry->begun && !begin_reading(inquiry, i, before, reading)) {
			is_complete = false;
			break;
		}
		inquiry->reading = reading;
		inquiry->reading_index = i;
		is_complete = run_reading(inquiry) && is_complete;
	}
	inquiry->is_complete = is_complete;
	(void)pthread_cond_broadcast(&inquiry->has_run);
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

/* Take an answer's octets out of what its check, and all together, may hold. */
static bool
charge_answer(struct inquiry *inquiry, size_t check, uint32_t octets)
{
	if (inquiry->held > BOUND_SESSION_OCTETS || octets > BOUND_SESSION_OCTETS - inquiry->held
	    || !charge(inquiry, check, octets))
		return false;
	inquiry->held += octets;
	return true;
}

/* An answer has come, or NULL for want of memory. It is kept when there is room for it. */
static void
keep_answer(struct inquiry *inquiry, struct lookup *lookup, struct dns_answer *answer)
{
	lookup->is_too_much = answer != NULL && !charge_answer(inquiry, lookup->check, answer->octets);
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
	is_to_run = request->lookup != NULL && !inquiry->is_scheduled && !inquiry->is_complete
		    && !inquiry->is_over;
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
	forget_stages(inquiry, stage);
	facts_forget(&inquiry->facts, stage);
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i]->stage >= stage)
			inquiry->purses[i] = (struct purse){ .limit = BOUND_ANSWER_OCTETS };
	inquiry->reading = &inquiry->facts;
	inquiry->reading_index = 0;
	inquiry->begun = 1;
	inquiry->done[0] &= ~checks_since(inquiry, stage);
	inquiry->stage = stage;
	inquiry->is_complete = inquiry->is_over = false;
}

/* A deadline ends with its message: what it cut short is asked anew, whatever the client says next. */
static void
forget_deadline(struct inquiry *inquiry)
{
	if (inquiry->was_cut_short)
		enter(inquiry, STAGE_CONNECT);
	inquiry->has_expired = inquiry->was_cut_short = false;
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

	if (inquiry == NULL || !clock_init_condition(&inquiry->has_run)) {
		free(inquiry);
		return NULL;
	}
	(void)pthread_mutex_init(&inquiry->lock, NULL);
	inquiry->references = 1;
	inquiry->needs = *needs;
	inquiry->needs.config = config_ref(needs->config);
	inquiry->facts.client = *client;
	for (int stage = 0; stage < STAGES; stage++) {
		arena_init_for(&inquiry->stages[stage].arena, usual_memory[stage], STAGE_MEMORY);
		arena_init(&inquiry->stages[stage].work.memory, BOUND_SPF_WORK_OCTETS);
		inquiry->stages[stage].arena.total = &inquiry->held;
		inquiry->stages[stage].work.memory.total = &inquiry->held;
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

/* The header and the body. */

enum stage
inquiry_stage(const struct inquiry *inquiry)
{
	return inquiry->stage;
}

/* Have room for what checks keep of what they are fed. False when there is none, which has_memory() tells. */
static bool
begin_feeding(struct inquiry *inquiry)
{
	const size_t count = inquiry->needs.table.count;

	if (inquiry->fed == NULL)
		inquiry->fed =
			arena_alloc(&inquiry->stages[STAGE_HEADER].arena, count * sizeof *inquiry->fed);
	for (size_t i = 0; inquiry->fed != NULL && i < count; i++)
		if (inquiry->fed[i].memory.limit == 0)
			arena_init(&inquiry->fed[i].memory, BOUND_FED_OCTETS);
	return inquiry->fed != NULL;
}

/* Hand a piece of the message to all checks that are fed. The inquiry is locked. */
static void
feed(struct inquiry *inquiry, const struct piece *piece)
{
	inquiry->reading = &inquiry->facts;
	inquiry->reading_index = 0;
	for (size_t i = 0; i < inquiry->needs.table.count; i++) {
		const struct check *check = inquiry->needs.table.checks[i];

		inquiry->running = i;
		if (check->feed != NULL && is_wanted(inquiry, check)
		    && !inquiry_fed(inquiry)->memory.has_failed)
			check->feed(inquiry, piece);
	}
}

static bool
feeds_any(const struct inquiry *inquiry)
{
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i]->feed != NULL
		    && is_wanted(inquiry, inquiry->needs.table.checks[i]))
			return true;
	return false;
}

/* A piece has come, which belongs behind the end of `stage`. */
static void
take_piece(struct inquiry *inquiry, enum stage stage, const struct piece *piece)
{
	if (!feeds_any(inquiry))
		return;
	(void)pthread_mutex_lock(&inquiry->lock);
	if (inquiry->stage == stage && !inquiry->is_over && begin_feeding(inquiry)) {
		feed(inquiry, piece);
		inquiry->is_complete = false; /* an answer that was asked for runs the check */
	}
	(void)pthread_mutex_unlock(&inquiry->lock);
}

/* All has come that belongs to `stage`. What is asked from now on has a deadline of its own. */
static void
reach(struct inquiry *inquiry, enum stage stage)
{
	(void)pthread_mutex_lock(&inquiry->lock);
	if (inquiry->stage == stage - 1 && !inquiry->is_over) {
		inquiry->stage = stage;
		inquiry->has_expired = false;
		inquiry->is_complete = false;
		run_checks(inquiry);
	}
	(void)pthread_mutex_unlock(&inquiry->lock);
}

void
inquiry_header_field(struct inquiry *inquiry, const char *name, const char *value)
{
	take_piece(inquiry, STAGE_MAIL, &(struct piece){ PIECE_FIELD, span_of(name), span_of(value) });
}

void
inquiry_end_of_header(struct inquiry *inquiry)
{
	take_piece(inquiry, STAGE_MAIL, &(struct piece){ .kind = PIECE_END_OF_HEADER });
	reach(inquiry, STAGE_HEADER);
}

void
inquiry_body(struct inquiry *inquiry, struct span octets)
{
	take_piece(inquiry, STAGE_HEADER, &(struct piece){ .kind = PIECE_BODY, .value = octets });
}

void
inquiry_end_of_body(struct inquiry *inquiry)
{
	take_piece(inquiry, STAGE_HEADER, &(struct piece){ .kind = PIECE_END_OF_BODY });
	reach(inquiry, STAGE_BODY);
}

void
inquiry_end(struct inquiry *inquiry)
{
	(void)pthread_mutex_lock(&inquiry->lock);
	inquiry->is_over = true;
	(void)pthread_mutex_unlock(&inquiry->lock);
}

enum stage
inquiry_last_stage(const struct inquiry_needs *needs)
{
	enum stage last = STAGE_MAIL;

	for (size_t i = 0; i < needs->table.count; i++)
		if (needs->table.checks[i]->stage > last
		    && config_wants(needs->config, needs->table.checks[i]->method))
			last = needs->table.checks[i]->stage;
	return last;
}

void
inquiry_forget_mail(struct inquiry *inquiry)
{
	(void)pthread_mutex_lock(&inquiry->lock);
	if (inquiry->stage >= STAGE_MAIL) {
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
	return inquiry->has_expired || has_all(inquiry) || !has_memory(inquiry);
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
		if (pthread_cond_timedwait(&inquiry->has_run, &inquiry->lock, &deadline) == ETIMEDOUT
		    && !has_all(inquiry)) {
			inquiry->has_expired = inquiry->was_cut_short = true;
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
	forget_stages(inquiry, STAGE_CONNECT);
	release(inquiry);
}
