/* An inquiry as a session has it: what the client says, and what came of it. How checks are run: see
 * running.c. */
#include "heloscope/checks/inquiry.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/checks/arrivals.h"
#include "heloscope/checks/counts.h"
#include "heloscope/checks/running.h"

#define STAGE_MEMORY (128U << 10) /* octets; only very many lists need so much */

/* What a stage usually needs, with two lists: many sessions do nothing but wait. */
static const size_t usual_memory[STAGES] = { 608, 288, 1008, 608, 288 };

/* Forget all that is known only since `stage`, and start its checks. */
static void
enter(struct inquiry *inquiry, enum stage stage)
{
	inquiry_forget_since(inquiry, stage);
	facts_forget(&inquiry->facts, stage);
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i]->stage >= stage)
			inquiry->purses[i] = (struct purse){ .limit = BOUND_ANSWER_OCTETS };
	inquiry->reading = &inquiry->facts;
	inquiry->reading_index = 0;
	inquiry->begun = 1;
	inquiry->done[0] &= ~inquiry_checks_since(inquiry, stage);
	inquiry->stage = stage;
	inquiry->entered_ms[stage] = (uint32_t)clock_now_ms();
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

	if (inquiry == NULL || !clock_init_condition(&inquiry->arrivals.condition)) {
		free(inquiry);
		return NULL;
	}
	(void)pthread_mutex_init(&inquiry->lock, NULL);
	(void)pthread_mutex_init(&inquiry->arrivals.lock, NULL);
	inquiry->needs = *needs;
	inquiry->needs.config = config_ref(needs->config);
	if (needs->health != NULL)
		inquiry->needs.health = list_health_ref(needs->health);
	inquiry->facts.client = *client;
	for (int stage = 0; stage < STAGES; stage++) {
		arena_init_for(&inquiry->stages[stage].arena, usual_memory[stage], STAGE_MEMORY);
		inquiry->stages[stage].arena.total = &inquiry->held;
	}
	inquiry_lock(inquiry);
	enter(inquiry, STAGE_CONNECT);
	inquiry_run(inquiry);
	inquiry_unlock(inquiry);
	return inquiry;
}

void
inquiry_helo(struct inquiry *inquiry, const char *name)
{
	inquiry_lock(inquiry);
	free(inquiry->helo);
	inquiry->helo = name != NULL ? strdup(name) : NULL;
	inquiry->has_lost_helo = name != NULL && inquiry->helo == NULL;
	forget_deadline(inquiry);
	enter_helo(inquiry);
	inquiry_run(inquiry);
	inquiry_unlock(inquiry);
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
	inquiry_lock(inquiry);
	forget_deadline(inquiry);
	if (inquiry->stage == STAGE_CONNECT)
		enter_helo(inquiry);
	enter_mail(inquiry, sender, auth_name, tls);
	inquiry_run(inquiry);
	inquiry_unlock(inquiry);
}

void
inquiry_end(struct inquiry *inquiry)
{
	inquiry_lock(inquiry);
	inquiry->is_over = true;
	inquiry_unlock(inquiry);
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
	inquiry_lock(inquiry);
	if (inquiry->stage >= STAGE_MAIL) {
		enter(inquiry, STAGE_MAIL);
		inquiry->stage = STAGE_HELO;
	}
	inquiry_unlock(inquiry);
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
	return inquiry->has_expired || inquiry_has_all(inquiry) || !has_memory(inquiry);
}

/* Take what has come, and run the checks, at any stage: this is the thread that waits. */
static void
catch_up(struct inquiry *inquiry)
{
	if (arrivals_take(inquiry))
		inquiry_run(inquiry);
}

bool
inquiry_is_complete(struct inquiry *inquiry)
{
	bool is_complete;

	inquiry_lock(inquiry);
	catch_up(inquiry);
	is_complete = has_ended(inquiry);
	inquiry_unlock(inquiry);
	return is_complete;
}

/* The deadline has passed: of the questions that are under way nobody awaits the answers any more. */
static void
expire(struct inquiry *inquiry)
{
	inquiry->has_expired = inquiry->was_cut_short = true;
	counter_add(&check_counts.deadlines[inquiry->stage <= STAGE_MAIL ? HELD_UP_AT_RCPT : HELD_UP_AT_END],
		    1);
}

const struct facts *
inquiry_wait(struct inquiry *inquiry, unsigned timeout_ms)
{
	const struct timespec deadline = clock_deadline(timeout_ms);
	bool is_well;

	inquiry_lock(inquiry);
	catch_up(inquiry);
	inquiry->wait_began_ms = (uint32_t)clock_now_ms();
	inquiry->wait_ms = timeout_ms;
	if (inquiry->needs.before_wait != NULL && !has_ended(inquiry))
		inquiry->needs.before_wait();
	while (!has_ended(inquiry)) {
		const bool is_in_time = arrivals_wait(inquiry, &deadline);

		catch_up(inquiry);
		if (!is_in_time && !inquiry_has_all(inquiry)) {
			expire(inquiry);
			inquiry_run(inquiry);
		}
	}
	is_well = has_memory(inquiry);
	inquiry_unlock(inquiry);
	return is_well ? &inquiry->facts : NULL;
}

void
inquiry_close(struct inquiry *inquiry)
{
	if (inquiry == NULL)
		return;
	inquiry_lock(inquiry);
	inquiry->is_closed = true;
	inquiry_forget_since(inquiry, STAGE_CONNECT);
	inquiry_unlock(inquiry);
	inquiry_release(inquiry);
}
