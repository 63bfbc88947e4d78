#include "heloscope/doctor/trial.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/ident.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/policy.h"
#include "heloscope/doctor/examiner.h"
#include "heloscope/records/record.h"
#include "heloscope/words/compose.h"

#define RECIPIENT_MEMORY (256U << 10)

struct trial {
	const struct trial_order *order;
	const struct facts *facts;
	struct facts own_facts; /* of a client that is not looked into */
	char ident[IDENT_SIZE]; /* with the time at which the mail came, before anything was looked at */
	struct verdict verdicts[TRIAL_RECIPIENTS_MAX];
	char replies[TRIAL_RECIPIENTS_MAX][RECORD_REPLY_SIZE]; /* "": not refused */
};

/* Decisions. */

/* Make the reply to a recipient, on one line, when it is refused. */
static void
decide(struct trial *trial, size_t index)
{
	const struct verdict *verdict = &trial->verdicts[index];
	struct smtp_reply reply;
	struct strbuf text;

	strbuf_init(&text, trial->replies[index], sizeof trial->replies[index]);
	if (!action_refuses(verdict->action))
		return;
	compose_reply(trial->order->config, verdict, trial->ident, &reply);
	smtp_reply_add_to(&reply, &text);
}

static void
judge(struct trial *trial, size_t index)
{
	const struct envelope_address recipient = { .typed = trial->order->recipients[index] };
	struct readings readings;
	struct arena arena;

	if (facts_escapes_rules(trial->facts)) {
		trial->verdicts[index] = (struct verdict){ .facts = trial->facts,
							   .action = ACTION_ACCEPT,
							   .is_enforced = true };
		return;
	}
	arena_init(&arena, RECIPIENT_MEMORY);
	readings = mailbox_readings(&recipient, &arena);
	trial->verdicts[index] = policy_judge(trial->order->config, trial->facts, &readings);
	arena_clear(&arena);
}

/* At RCPT. */
static void
judge_all(struct trial *trial)
{
	for (size_t i = 0; i < trial->order->recipient_count; i++) {
		judge(trial, i);
		decide(trial, i);
	}
}

/* At the end of the message: those that waited for it, for whom there is one reply. */
static void
judge_waiting(struct trial *trial)
{
	struct policy_end end = { 0 };
	bool waits[TRIAL_RECIPIENTS_MAX];

	for (size_t i = 0; i < trial->order->recipient_count; i++) {
		waits[i] = facts_is_behind_gateway(trial->facts) || verdict_waits(&trial->verdicts[i]);
		if (waits[i])
			judge(trial, i);
		if (waits[i] || !verdict_refuses(&trial->verdicts[i]))
			policy_count_end(&end, &trial->verdicts[i]);
	}
	for (size_t i = 0; i < trial->order->recipient_count; i++) {
		if (!waits[i])
			continue;
		if (trial->order->config->recipients == RECIPIENTS_TOGETHER)
			policy_overrule(&trial->verdicts[i], &end);
		decide(trial, i);
	}
}

static char *
make_record(const struct trial *trial)
{
	const struct trial_order *order = trial->order;
	struct record_verdict verdicts[TRIAL_RECIPIENTS_MAX];
	struct record_recipient recipients[TRIAL_RECIPIENTS_MAX];
	const struct message_record record = {
		.ident = trial->ident,
		.time_s = ident_time_s(trial->ident),
		.host = order->config->host,
		.mode = order->config->mode,
		.facts = trial->facts,
		.verdicts = verdicts,
		.recipients = recipients,
		.recipient_count = order->recipient_count,
		.recipient_total = order->recipient_count,
	};

	for (size_t i = 0; i < order->recipient_count; i++) {
		const char *reply = trial->replies[i][0] != '\0' ? trial->replies[i] : NULL;

		recipients[i] = (struct record_recipient){ { .typed = order->recipients[i] }, i };
		verdicts[i] = record_verdict_of(&trial->verdicts[i], reply);
	}
	return record_make(&record, RECORD_WHOLE);
}

/* The trial. */

/* The filter looks nothing up for a trusted client, and asks the policy without. */
static char *
pass_by(struct trial *trial)
{
	const struct envelope_address sender = { trial->order->sender, NULL };
	struct arena arena;
	char *line = NULL;

	arena_init(&arena, 1U << 20);
	facts_set_unchecked(&trial->own_facts, &trial->order->client, trial->order->helo, &sender, &arena);
	trial->facts = &trial->own_facts;
	judge_all(trial);
	if (!arena.has_failed)
		line = make_record(trial);
	arena_clear(&arena);
	return line;
}

/* Judge by the envelope, then by the message, when there is one. False with the reason. */
static bool
look(struct trial *trial, struct examiner *examiner, struct error *error)
{
	const struct trial_order *order = trial->order;

	trial->facts = examiner_look(
		examiner, &(struct examiner_mail){ order->client, order->helo, { .typed = order->sender } });
	if (trial->facts == NULL)
		return false;
	judge_all(trial);
	if (order->read == NULL)
		return true;
	if (!order->read(order->context, examiner_inquiry(examiner), error))
		return false;
	trial->facts = examiner_end_message(examiner);
	if (trial->facts == NULL)
		return false;
	judge_waiting(trial);
	return true;
}

static char *
examine(struct trial *trial, struct error *error)
{
	struct examiner *examiner = examiner_new(trial->order->config, true, trial->order->peers, error);
	char *line = NULL;

	if (examiner == NULL)
		return NULL;
	error_set(error, "out of memory");
	if (look(trial, examiner, error))
		line = make_record(trial);
	examiner_free(examiner);
	return line;
}

char *
trial_make(const struct trial_order *order, struct error *error)
{
	struct trial *trial = calloc(1, sizeof *trial);
	char *line = NULL;

	error_set(error, "out of memory");
	if (trial == NULL)
		return NULL;
	trial->order = order;
	ident_make(trial->ident);
	line = order->client.is_trusted ? pass_by(trial) : examine(trial, error);
	free(trial);
	return line;
}
