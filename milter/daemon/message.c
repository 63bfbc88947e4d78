#include "heloscope/daemon/message.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/ident.h"
#include "heloscope/base/log.h"
#include "heloscope/checks/policy.h"
#include "heloscope/records/log.h"
#include "heloscope/words/compose.h"
#include "heloscope/records/record.h"

#define MESSAGE_MEMORY (1U << 20)     /* octets */
#define RECIPIENT_MEMORY (256U << 10) /* of the readings of one, while it is judged */
#define RECORD_MEMORY (256U << 10)

struct message {
	struct message_needs *needs; /* the session's: what stands there now */
	bool is_judged, is_quarantined;
	char ident[IDENT_SIZE];
	struct arena arena;
	struct envelope_address *postponed; /* recipients that are judged at the end */
	size_t postponed_count;
	uint64_t begun_ms;
	const struct facts *facts; /* once judged; NULL before, or when memory ran out */
	struct facts own_facts;    /* of a client that is not looked into */
	unsigned waited_ms;
	struct verdict verdicts[BOUND_VERDICTS];
	unsigned counts[BOUND_VERDICTS];            /* recipients with each */
	struct smtp_reply *replies[BOUND_VERDICTS]; /* of those that refuse; NULL when memory ran out */
	size_t verdict_count;
	struct arena record_arena;           /* its failure costs the record names, and no mail */
	struct record_recipient *recipients; /* only for the audit log */
	size_t recipient_count, recipient_total;
	struct arriving arriving;
	struct smtp_reply reply; /* to a recipient whose verdict is none of those */
};

static const struct config *
config_of(const struct message *message)
{
	return runtime_config(message->needs->runtime);
}

/* Whether so many octets may be written of this message. Of those who are trusted everything is. */
static bool
may_write(const struct message *message, size_t octets)
{
	const struct client_facts *client = &message->facts->client;

	return client->is_trusted || client->is_authenticated || client->address.length == 0
	       || meter_take(runtime_meter(message->needs->runtime), &client->address, octets,
			     clock_now_ms());
}

/* What the record tells of the verdicts, in `arena`; NULL when memory ran out. */
static const struct record_verdict *
tell_verdicts(const struct message *message, struct arena *arena)
{
	struct record_verdict *verdicts = arena_alloc(arena, message->verdict_count * sizeof *verdicts);

	for (size_t i = 0; i < message->verdict_count && verdicts != NULL; i++) {
		char memory[RECORD_REPLY_SIZE] = "";
		struct strbuf text = STRBUF_OVER(memory);

		if (message->replies[i] != NULL)
			smtp_reply_add_to(message->replies[i], &text);
		verdicts[i] =
			record_verdict_of(&message->verdicts[i],
					  message->replies[i] != NULL ? arena_string(arena, memory) : NULL);
	}
	return arena->has_failed ? NULL : verdicts;
}

/* The record, or a short one where the client's network has said too little for a whole one. */
static void
write_record(const struct message *message, const struct record_verdict *verdicts, const char *queue_id)
{
	static const enum record_length lengths[] = { RECORD_WHOLE, RECORD_SHORT };
	struct meter *meter = runtime_meter(message->needs->runtime);
	const struct message_record record = {
		.ident = message->ident,
		.time_s = ident_time_s(message->ident),
		.queue_id = queue_id,
		.mode = config_of(message)->mode,
		.facts = message->facts,
		.verdicts = verdicts,
		.recipients = message->recipients,
		.recipient_count = message->recipient_count,
		.recipient_total = message->recipient_total,
		.waited_ms = message->waited_ms,
		.unwritten = meter_unwritten(meter),
	};

	for (size_t i = 0; i < 2; i++) {
		char *line = verdicts != NULL ? record_make(&record, lengths[i]) : NULL;

		if (line == NULL) {
			log_error("id=%s has no audit record: out of memory", message->ident);
			return;
		}
		if (may_write(message, strlen(line) + 1)) {
			audit_write(runtime_audit(message->needs->runtime), line);
			meter_told(meter, record.unwritten);
			return;
		}
		free(line);
	}
	meter_note_unwritten(meter, &message->facts->client.address, clock_now_ms());
}

static struct message_summary
summary_of(const struct message *message, const char *queue_id)
{
	return (struct message_summary){
		.ident = message->ident,
		.queue_id = queue_id,
		.verdicts = message->verdicts,
		.counts = message->counts,
		.verdict_count = message->verdict_count,
		.waited_ms = message->waited_ms,
	};
}

static void
log_message(struct message *message, const char *queue_id)
{
	struct arena arena;
	struct meter *meter = runtime_meter(message->needs->runtime);
	char memory[COMPOSE_LOG_SIZE];
	struct strbuf line;
	const struct message_summary summary = summary_of(message, queue_id);

	if (message->facts == NULL || message->verdict_count == 0)
		return;
	if (message->needs->client.address.length > 0)
		meter_feed(meter, &message->needs->client.address, message->needs->said, clock_now_ms());
	message->needs->said = 0;
	strbuf_init(&line, memory, sizeof memory);
	compose_log_line(message->facts, &summary, &line);
	if (!may_write(message, line.length + 1)) {
		meter_note_unwritten(meter, &message->facts->client.address, clock_now_ms());
		return;
	}
	log_info("%s", memory);
	if (runtime_audit(message->needs->runtime) == NULL)
		return;
	arena_init(&arena, MESSAGE_MEMORY);
	write_record(message, tell_verdicts(message, &arena), queue_id);
	arena_clear(&arena);
}

/* The facts of a message whose client is not looked into. */
static void
set_own_facts(struct message *message, const struct mail_command *mail)
{
	struct facts *facts = &message->own_facts;
	const struct message_needs *needs = message->needs;
	const char *helo = needs->inquiry != NULL ? inquiry_helo_given(needs->inquiry) : needs->helo;
	struct client_facts client = needs->client;

	client.is_authenticated = mail->auth_name != NULL;
	if (mail->auth_name != NULL)
		client.auth_name = arena_string(&message->arena, mail->auth_name);
	facts_set_unchecked(facts, &client, helo, &mail->sender, &message->arena);
	message->facts = facts;
	message->is_judged = true;
}

/* Make the facts final. */
static void
judge_facts(struct message *message)
{
	const unsigned timeout_ms = config_of(message)->timeout_ms;
	const uint64_t start_ms = clock_now_ms(), passed_ms = start_ms - message->begun_ms;

	if (message->is_judged || message->needs->inquiry == NULL)
		return;
	message->facts = inquiry_wait(message->needs->inquiry,
				      passed_ms < timeout_ms ? timeout_ms - (unsigned)passed_ms : 0);
	message->waited_ms = (unsigned)(clock_now_ms() - start_ms);
	message->is_judged = true;
}

static bool
same_verdict(const struct verdict *a, const struct verdict *b)
{
	return a->action == b->action && a->facts == b->facts && a->rule == b->rule
	       && a->is_softened == b->is_softened && a->is_withheld == b->is_withheld
	       && a->tag_count == b->tag_count && a->audit_count == b->audit_count
	       && memcmp(a->tags, b->tags, sizeof a->tags) == 0
	       && memcmp(a->audits, b->audits, sizeof a->audits) == 0;
}

/* Returns where the verdict stands among those of the message; of very many different ones some do not. */
static size_t
count_verdict(struct message *message, const struct verdict *verdict)
{
	size_t i = 0;

	while (i < message->verdict_count && !same_verdict(&message->verdicts[i], verdict))
		i++;
	if (i < BOUND_VERDICTS && i == message->verdict_count)
		message->verdicts[message->verdict_count++] = *verdict;
	message->counts[i < BOUND_VERDICTS ? i : BOUND_VERDICTS - 1]++;
	return i;
}

static struct envelope_address
copy_address(const struct envelope_address *address, struct arena *arena)
{
	return (struct envelope_address){
		.typed = arena_string(arena, address->typed),
		.used = address->used != NULL ? arena_string(arena, address->used) : NULL,
	};
}

/* For the record; of very many recipients, and of very many verdicts, the first. */
static void
keep_recipient(struct message *message, const struct envelope_address *address, size_t verdict)
{
	struct record_recipient *recipients;

	message->recipient_total++;
	if (message->recipient_count >= BOUND_RECIPIENTS_RECORDED || verdict >= BOUND_VERDICTS)
		return;
	recipients = arena_grow(&message->record_arena, message->recipients, message->recipient_count,
				sizeof *recipients);
	if (recipients == NULL)
		return;
	message->recipients = recipients;
	recipients[message->recipient_count++] =
		(struct record_recipient){ copy_address(address, &message->record_arena), verdict };
}

static const struct smtp_reply out_of_memory = {
	.code = 451,
	.xcode = "4.3.0",
	.lines = { "The mail filter is out of memory. Please try again later." },
	.count = 1,
};

/* What the rules say for a recipient. False when memory ran out. */
static bool
apply_rules(const struct message *message, const struct envelope_address *recipient, struct verdict *verdict)
{
	const struct config *config = config_of(message);
	struct arena arena;
	struct readings readings;
	bool is_whole;

	arena_init(&arena, RECIPIENT_MEMORY);
	readings = mailbox_readings(recipient, &arena);
	is_whole = !arena.has_failed;
	*verdict = policy_judge(config, message->facts, &readings);
	arena_clear(&arena);
	return is_whole;
}

/* Have the reply of a verdict that refuses beside it. */
static void
keep_reply(struct message *message, size_t index)
{
	if (index >= BOUND_VERDICTS || message->replies[index] != NULL
	    || !action_refuses(message->verdicts[index].action))
		return;
	message->replies[index] = arena_alloc(&message->arena, sizeof *message->replies[index]);
	if (message->replies[index] != NULL)
		compose_reply(config_of(message), &message->verdicts[index], message->ident,
			      message->replies[index]);
}

/* Judge for a recipient, and keep what the log and the record tell. False when memory ran out. */
static bool
judge_recipient(struct message *message, const struct envelope_address *recipient, struct verdict *verdict)
{
	const struct config *config = config_of(message);
	size_t verdict_index;

	judge_facts(message);
	if (message->facts == NULL)
		return false;
	*verdict = (struct verdict){ .facts = message->facts, .action = ACTION_ACCEPT, .is_enforced = true };
	if ((!message->facts->client.is_authenticated || !config->trusts_authenticated)
	    && !apply_rules(message, recipient, verdict))
		return false;
	verdict_index = count_verdict(message, verdict);
	keep_reply(message, verdict_index);
	if (runtime_audit(message->needs->runtime) != NULL)
		keep_recipient(message, recipient, verdict_index);
	return true;
}

static void
judge_postponed(struct message *message)
{
	const size_t count = message->postponed_count;
	struct verdict verdict;

	message->postponed_count = 0;
	for (size_t i = 0; i < count; i++)
		(void)judge_recipient(message, &message->postponed[i], &verdict);
}

/* Put a recipient off, where nobody is refused and answers are still to come. False when it is to be judged
 * now. */
static bool
postpone(struct message *message, const struct envelope_address *recipient)
{
	struct envelope_address *postponed;

	if (config_of(message)->mode != MODE_AUDIT || message->is_judged || message->needs->inquiry == NULL
	    || message->postponed_count == BOUND_RECIPIENTS_POSTPONED
	    || inquiry_is_complete(message->needs->inquiry))
		return false;
	postponed =
		arena_grow(&message->arena, message->postponed, message->postponed_count, sizeof *postponed);
	if (postponed == NULL)
		return false;
	message->postponed = postponed;
	postponed[message->postponed_count++] = copy_address(recipient, &message->arena);
	return true;
}

/* Its life. */

/* Start what the message needs to know. */
static void
start(struct message *message, const struct mail_command *mail)
{
	const struct message_needs *needs = message->needs;
	const bool is_authenticated = mail->auth_name != NULL && config_of(message)->trusts_authenticated;

	if (needs->client.is_trusted || is_authenticated)
		set_own_facts(message, mail);
	else if (needs->inquiry != NULL)
		inquiry_mail(needs->inquiry, &mail->sender, mail->auth_name, &mail->tls);
	else
		message->is_judged = true; /* memory ran out at connect: without facts it is deferred */
}

struct message *
message_begin(struct message_needs *needs, const struct mail_command *mail)
{
	struct message *message = calloc(1, sizeof *message);

	if (message == NULL)
		return NULL;
	message->needs = needs;
	arena_init(&message->arena, MESSAGE_MEMORY);
	arena_init(&message->record_arena, RECORD_MEMORY);
	arriving_init(&message->arriving, &message->arena);
	ident_make(message->ident);
	message->begun_ms = clock_now_ms();
	start(message, mail);
	return message;
}

/* What a recipient who is refused is told. */
static const struct smtp_reply *
reply_for(struct message *message, const struct verdict *verdict)
{
	for (size_t i = 0; i < message->verdict_count; i++)
		if (message->replies[i] != NULL && same_verdict(&message->verdicts[i], verdict))
			return message->replies[i];
	compose_reply(config_of(message), verdict, message->ident, &message->reply);
	return &message->reply;
}

const struct smtp_reply *
message_rcpt(struct message *message, const struct envelope_address *recipient)
{
	struct verdict verdict;

	if (message == NULL)
		return &out_of_memory;
	if (postpone(message, recipient))
		return NULL;
	judge_postponed(message);
	if (!judge_recipient(message, recipient, &verdict))
		return &out_of_memory;
	if (!verdict.is_enforced || verdict.action == ACTION_ACCEPT)
		return NULL;
	if (verdict.action == ACTION_QUARANTINE) {
		message->is_quarantined = true;
		return NULL;
	}
	return reply_for(message, &verdict);
}

void
message_header(struct message *message, const char *name, const char *value)
{
	const struct message_needs *needs = message->needs;
	const struct config *config = config_of(message);
	const struct arriving_owner owner = { config, needs->mta_name };
	const bool may_stay = config->keeps_trusted_results && needs->client.is_trusted;

	arriving_take(&message->arriving, may_stay ? NULL : &owner, name, value);
}

static const char *
quarantine_reason(const struct message *message)
{
	for (size_t i = 0; i < message->verdict_count; i++) {
		const struct rule *rule = message->verdicts[i].rule;

		if (message->verdicts[i].action == ACTION_QUARANTINE)
			return rule->text != NULL ? rule->text : rule->place;
	}
	return "heloscope";
}

static void
make_edits(const struct message *message, struct edit_list *list)
{
	const struct message_needs *needs = message->needs;
	const struct config *config = config_of(message);
	const struct message_summary summary = summary_of(message, NULL);

	edits_remove(list, &message->arriving);
	edits_add_notes(list, message->ident, message->verdicts, message->replies, message->verdict_count);
	if (!needs->client.is_trusted || message->facts->client.is_authenticated)
		edits_add_results(list, config, message->facts, runtime_needs(needs->runtime).table,
				  &summary);
}

struct message_end
message_end(struct message *message, const char *queue_id)
{
	struct message_end end = { .is_whole = false };
	struct edit_list list = { .arena = NULL };

	if (message == NULL)
		return end;
	list.arena = &message->arena;
	judge_facts(message);
	judge_postponed(message);
	if (message->facts == NULL)
		return end;
	make_edits(message, &list);
	end = (struct message_end){
		.edits = list.items,
		.count = list.count,
		.quarantine = message->is_quarantined ? quarantine_reason(message) : NULL,
		.is_whole = !message->arena.has_failed && !message->arriving.has_lost,
	};
	if (message->needs->inquiry != NULL && end.is_whole)
		inquiry_accepted(message->needs->inquiry);
	log_message(message, queue_id);
	message->verdict_count = 0; /* an abort that follows has nothing more to say */
	return end;
}

void
message_close(struct message *message)
{
	if (message == NULL)
		return;
	judge_postponed(message);
	log_message(message, NULL);
	arena_clear(&message->arena);
	arena_clear(&message->record_arena);
	if (message->needs->inquiry != NULL)
		inquiry_forget_mail(message->needs->inquiry);
	free(message);
}
