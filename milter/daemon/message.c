#include "heloscope/daemon/message.h"

#include <stdlib.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/ident.h"
#include "heloscope/checks/alike.h"
#include "heloscope/checks/gateway.h"
#include "heloscope/checks/policy.h"
#include "heloscope/daemon/account.h"
#include "heloscope/daemon/verdicts.h"

#define MESSAGE_MEMORY (1U << 20) /* octets */
#define MESSAGE_USUAL 3056        /* the same, with one verdict and its fields; three KB are taken whole */
#define RECIPIENT_MEMORY (256U << 10) /* of the readings of one, while it is judged */
#define RECIPIENT_USUAL 1024          /* octets */

struct message {
	struct message_needs *needs; /* the session's: what stands there now */
	struct inquiry *inquiry;     /* the session's; behind a gateway its own; NULL: none */
	struct gateway_walk *walk;   /* behind a gateway, until the client is known; else NULL */
	bool is_inquired;            /* the inquiry looks into it */
	bool is_judged;              /* its facts are known as far as MAIL gives them */
	bool is_over;                /* nothing more comes: what is pending stays so */
	bool is_told;
	char ident[IDENT_SIZE];
	struct arena arena;
	struct envelope_address *waiting; /* recipients that were taken, and are judged when more is known */
	size_t waiting_count;
	struct envelope_address first; /* recipient that was taken; its `typed` NULL: none yet */
	bool is_first_held_up;         /* its rule awaits more of the message */
	uint64_t begun_ms;
	const struct facts *facts; /* once judged; NULL before, or when memory ran out */
	unsigned waited_ms;
	struct verdicts verdicts;
	const struct smtp_reply *refusal; /* of the message at its end; NULL: it is accepted */
	struct arriving arriving;
};

/* RFC 5321, 4.5.3.1.10: the client sends to the others in another transaction. */
static const struct smtp_reply too_many_waiting = {
	.code = 452,
	.xcode = "4.5.3",
	.lines = { "Too many recipients for one message here. Send the message again to the others." },
	.count = 1,
};

static const struct config *
config_of(const struct message *message)
{
	return runtime_config(message->needs->runtime);
}

/* Tell of it once, in log and record. */
static void
tell(struct message *message, const char *queue_id, bool is_unfinished)
{
	const struct account account = {
		.ident = message->ident,
		.queue_id = queue_id,
		.facts = message->facts,
		.verdicts = message->verdicts.items,
		.verdict_count = message->verdicts.count,
		.recipients = message->verdicts.recipients,
		.recipient_count = message->verdicts.recipient_count,
		.recipient_total = message->verdicts.recipient_total,
		.waited_ms = message->waited_ms,
		.said = message->needs->said,
		.is_unfinished = is_unfinished,
	};

	if (message->facts == NULL || message->verdicts.count == 0 || message->is_told)
		return;
	message->is_told = true;
	message->needs->said = 0;
	account_tell(message->needs->runtime, &account);
}

/* Facts. */

/* The facts of a message whose client is not looked into. */
static void
set_own_facts(struct message *message, const struct mail_command *mail)
{
	struct facts *facts = arena_alloc(&message->arena, sizeof *facts);
	const struct message_needs *needs = message->needs;
	const char *helo = message->inquiry != NULL ? inquiry_helo_given(message->inquiry) : needs->helo;
	struct client_facts client = needs->client;

	message->is_judged = true;
	if (facts == NULL)
		return;
	client.is_authenticated = mail->auth_name != NULL;
	if (mail->auth_name != NULL)
		client.auth_name = arena_string(&message->arena, mail->auth_name);
	facts_set_unchecked(facts, &client, helo, &mail->sender, &message->arena);
	message->facts = facts;
}

/* Have the facts as far as the message has come. */
static void
wait_for_facts(struct message *message, unsigned timeout_ms)
{
	const uint64_t start_ms = clock_now_ms();

	message->facts = inquiry_wait(message->inquiry, timeout_ms);
	message->waited_ms += (unsigned)(clock_now_ms() - start_ms);
	message->is_judged = true;
}

/* What RCPT may still be held up, of the time since MAIL. */
static unsigned
left_ms(const struct message *message)
{
	const unsigned timeout_ms = config_of(message)->timeout_ms;
	const uint64_t passed_ms = clock_now_ms() - message->begun_ms;

	return passed_ms < timeout_ms ? timeout_ms - (unsigned)passed_ms : 0;
}

/* The whole message has come. Checks of its header and its body have a time of their own. */
static void
complete_facts(struct message *message)
{
	const bool has_later_checks = message->needs->last_stage > STAGE_MAIL;
	const bool begins_late = has_later_checks || message->needs->client.gateway.address.length > 0;

	if (!message->is_inquired || (message->is_judged && !has_later_checks))
		return;
	inquiry_end_of_header(message->inquiry);
	inquiry_end_of_body(message->inquiry);
	wait_for_facts(message, begins_late ? config_of(message)->timeout_ms : left_ms(message));
	inquiry_end(message->inquiry);
}

/* Verdicts. */

/* What the rules say for a recipient. Returns why they could not be applied, or NULL. */
static const struct smtp_reply *
apply_rules(const struct message *message, const struct envelope_address *recipient, struct verdict *verdict)
{
	const struct config *config = config_of(message);
	ARENA_ALIGNED char memory[RECIPIENT_USUAL];
	struct arena arena;
	struct readings readings;
	bool is_whole;

	arena_init_over(&arena, memory, sizeof memory, RECIPIENT_MEMORY);
	readings = mailbox_readings(recipient, &arena);
	is_whole = !arena.has_failed;
	*verdict = policy_judge(config, message->facts, &readings);
	arena_clear(&arena);
	return is_whole ? NULL : &verdicts_no_memory;
}

/* Judge for a recipient. Returns why that is not possible, or NULL. */
static const struct smtp_reply *
judge(const struct message *message, const struct envelope_address *recipient, struct verdict *verdict)
{
	if (message->facts == NULL)
		return &verdicts_no_memory;
	*verdict = (struct verdict){ .facts = message->facts, .action = ACTION_ACCEPT, .is_enforced = true };
	if (message->walk != NULL) {
		verdict->pending_until = STAGE_HEADER;
		return NULL;
	}
	if (facts_escapes_rules(message->facts))
		return NULL;
	if (message->facts->client.is_authenticated && config_of(message)->trusts_authenticated)
		return NULL;
	return apply_rules(message, recipient, verdict);
}

/* Those that waited for what is known now. What awaits more waits on. */
static void
judge_waiting(struct message *message)
{
	const size_t count = message->waiting_count;
	struct verdict verdict;

	message->waiting_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (judge(message, &message->waiting[i], &verdict) != NULL)
			message->verdicts.taken++; /* as was said */
		else if (verdict_waits(&verdict) && !message->is_over)
			message->waiting[message->waiting_count++] = message->waiting[i];
		else
			(void)verdicts_settle(&message->verdicts, &message->waiting[i], &verdict);
	}
}

/* Wait for what MAIL gives, once; and so have done those that wait for it. */
static void
have_facts(struct message *message)
{
	if (message->is_judged || !message->is_inquired)
		return;
	wait_for_facts(message, left_ms(message));
	judge_waiting(message);
}

/* Take a recipient that is judged when more is known. False when there is no room. */
static bool
keep_waiting(struct message *message, const struct envelope_address *recipient, size_t bound)
{
	struct envelope_address *waiting;

	if (message->waiting_count >= bound)
		return false;
	waiting = arena_grow(&message->arena, message->waiting, message->waiting_count, sizeof *waiting);
	if (waiting == NULL)
		return false;
	message->waiting = waiting;
	waiting[message->waiting_count++] = envelope_address_copy(recipient, &message->arena);
	return true;
}

/* Recipients apart. */

/* Whether the end of the message comes out alike for a recipient that may be taken and for the first. */
static bool
is_like_first(const struct message *message, const struct envelope_address *recipient, bool is_held_up)
{
	struct readings first, other;
	struct arena arena;
	bool is_alike;

	if (message->first.typed == NULL || (!is_held_up && !message->is_first_held_up))
		return true;
	if (is_held_up != message->is_first_held_up)
		return false;
	arena_init(&arena, 2 * (size_t)RECIPIENT_MEMORY);
	first = mailbox_readings(&message->first, &arena);
	other = mailbox_readings(recipient, &arena);
	is_alike = !arena.has_failed && alike_recipients(config_of(message), message->facts, &first, &other);
	arena_clear(&arena);
	return is_alike;
}

/* Whether the message has to come to a recipient in a transaction of its own. The first never has to, so that
 * each transaction gets on; nor have those beyond the bound, so that the MTA does not hang up before its end.
 */
static bool
must_be_apart(struct message *message, const struct envelope_address *recipient,
	      const struct verdict *verdict)
{
	const struct config *config = config_of(message);

	if (config->recipients != RECIPIENTS_APART || config->mode != MODE_ENFORCE || verdict_refuses(verdict)
	    || message->walk != NULL)
		return false;
	if (!is_like_first(message, recipient, verdict_is_pending(verdict)))
		return message->needs->apart < BOUND_RECIPIENTS_APART;
	if (message->first.typed == NULL) {
		message->first = envelope_address_copy(recipient, &message->arena);
		message->is_first_held_up = verdict_is_pending(verdict);
	}
	return false;
}

/* Tell that of a recipient. It is not taken. Returns the reply. */
static const struct smtp_reply *
put_apart(struct message *message, const struct envelope_address *recipient)
{
	const struct verdict verdict = {
		.facts = message->facts, .action = ACTION_DEFER, .is_enforced = true, .is_apart = true
	};

	message->needs->apart++;
	return verdicts_settle(&message->verdicts, recipient, &verdict);
}

/* Whether a recipient need not wait for answers, where nobody is refused and some are still to come. */
static bool
can_postpone(const struct message *message)
{
	return config_of(message)->mode == MODE_AUDIT && !message->is_judged && message->is_inquired
	       && !inquiry_is_complete(message->inquiry);
}

const struct smtp_reply *
message_rcpt(struct message *message, const struct envelope_address *recipient)
{
	const struct smtp_reply *obstacle;
	struct verdict verdict;

	if (message == NULL)
		return &verdicts_no_memory;
	if (can_postpone(message) && keep_waiting(message, recipient, BOUND_RECIPIENTS_POSTPONED))
		return NULL;
	have_facts(message);
	obstacle = judge(message, recipient, &verdict);
	if (obstacle != NULL)
		return obstacle;
	if (must_be_apart(message, recipient, &verdict))
		return put_apart(message, recipient);
	if (!verdict_waits(&verdict))
		return verdicts_settle(&message->verdicts, recipient, &verdict);
	return keep_waiting(message, recipient, BOUND_RECIPIENTS_PENDING) ? NULL : &too_many_waiting;
}

/* The message as it comes. */

/* A gateway says what it wants of its own HELO name, TLS and user: the client is whom its fields name. */
static void
start_behind_gateway(struct message *message, const struct mail_command *mail)
{
	struct facts *facts = arena_alloc(&message->arena, sizeof *facts);

	message->inquiry = NULL;
	message->walk = arena_alloc(&message->arena, sizeof *message->walk);
	if (facts == NULL || message->walk == NULL)
		return;
	gateway_walk_begin(message->walk, config_of(message), &message->needs->client);
	facts_set_unchecked(facts, &message->needs->client, NULL, &mail->sender, &message->arena);
	message->facts = facts;
}

/* It is known who the client is, or that this is not to be known. */
static void
meet_client(struct message *message)
{
	const struct inquiry_needs needs = runtime_needs(message->needs->runtime);
	const struct envelope_address sender = { message->facts->sender.given, message->facts->sender.used };
	struct gateway_walk *walk = message->walk;
	struct facts *facts;

	message->walk = NULL;
	if (walk->client.is_trusted) {
		facts = arena_alloc(&message->arena, sizeof *facts);
		if (facts != NULL)
			facts_set_unchecked(facts, &walk->client, walk->helo, &sender, &message->arena);
		message->facts = facts;
	} else {
		message->inquiry = gateway_walk_inquire(walk, &needs, &sender);
		message->facts = NULL;
	}
	message->is_inquired = message->inquiry != NULL;
	message->is_judged = !message->is_inquired;
	gateway_walk_clear(walk);
}

/* Start what the message needs to know. */
static void
start(struct message *message, const struct mail_command *mail)
{
	const struct message_needs *needs = message->needs;
	const bool is_authenticated = mail->auth_name != NULL && config_of(message)->trusts_authenticated;

	message->inquiry = needs->inquiry;
	message->is_inquired = !needs->client.is_trusted && !is_authenticated && needs->inquiry != NULL;
	if (needs->client.gateway.address.length > 0)
		start_behind_gateway(message, mail);
	else if (needs->client.is_trusted || is_authenticated)
		set_own_facts(message, mail);
	else if (message->is_inquired)
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
	arena_init_for(&message->arena, MESSAGE_USUAL, MESSAGE_MEMORY);
	arriving_init(&message->arriving, &message->arena);
	ident_make(message->ident);
	verdicts_init(&message->verdicts, needs->runtime, message->ident, &message->arena);
	message->begun_ms = clock_now_ms();
	start(message, mail);
	return message;
}

void
message_header(struct message *message, const char *name, const char *value)
{
	const struct message_needs *needs = message->needs;
	const struct config *config = config_of(message);
	const struct arriving_owner owner = { config, needs->mta_name };
	const bool may_stay = config->keeps_trusted_results && needs->client.is_trusted;

	arriving_take(&message->arriving, may_stay ? NULL : &owner, name, value);
	if (message->walk != NULL) {
		gateway_walk_field(message->walk, name, value);
		if (message->walk->is_over)
			meet_client(message);
	} else if (message->is_inquired) {
		inquiry_header_field(message->inquiry, name, value);
	}
}

/* What comes behind the header names no client. */
static void
finish_walk(struct message *message)
{
	if (message->walk == NULL)
		return;
	gateway_walk_finish(message->walk);
	meet_client(message);
}

void
message_end_of_header(struct message *message)
{
	finish_walk(message);
	if (message->is_inquired)
		inquiry_end_of_header(message->inquiry);
}

void
message_body(struct message *message, struct span octets)
{
	if (message->is_inquired)
		inquiry_body(message->inquiry, octets);
}

/* The end. */

/* What comes of all that were taken; those that cannot be judged are accepted. */
static struct policy_end
count_ends(const struct message *message)
{
	struct policy_end end = { .accepted = message->verdicts.taken };
	struct verdict verdict;

	for (size_t i = 0; i < message->waiting_count; i++) {
		if (judge(message, &message->waiting[i], &verdict) == NULL)
			policy_count_end(&end, &verdict);
		else
			end.accepted++;
	}
	return end;
}

/*
 * Judge those that wait for the end of the message, for which there is but one reply. It is refused when it
 * is refused for every recipient that was taken, and deferred when it is deferred for one of them: else some
 * would miss mail that is meant for them. Where it is not, that is told with the verdict, as in mode audit.
 */
static void
judge_at_end(struct message *message)
{
	const struct policy_end end = count_ends(message);
	struct verdict verdict;

	for (size_t i = 0; i < message->waiting_count; i++) {
		const struct smtp_reply *reply;

		if (judge(message, &message->waiting[i], &verdict) != NULL)
			continue;
		policy_overrule(&verdict, &end);
		reply = verdicts_settle(&message->verdicts, &message->waiting[i], &verdict);
		message->refusal = message->refusal != NULL ? message->refusal : reply;
	}
	message->waiting_count = 0;
}

static void
make_edits(const struct message *message, struct edit_list *list)
{
	const struct config *config = config_of(message);
	const struct message_summary summary = {
		.ident = message->ident,
		.verdicts = message->verdicts.items,
		.verdict_count = message->verdicts.count,
		.waited_ms = message->waited_ms,
	};

	edits_remove(list, &message->arriving);
	edits_add_notes(list, message->ident, message->verdicts.items, message->verdicts.count);
	if (!message->facts->client.is_trusted || message->facts->client.is_authenticated)
		edits_add_results(list, config, message->facts, &summary);
}

/* It is accepted. */
static struct message_end
accept_message(struct message *message)
{
	struct edit_list list = { .arena = &message->arena };
	struct message_end end;

	message->needs->apart = 0;
	make_edits(message, &list);
	end = (struct message_end){
		.edits = list.items,
		.count = list.count,
		.quarantine = verdicts_quarantine_reason(&message->verdicts),
		.is_whole = !message->arena.has_failed && !message->arriving.has_lost,
	};
	if (message->inquiry != NULL && end.is_whole)
		inquiry_accepted(message->inquiry);
	return end;
}

struct message_end
message_end(struct message *message, const char *queue_id)
{
	struct message_end end = { .is_whole = false };

	if (message == NULL)
		return end;
	finish_walk(message);
	complete_facts(message);
	message->is_over = true;
	judge_at_end(message);
	if (message->facts == NULL)
		return end;
	if (message->refusal != NULL)
		end.reply = message->refusal;
	else
		end = accept_message(message);
	tell(message, queue_id, false);
	return end;
}

/* It comes to nothing. What is known is told. */
static void
give_up(struct message *message)
{
	if (message->waiting_count > 0)
		have_facts(message);
	if (message->is_inquired)
		inquiry_end(message->inquiry);
	message->is_over = true;
	judge_waiting(message);
	tell(message, NULL, message->verdicts.taken > 0);
}

void
message_close(struct message *message)
{
	if (message == NULL)
		return;
	if (!message->is_over)
		give_up(message);
	if (message->walk != NULL)
		gateway_walk_clear(message->walk);
	if (message->inquiry != NULL)
		inquiry_forget_mail(message->inquiry);
	if (message->inquiry != message->needs->inquiry)
		inquiry_close(message->inquiry);
	arena_clear(&message->arena);
	verdicts_clear(&message->verdicts);
	free(message);
}
