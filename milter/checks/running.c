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
 * come, inquiry_run() runs everything that is not done. The state of a check is what was asked and
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
#include "heloscope/checks/keeping.h"
#include "heloscope/checks/running.h"

#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/checks/arrivals.h"
#include "heloscope/checks/counts.h"

#define WORK_USUAL 3056 /* octets: of SPF, with a record of a few terms; three KB are taken whole */

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
	struct stage_state *state = &inquiry->stages[stage];

	if (state->work == NULL) {
		state->work = arena_alloc(&state->arena, sizeof *state->work);
		if (state->work == NULL)
			return NULL;
		arena_init_for(&state->work->memory, WORK_USUAL, BOUND_SPF_WORK_OCTETS);
		state->work->memory.total = &inquiry->held;
	}
	return state->work;
}

enum stage
inquiry_stage(const struct inquiry *inquiry)
{
	return inquiry->stage;
}

/* Whether the check with that number is done for the current reading. */
static bool
inquiry_has_done(const struct inquiry *inquiry, size_t check)
{
	return (inquiry->done[inquiry->reading_index] & 1U << check) != 0;
}

bool
inquiry_is_done(const struct inquiry *inquiry, const struct check *check)
{
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i] == check)
			return inquiry_has_done(inquiry, i);
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

/* Whether all checks before `check` in the table are done that need no more of the message than it does. */
static bool
are_done_before(const struct inquiry *inquiry, const struct check *check)
{
	for (size_t i = 0; inquiry->needs.table.checks[i] != check; i++)
		if (inquiry->needs.table.checks[i]->stage <= check->stage && !inquiry_has_done(inquiry, i))
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

bool
inquiry_wants(const struct inquiry *inquiry, const struct check *check)
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
		    && inquiry_wants(inquiry, check))
			facts->awaited[check->stage] |= 1U << check->method;
	}
}

/* What a gateway does not tell is none; but nothing of what would not have been looked at. */
static void
set_groundless(struct inquiry *inquiry, enum method method)
{
	const struct config *config = inquiry->needs.config;
	struct facts *facts = inquiry->reading;
	bool is_told = config_wants(config, method);

	if (method == METHOD_SPF)
		is_told = is_told && facts->sender.mailbox.form != MAILBOX_NULL;
	else if (method == METHOD_DNSBL || method == METHOD_DNSWL)
		is_told = is_told && config_has_list(config, method == METHOD_DNSWL);
	if (is_told)
		facts->results[method] = RESULT_NONE;
}

/* Returns whether it is done. A check that is to be fed and that nobody wants, or has memory for, is not run.
 */
static bool
run_check(struct inquiry *inquiry, const struct check *check)
{
	if (check->feed == NULL && facts_lacks_ground(inquiry->reading, check->method)) {
		set_groundless(inquiry, check->method);
		return true;
	}
	if (check->feed == NULL)
		return check->run(inquiry);
	if (!inquiry_wants(inquiry, check))
		return true;
	if (inquiry->fed == NULL)
		return false;
	if (keeping_is_whole(inquiry))
		return check->run(inquiry);
	inquiry->reading->results[check->method] = RESULT_TEMPERROR; /* what it kept is not whole */
	return true;
}

/* Of several checks that find one method together, the last has its result. */
static void
count_done(const struct inquiry *inquiry, const struct check *check, uint32_t now_ms)
{
	const bool is_early =
		check->stage > inquiry->stage; /* it is fed, and needed no more of the message */
	const uint32_t took_ms = is_early ? 0 : now_ms - inquiry->entered_ms[check->stage];

	if (inquiry->reading_index == 0 && inquiry->reading->results[check->method] != RESULT_UNCHECKED)
		histogram_note(&check_counts.seconds[check->method], took_ms);
}

/* Run what is not done for the current reading. Returns whether all is done that can be run. */
static bool
run_reading(struct inquiry *inquiry)
{
	const uint32_t now_ms = (uint32_t)clock_now_ms();
	uint32_t *done = &inquiry->done[inquiry->reading_index];
	bool is_complete = true;

	for (size_t i = 0; i < inquiry->needs.table.count; i++) {
		const struct check *check = inquiry->needs.table.checks[i];

		inquiry->running = i;
		if (!can_run(inquiry, check))
			continue;
		if ((*done & 1U << i) == 0 && run_check(inquiry, check)) {
			*done |= 1U << i;
			count_done(inquiry, check, now_ms);
		}
		is_complete = is_complete && (*done & 1U << i) != 0;
	}
	note_awaited(inquiry, inquiry->reading, *done);
	return is_complete;
}

uint32_t
inquiry_checks_since(const struct inquiry *inquiry, enum stage stage)
{
	uint32_t checks = 0;

	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i]->stage >= stage)
			checks |= 1U << i;
	return checks;
}

bool
inquiry_has_all(const struct inquiry *inquiry)
{
	const uint32_t later =
		inquiry->stage + 1 < STAGES ? inquiry_checks_since(inquiry, inquiry->stage + 1) : 0;
	const uint32_t asked = inquiry_checks_since(inquiry, STAGE_CONNECT) & ~later;
	const struct facts *reading = &inquiry->facts;

	if (inquiry->stage < STAGE_MAIL)
		return false;
	for (size_t i = 0; reading != NULL; i++, reading = reading->other)
		if (i >= inquiry->begun || (asked & ~inquiry->done[i]) != 0)
			return false;
	return true;
}

/* Those that can come out differently for another sender. */
static uint32_t
checks_of_sender(const struct inquiry *inquiry)
{
	uint32_t checks = 0;

	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (facts_rests_on_sender(inquiry->needs.table.checks[i]->method))
			checks |= 1U << i;
	return checks;
}

/*
 * Begin with another reading of the sender once the one before has all up to MAIL: it takes over what does
 * not rest on the sender, which a record tells once. That stays as it is, although more is known meanwhile,
 * as of the client's server.
 */
static bool
begin_reading(struct inquiry *inquiry, size_t index, const struct facts *before, struct facts *reading)
{
	const uint32_t since_mail = inquiry_checks_since(inquiry, STAGE_MAIL);
	const uint32_t up_to_mail =
		~inquiry_checks_since(inquiry, STAGE_HEADER) & inquiry_checks_since(inquiry, STAGE_CONNECT);

	if (inquiry->stage < STAGE_MAIL || (up_to_mail & ~inquiry->done[index - 1]) != 0)
		return false;
	facts_take_over(reading, before);
	inquiry->done[index] = inquiry->done[index - 1] & ~(since_mail & checks_of_sender(inquiry));
	inquiry->begun = index + 1;
	return true;
}

void
inquiry_run(struct inquiry *inquiry)
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
	arrivals_tell(inquiry);
}

/*
 * Take what has come, and run the checks. With all of the message there, somebody waits, and to verify its
 * signatures takes longer than all that runs before: then who waits does it, and not the thread of the
 * resolver, which all sessions have in common. Behind the end nobody waits, and what comes is let go.
 */
static void
take_or_tell(struct inquiry *inquiry)
{
	if (inquiry->stage >= STAGE_BODY && !inquiry->is_closed)
		arrivals_tell(inquiry);
	else if (arrivals_take(inquiry))
		inquiry_run(inquiry);
}

void
inquiry_lock(struct inquiry *inquiry)
{
	(void)pthread_mutex_lock(&inquiry->lock);
}

/* Whoever found the lock taken has left his answers to who has it. */
void
inquiry_unlock(struct inquiry *inquiry)
{
	do {
		(void)pthread_mutex_unlock(&inquiry->lock);
		if (!arrivals_are_left(inquiry) || pthread_mutex_trylock(&inquiry->lock) != 0)
			return;
		take_or_tell(inquiry);
	} while (inquiry->stage < STAGE_BODY);
	(void)pthread_mutex_unlock(&inquiry->lock);
}

void
inquiry_run_scheduled(void *context)
{
	struct inquiry *inquiry = context;

	arrivals_begin_run(inquiry);
	if (pthread_mutex_trylock(&inquiry->lock) == 0) {
		take_or_tell(inquiry);
		inquiry_unlock(inquiry);
	}
	inquiry_release(inquiry);
}
