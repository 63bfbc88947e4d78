#include "heloscope/daemon/session.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/records/log.h"
#include "heloscope/base/bounds.h"
#include "heloscope/checks/table.h"
#include "heloscope/base/clock.h"
#include "heloscope/words/compose.h"
#include "heloscope/base/ident.h"
#include "heloscope/base/log.h"
#include "heloscope/checks/policy.h"
#include "heloscope/records/record.h"

#define MESSAGE_MEMORY (1U << 20)     /* octets */
#define RECIPIENT_MEMORY (256U << 10) /* of the readings of one, while it is judged */
#define RECORD_MEMORY (256U << 10)

/* Fields of arriving mail that may have to go. */
static const char *const watched[] = { "Authentication-Results", "X-Heloscope", "Received-SPF" };
enum watched_field { FIELD_AUTHRES, FIELD_HELOSCOPE, FIELD_RECEIVED_SPF, FIELDS };

/* Fields of one name that are to be removed, counted from 1: from the first to the last. */
struct stretch {
	unsigned first, last;
};

/* The fields of one name. */
struct watch {
	unsigned seen; /* so far */
	struct stretch *stretches;
	size_t count;
};

/* What there is of a message, from MAIL to its end: an idle session has none. */
struct message {
	bool is_judged;
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
	bool is_quarantined;
	struct watch watches[FIELDS];
	struct smtp_reply reply; /* to a recipient whose verdict is none of those */
};

struct session {
	struct runtime *runtime;
	struct inquiry *inquiry; /* NULL: trusted, or not connected yet */
	struct client_facts client;
	bool has_tls;            /* at the last HELO */
	size_t said;             /* octets of SMTP that the meter does not know of yet */
	char *helo;              /* raw, or NULL; where there is an inquiry, it has it */
	char *mta_name;          /* {j}, or NULL */
	struct message *message; /* NULL between messages, and when memory ran out */
};

/* The connection. */

struct session *
session_new(struct runtime *runtime)
{
	struct session *session = calloc(1, sizeof *session);

	if (session == NULL)
		return NULL;
	session->runtime = runtime_ref(runtime);
	session->client.is_trusted = true; /* until session_connect() */
	return session;
}

void
session_free(struct session *session)
{
	if (session == NULL)
		return;
	session_abort(session);
	inquiry_close(session->inquiry);
	runtime_unref(session->runtime);
	free(session->helo);
	free(session->mta_name);
	free(session);
}

void
session_connect(struct session *session, const struct sockaddr *address)
{
	struct client_facts *client = &session->client;
	const struct inquiry_needs needs = runtime_needs(session->runtime);

	*client = (struct client_facts){ .port = 0 };
	(void)ipaddr_from_sockaddr(address, &client->address, &client->port);
	client->is_trusted = config_trusts(needs.config, &client->address);
	inquiry_close(session->inquiry); /* a second connect: XCLIENT on some MTAs */
	session->inquiry = NULL;
	if (!client->is_trusted)
		session->inquiry = inquiry_new(&needs, client);
}

/* Count a line of SMTP. */
static void
hear(struct session *session, const char *word, const char *rest)
{
	session->said += strlen(word) + span_of(rest).length + 2; /* with its CR and LF */
}

void
session_set_mta_name(struct session *session, const char *name)
{
	free(session->mta_name);
	session->mta_name = name != NULL ? strdup(name) : NULL;
}

void
session_helo(struct session *session, const char *name, const char *tls_version)
{
	session->has_tls = tls_version != NULL;
	hear(session, "EHLO ", name);
	free(session->helo);
	session->helo = NULL;
	if (session->inquiry != NULL)
		inquiry_helo(session->inquiry, name);
	else
		session->helo = strdup(name);
}

/* Messages. */

static struct message *
begin_message(void)
{
	struct message *message = calloc(1, sizeof *message);

	if (message == NULL)
		return NULL;
	arena_init(&message->arena, MESSAGE_MEMORY);
	arena_init(&message->record_arena, RECORD_MEMORY);
	ident_make(message->ident);
	message->begun_ms = clock_now_ms();
	return message;
}

/* Whether so many octets may be written of this message. Of those who are trusted everything is. */
static bool
may_write(const struct session *session, size_t octets)
{
	const struct client_facts *client = &session->message->facts->client;

	return client->is_trusted || client->is_authenticated || client->address.length == 0
	       || meter_take(runtime_meter(session->runtime), &client->address, octets, clock_now_ms());
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
write_record(const struct session *session, const struct record_verdict *verdicts, const char *queue_id)
{
	static const enum record_length lengths[] = { RECORD_WHOLE, RECORD_SHORT };
	const struct message *message = session->message;
	struct meter *meter = runtime_meter(session->runtime);
	const struct message_record record = {
		.ident = message->ident,
		.queue_id = queue_id,
		.mode = runtime_config(session->runtime)->mode,
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
		if (may_write(session, strlen(line) + 1)) {
			audit_write(runtime_audit(session->runtime), line);
			meter_told(meter, record.unwritten);
			return;
		}
		free(line);
	}
	meter_note_unwritten(meter, &message->facts->client.address, clock_now_ms());
}

static void
log_message(struct session *session, const char *queue_id)
{
	struct arena arena;
	const struct message *message = session->message;
	struct meter *meter = runtime_meter(session->runtime);
	char memory[COMPOSE_LOG_SIZE];
	struct strbuf line;
	const struct message_summary summary = {
		.ident = message->ident,
		.queue_id = queue_id,
		.verdicts = message->verdicts,
		.counts = message->counts,
		.verdict_count = message->verdict_count,
		.waited_ms = message->waited_ms,
	};

	if (message->facts == NULL || message->verdict_count == 0)
		return;
	if (session->client.address.length > 0)
		meter_feed(meter, &session->client.address, session->said, clock_now_ms());
	session->said = 0;
	strbuf_init(&line, memory, sizeof memory);
	compose_log_line(message->facts, &summary, &line);
	if (!may_write(session, line.length + 1)) {
		meter_note_unwritten(meter, &message->facts->client.address, clock_now_ms());
		return;
	}
	log_info("%s", memory);
	if (runtime_audit(session->runtime) == NULL)
		return;
	arena_init(&arena, MESSAGE_MEMORY);
	write_record(session, tell_verdicts(message, &arena), queue_id);
	arena_clear(&arena);
}

/* The facts of a message whose client is not looked into. */
static void
set_own_facts(const struct session *session, const struct session_mail *mail)
{
	struct message *message = session->message;
	struct facts *facts = &message->own_facts;
	const char *helo = session->inquiry != NULL ? inquiry_helo_given(session->inquiry) : session->helo;
	struct client_facts client = session->client;

	client.is_authenticated = mail->auth_name != NULL;
	if (mail->auth_name != NULL)
		client.auth_name = arena_string(&message->arena, mail->auth_name);
	facts_set_unchecked(facts, &client, helo, &mail->sender, &message->arena);
	message->facts = facts;
	message->is_judged = true;
}

/* TLS began after the last HELO, which does not count any more (RFC 3207, 4.2). */
static void
forget_helo(struct session *session)
{
	session->has_tls = true;
	free(session->helo);
	session->helo = NULL;
	if (session->inquiry != NULL)
		inquiry_helo(session->inquiry, NULL);
}

void
session_mail(struct session *session, const struct session_mail *mail)
{
	const bool is_authenticated =
		mail->auth_name != NULL && runtime_config(session->runtime)->trusts_authenticated;

	session_abort(session);
	hear(session, "MAIL FROM:", mail->sender.typed);
	if (mail->tls.version != NULL && !session->has_tls)
		forget_helo(session);
	session->message = begin_message();
	if (session->message == NULL)
		return;
	if (session->client.is_trusted || is_authenticated)
		set_own_facts(session, mail);
	else if (session->inquiry != NULL)
		inquiry_mail(session->inquiry, &mail->sender, mail->auth_name, &mail->tls);
	else
		session->message->is_judged =
			true; /* memory ran out at connect: without facts it is deferred */
}

/* Make the facts final. */
static void
judge_facts(struct session *session)
{
	struct message *message = session->message;
	const unsigned timeout_ms = runtime_config(session->runtime)->timeout_ms;
	const uint64_t start_ms = clock_now_ms(), passed_ms = start_ms - message->begun_ms;

	if (message->is_judged || session->inquiry == NULL)
		return;
	message->facts =
		inquiry_wait(session->inquiry, passed_ms < timeout_ms ? timeout_ms - (unsigned)passed_ms : 0);
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
apply_rules(const struct session *session, const struct envelope_address *recipient, struct verdict *verdict)
{
	const struct config *config = runtime_config(session->runtime);
	struct arena arena;
	struct readings readings;
	bool is_whole;

	arena_init(&arena, RECIPIENT_MEMORY);
	readings = mailbox_readings(recipient, &arena);
	is_whole = !arena.has_failed;
	*verdict = policy_judge(config, session->message->facts, &readings);
	arena_clear(&arena);
	return is_whole;
}

/* Have the reply of a verdict that refuses beside it. */
static void
keep_reply(const struct session *session, size_t index)
{
	struct message *message = session->message;

	if (index >= BOUND_VERDICTS || message->replies[index] != NULL
	    || !action_refuses(message->verdicts[index].action))
		return;
	message->replies[index] = arena_alloc(&message->arena, sizeof *message->replies[index]);
	if (message->replies[index] != NULL)
		compose_reply(runtime_config(session->runtime), &message->verdicts[index], message->ident,
			      message->replies[index]);
}

/* Judge for a recipient, and keep what the log and the record tell. False when memory ran out. */
static bool
judge_recipient(struct session *session, const struct envelope_address *recipient, struct verdict *verdict)
{
	const struct config *config = runtime_config(session->runtime);
	struct message *message = session->message;
	size_t verdict_index;

	judge_facts(session);
	if (message->facts == NULL)
		return false;
	*verdict = (struct verdict){ .facts = message->facts, .action = ACTION_ACCEPT, .is_enforced = true };
	if ((!message->facts->client.is_authenticated || !config->trusts_authenticated)
	    && !apply_rules(session, recipient, verdict))
		return false;
	verdict_index = count_verdict(message, verdict);
	keep_reply(session, verdict_index);
	if (runtime_audit(session->runtime) != NULL)
		keep_recipient(message, recipient, verdict_index);
	return true;
}

static void
judge_postponed(struct session *session)
{
	struct message *message = session->message;
	const size_t count = message->postponed_count;
	struct verdict verdict;

	message->postponed_count = 0;
	for (size_t i = 0; i < count; i++)
		(void)judge_recipient(session, &message->postponed[i], &verdict);
}

/* Put a recipient off, where nobody is refused and answers are still to come. False when it is to be judged
 * now. */
static bool
postpone(struct session *session, const struct envelope_address *recipient)
{
	struct message *message = session->message;
	struct envelope_address *postponed;

	if (runtime_config(session->runtime)->mode != MODE_AUDIT || message->is_judged
	    || session->inquiry == NULL || message->postponed_count == BOUND_RECIPIENTS_POSTPONED
	    || inquiry_is_complete(session->inquiry))
		return false;
	postponed =
		arena_grow(&message->arena, message->postponed, message->postponed_count, sizeof *postponed);
	if (postponed == NULL)
		return false;
	message->postponed = postponed;
	postponed[message->postponed_count++] = copy_address(recipient, &message->arena);
	return true;
}

/* What a recipient who is refused is told. */
static const struct smtp_reply *
reply_for(struct session *session, const struct verdict *verdict)
{
	struct message *message = session->message;

	for (size_t i = 0; i < message->verdict_count; i++)
		if (message->replies[i] != NULL && same_verdict(&message->verdicts[i], verdict))
			return message->replies[i];
	compose_reply(runtime_config(session->runtime), verdict, message->ident, &message->reply);
	return &message->reply;
}

const struct smtp_reply *
session_rcpt(struct session *session, const struct envelope_address *recipient)
{
	struct message *message = session->message;
	struct verdict verdict;

	hear(session, "RCPT TO:", recipient->typed);
	if (message == NULL)
		return &out_of_memory;
	if (postpone(session, recipient))
		return NULL;
	judge_postponed(session);
	if (!judge_recipient(session, recipient, &verdict))
		return &out_of_memory;
	if (!verdict.is_enforced || verdict.action == ACTION_ACCEPT)
		return NULL;
	if (verdict.action == ACTION_QUARANTINE) {
		message->is_quarantined = true;
		return NULL;
	}
	return reply_for(session, &verdict);
}

void
session_abort(struct session *session)
{
	struct message *message = session->message;

	if (message == NULL)
		return;
	judge_postponed(session);
	log_message(session, NULL);
	arena_clear(&message->arena);
	arena_clear(&message->record_arena);
	free(message);
	session->message = NULL;
	if (session->inquiry != NULL)
		inquiry_forget_mail(session->inquiry);
}

/* The header. */

/* Whether a field speaks in our name, or in a version that nobody may read (RFC 8601, section 5). */
static bool
is_forged(const struct session *session, enum watched_field field, const char *value)
{
	const struct config *config = runtime_config(session->runtime);
	const char *const mta_name = session->mta_name != NULL ? session->mta_name : config->authserv_id;

	switch (field) {
	case FIELD_AUTHRES:
		return authres_author(span_of(value), config->own_ids.items, config->own_ids.count)
			       != AUTHRES_OTHER
		       || authres_author(span_of(value), &mta_name, 1) != AUTHRES_OTHER;
	case FIELD_RECEIVED_SPF:
		return config->adds_received_spf
		       && (authres_may_name(span_of(value), config->own_ids.items, config->own_ids.count)
			   || authres_may_name(span_of(value), &mta_name, 1));
	default:
		return true;
	}
}

/*
 * The field that came last is to be removed. Of very many stretches of such fields the last one grows over
 * what lies between: there is no end to the fields that somebody may send, but one to what we keep of them,
 * and a forged field that stays is worse than somebody's that goes.
 */
static void
note_removal(struct watch *watch, struct arena *arena)
{
	struct stretch *last = watch->count > 0 ? &watch->stretches[watch->count - 1] : NULL, *stretches;

	if (last != NULL && (last->last + 1 == watch->seen || watch->count == BOUND_REMOVED_STRETCHES)) {
		last->last = watch->seen;
		return;
	}
	stretches = arena_grow(arena, watch->stretches, watch->count, sizeof *stretches);
	if (stretches == NULL)
		return; /* told by session_edits.is_whole */
	watch->stretches = stretches;
	stretches[watch->count++] = (struct stretch){ watch->seen, watch->seen };
}

void
session_header(struct session *session, const char *name, const char *value)
{
	const struct config *config = runtime_config(session->runtime);
	struct message *message = session->message;
	unsigned field = 0;

	hear(session, name, value);
	while (field < FIELDS && !span_equals_nocase(span_of(name), span_of(watched[field])))
		field++;
	if (field == FIELDS || message == NULL)
		return;
	message->watches[field].seen++;
	if (config->keeps_trusted_results && session->client.is_trusted)
		return;
	if (!is_forged(session, (enum watched_field)field, value))
		return;
	note_removal(&message->watches[field], &message->arena);
}

/* End of message. */

/* The edits in the making. */
struct edit_list {
	struct arena *arena;
	struct session_edit *items;
	size_t count;
};

static void
add_edit(struct edit_list *list, struct session_edit edit)
{
	struct session_edit *items = arena_grow(list->arena, list->items, list->count, sizeof *items);

	if (items == NULL)
		return;
	list->items = items;
	items[list->count++] = edit;
}

/* From the last to the first, so that no removal shifts the index of another. */
static void
add_removals(struct edit_list *list, const char *name, const struct watch *watch)
{
	for (size_t i = watch->count; i-- > 0;) {
		const struct stretch *stretch = &watch->stretches[i];

		add_edit(list, (struct session_edit){ .name = name,
						      .index = stretch->last,
						      .count = stretch->last - stretch->first + 1 });
	}
}

static void
add_field(struct edit_list *list, enum watched_field field, const struct strbuf *value)
{
	if (value->length > 0)
		add_edit(list, (struct session_edit){ .name = watched[field],
						      .value = arena_string(list->arena, value->text) });
}

/* What would have been done, and what rules only say; each different one once. */
static void
add_notes(const struct session *session, struct edit_list *list)
{
	const struct message *message = session->message;
	char memory[COMPOSE_FIELD_SIZE];

	for (size_t i = 0; i < message->verdict_count; i++) {
		const struct verdict *verdict = &message->verdicts[i];
		struct strbuf value;

		for (size_t j = 0; j < verdict->tag_count + verdict->audit_count; j++) {
			strbuf_init(&value, memory, sizeof memory);
			compose_note(message->ident,
				     j < verdict->tag_count ? verdict->tags[j]
							    : verdict->audits[j - verdict->tag_count],
				     &value);
			add_field(list, FIELD_HELOSCOPE, &value);
		}
		if (verdict->is_enforced)
			continue;
		strbuf_init(&value, memory, sizeof memory);
		compose_would(message->ident, verdict, message->replies[i], &value);
		add_field(list, FIELD_HELOSCOPE, &value);
	}
}

/* The last field added ends up on top: Authentication-Results. */
static void
add_fields(const struct session *session, struct edit_list *list)
{
	const struct config *config = runtime_config(session->runtime);
	const struct facts *facts = session->message->facts;
	char memory[COMPOSE_FIELD_SIZE];
	struct strbuf value;

	add_notes(session, list);
	if (session->client.is_trusted && !facts->client.is_authenticated)
		return;
	strbuf_init(&value, memory, sizeof memory);
	if (config->adds_received_spf)
		compose_received_spf(config, facts, &value);
	add_field(list, FIELD_RECEIVED_SPF, &value);
	strbuf_init(&value, memory, sizeof memory);
	compose_authres(config, facts, checks_table(), &value);
	add_field(list, FIELD_AUTHRES, &value);
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

struct session_edits
session_end_of_message(struct session *session, const char *queue_id)
{
	struct message *message = session->message;
	struct session_edits edits = { .is_whole = false };
	struct edit_list list = { .arena = NULL };

	if (message == NULL)
		return edits;
	list.arena = &message->arena;
	judge_facts(session);
	judge_postponed(session);
	if (message->facts == NULL)
		return edits;
	for (unsigned field = FIELDS; field-- > 0;)
		add_removals(&list, watched[field], &message->watches[field]);
	add_fields(session, &list);
	edits = (struct session_edits){
		.edits = list.items,
		.count = list.count,
		.quarantine = message->is_quarantined ? quarantine_reason(message) : NULL,
		.is_whole = !message->arena.has_failed,
	};
	if (session->inquiry != NULL && edits.is_whole)
		inquiry_accepted(session->inquiry);
	log_message(session, queue_id);
	message->verdict_count = 0; /* an abort that follows has nothing more to say */
	return edits;
}
