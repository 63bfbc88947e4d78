#include "heloscope/records/record.h"

#include <string.h>

#include "heloscope/records/codec.h"
#include "heloscope/records/table.h"
#include "heloscope/records/cut.h"
#include "heloscope/records/shape.h"
#include "heloscope/records/take.h"
#include "heloscope/records/value.h"

#define READING_MEMORY (16U << 20) /* octets, for a line of 4 MB */
#define READING_USUAL 8000         /* octets */

/* What the message came with. */

static struct gateway_facts
take_gateway(struct taking *taking, const struct node *gateway)
{
	return (struct gateway_facts){
		.address = take_address(taking, gateway, "ip"),
		.believed = take_address(taking, gateway, "believed"),
		.inner = take_address(taking, gateway, "inner"),
		.hops = take_number(gateway, "hops"),
		.fault = (enum gateway_fault)take_token(taking, gateway, "fault", &codec_gateway_faults,
							GATEWAY_FAULT_NONE),
	};
}

static void
take_client(struct taking *taking, const struct node *client, struct facts *facts)
{
	facts->client = (struct client_facts){
		.address = take_address(taking, client, "ip"),
		.port = (uint16_t)take_number(client, "port"),
		.is_trusted = take_flag(client, "trusted"),
		.is_authenticated = take_flag(client, "authenticated"),
		.auth_name = take_text(taking, client, "user"),
		.gateway = take_gateway(taking, tree_member(client, "gateway")),
	};
	facts->iprev.verified = take_text(taking, client, "name");
}

/* The text that was judged stands in the record; the rest follows from what was typed. */
static void
take_sender_text(struct taking *taking, const struct node *object, struct sender_facts *sender)
{
	const char *text = take_text(taking, object, "sender");

	sender->mailbox.text = text != NULL ? text : "";
	if (sender->domain == NULL)
		sender->domain = "";
}

static void
take_envelope(struct taking *taking, const struct node *object, struct facts *facts)
{
	const char *given = take_text(taking, object, "mail-from");
	const struct envelope_address sender = { given != NULL ? given : "",
						 take_text(taking, object, "mail-addr") };

	facts_set_helo(&facts->helo, take_text(taking, object, "helo"), taking->arena);
	facts_set_sender(facts, &sender, taking->arena);
	facts->sender.given = given;
	take_sender_text(taking, object, &facts->sender);
}

/* Checks. */

static const char *const result_words[RESULTS] = {
	[RESULT_NONE] = "none",           [RESULT_NEUTRAL] = "neutral",     [RESULT_PASS] = "pass",
	[RESULT_FAIL] = "fail",           [RESULT_SOFTFAIL] = "softfail",   [RESULT_POLICY] = "policy",
	[RESULT_TEMPERROR] = "temperror", [RESULT_PERMERROR] = "permerror",
};
static const struct tokens results = TOKENS(result_words);

static void
take_checks(struct taking *taking, const struct node *checks, bool is_other, struct facts *facts)
{
	for (int method = 0; method < METHODS; method++) {
		const struct codec *codec = codec_of((enum method)method);
		const struct node *check = tree_member(checks, codec->key);

		if (check == NULL || (is_other && !facts_rests_on_sender((enum method)method)))
			continue;
		facts->results[method] =
			(enum result)take_token(taking, check, "result", &results, RESULT_UNCHECKED);
		facts->withheld[method] =
			(enum dns_status)take_token(taking, check, "withheld", &codec_statuses, DNS_NOERROR);
		codec->take(taking, check, facts);
	}
}

/* A reading of which only the text will be known, for what was typed was cut. */
static struct facts *
unknown_reading(struct taking *taking)
{
	struct facts *facts = take_room(taking, 1, sizeof *facts);

	if (facts != NULL)
		facts->sender.mailbox =
			(struct mailbox){ .form = MAILBOX_MALFORMED, .local = "", .domain = "" };
	return facts;
}

/* The other readings of the sender: those that are told, and those that what was typed has. */
static void
take_others(struct taking *taking, const struct node *object, struct facts *facts)
{
	const struct node *readings = tree_member(object, "other-readings"), *next = tree_first(readings);

	while (next != NULL || facts->other != NULL) {
		const struct node *reading = next;

		next = reading != NULL ? tree_next(readings, reading) : NULL;
		if (facts->other == NULL && (facts->other = unknown_reading(taking)) == NULL)
			return;
		facts_take_over(facts->other, facts);
		facts = facts->other;
		if (reading == NULL)
			continue;
		take_sender_text(taking, reading, &facts->sender);
		if (take_flag(reading, "unread"))
			facts->sender.mailbox.form = MAILBOX_UNREAD;
		memset(facts->lists, 0, sizeof facts->lists);
		take_checks(taking, tree_member(reading, "checks"), true, facts);
	}
}

static struct facts *
take_facts(struct taking *taking, const struct node *object)
{
	struct facts *facts = take_room(taking, 1, sizeof *facts);

	if (facts == NULL)
		return NULL;
	take_client(taking, tree_member(object, "client"), facts);
	take_envelope(taking, object, facts);
	take_checks(taking, tree_member(object, "checks"), false, facts);
	take_others(taking, object, facts);
	return facts;
}

/* Verdicts. */

static const char *const action_words[] = {
	[ACTION_ACCEPT] = "accept",         [ACTION_REJECT] = "reject", [ACTION_DEFER] = "defer",
	[ACTION_QUARANTINE] = "quarantine", [ACTION_TAG] = "tag",
};
static const struct tokens actions = TOKENS(action_words);

static struct record_note
take_note(struct taking *taking, const struct node *note)
{
	return (struct record_note){
		.tag = take_text(taking, note, "tag"),
		.action = (enum action)take_token(taking, note, "audit", &actions, ACTION_TAG),
		.has_share = tree_member(note, "share") != NULL,
		.share = take_number(note, "share"),
		.rule = take_text(taking, note, "rule"),
	};
}

static enum method
take_method(struct taking *taking, const struct node *check)
{
	const char *key = take_as_written(check);
	int method = 0;

	if (key == NULL)
		return METHODS;
	while (method < METHODS && strcmp(codec_of((enum method)method)->key, key) != 0)
		method++;
	taking->has_fault = taking->has_fault || method == METHODS;
	return (enum method)method;
}

/* A test lacks nothing of what words are made of. */
static bool
is_whole(const struct reason *reason)
{
	return (reason->kind != CONDITION_RESULT || reason->method != METHODS)
	       && (reason->kind != CONDITION_QUANTITY || reason->quantity != QUANTITIES)
	       && ((reason->kind != CONDITION_TEXT && reason->kind != CONDITION_WORD)
		   || reason->subject != SUBJECTS)
	       && (reason->kind != CONDITION_LISTED || reason->zone != NULL);
}

static struct reason
take_reason(struct taking *taking, const struct node *object)
{
	const struct reason reason = {
		.kind = (enum condition_kind)take_token(taking, object, "test", &codec_tests,
							CONDITION_TRUSTED),
		.holds = take_flag(object, "holds"),
		.is_enough = take_flag(object, "enough"),
		.method = take_method(taking, tree_member(object, "check")),
		.quantity =
			(enum quantity)take_token(taking, object, "quantity", &codec_quantities, QUANTITIES),
		.is_by_listing = take_flag(object, "by-listing"),
		.subject = (enum subject)take_token(taking, object, "subject", &codec_subjects, SUBJECTS),
		.zone = take_text(taking, object, "zone"),
		.name = take_text(taking, object, "name"),
	};

	taking->has_fault = taking->has_fault || !is_whole(&reason);
	return reason;
}

static void
take_reasons(struct taking *taking, const struct node *list, struct reasons *reasons)
{
	for (const struct node *object = tree_first(list); object != NULL; object = tree_next(list, object))
		reasons->items[reasons->count++] = take_reason(taking, object);
}

static void
take_undecided(struct taking *taking, const struct node *object, struct record_verdict *verdict)
{
	const struct node *checks = tree_member(object, "checks"), *check;

	if (object == NULL)
		return;
	verdict->undecided = take_text(taking, object, "rule");
	verdict->undecided_action =
		(enum action)take_token(taking, object, "action", &actions, ACTION_REJECT);
	for (check = tree_first(checks); check != NULL; check = tree_next(checks, check)) {
		const enum method method = take_method(taking, check);

		verdict->undecided_methods |= method != METHODS ? 1U << method : 0;
	}
	taking->has_fault = taking->has_fault || verdict->undecided == NULL
			    || !action_is_against(verdict->undecided_action);
}

/* The reading of that number. */
static const struct facts *
take_reading(struct taking *taking, const struct node *object, const struct facts *facts)
{
	unsigned number = take_number(object, "reading");

	for (; facts != NULL && number > 0; number--)
		facts = facts->other;
	taking->has_fault = taking->has_fault || facts == NULL;
	return facts;
}

static void
take_verdict(struct taking *taking, const struct node *object, const struct facts *facts,
	     struct record_verdict *verdict)
{
	const struct node *notes = tree_member(object, "notes"), *note;
	const char *joined;

	verdict->action = (enum action)take_token(taking, object, "action", &actions, ACTION_ACCEPT);
	verdict->is_enforced = take_flag(object, "enforced");
	verdict->is_softened = take_flag(object, "softened");
	verdict->withheld =
		(enum dns_status)take_token(taking, object, "withheld", &codec_statuses, DNS_NOERROR);
	verdict->overruled =
		(enum overruled)take_token(taking, object, "overruled", &codec_overruled, OVERRULED_NOT);
	verdict->is_apart = take_flag(object, "apart");
	verdict->pending_until =
		(enum stage)take_token(taking, object, "pending", &codec_stages, STAGE_CONNECT);
	verdict->notes_until =
		(enum stage)take_token(taking, object, "notes-pending", &codec_stages, STAGE_CONNECT);
	verdict->rule = take_text(taking, object, "rule");
	take_undecided(taking, tree_member(object, "undecided"), verdict);
	verdict->facts = take_reading(taking, object, facts);
	take_reasons(taking, tree_member(object, "reasons"), &verdict->reasons);
	joined = take_text(taking, object, "joined");
	if (joined != NULL && !reasons_read_joined(&verdict->reasons, span_of(joined)))
		taking->has_fault = true;
	verdict->text = take_text(taking, object, "text");
	verdict->reply = take_text(taking, object, "reply");
	for (note = tree_first(notes); note != NULL; note = tree_next(notes, note))
		verdict->notes[verdict->note_count++] = take_note(taking, note);
}

static void
take_verdicts(struct taking *taking, const struct node *list, struct message_record *record)
{
	const size_t count = tree_count(list), room = count > 0 ? count : 1;
	struct record_verdict *verdicts = take_room(taking, room, sizeof *verdicts);
	struct record_recipient *recipients = take_room(taking, room, sizeof *recipients);
	const struct node *object;

	for (object = tree_first(list); !taking->has_fault && object != NULL;
	     object = tree_next(list, object)) {
		const size_t i = record->recipient_count++;
		const char *typed = take_text(taking, object, "recipient");

		take_verdict(taking, object, record->facts, &verdicts[i]);
		recipients[i].address.typed = typed != NULL ? typed : "";
		recipients[i].address.used = take_text(taking, object, "rcpt-addr");
		recipients[i].verdict = i;
	}
	record->verdicts = verdicts;
	record->recipients = recipients;
}

/* The whole. */

static void
take_record(struct taking *taking, const struct node *object, struct message_record *record)
{
	static const char *const mode_words[] = { [MODE_AUDIT] = "audit", [MODE_ENFORCE] = "enforce" };
	static const struct tokens modes = TOKENS(mode_words);

	*record = (struct message_record){
		.ident = take_text(taking, object, "id"),
		.time_s = take_time(taking, object, "time"),
		.host = take_text(taking, object, "host"),
		.queue_id = take_text(taking, object, "queue-id"),
		.mode = (enum mode)take_token(taking, object, "mode", &modes, MODE_AUDIT),
		.facts = take_facts(taking, object),
		.recipient_total = take_number(object, "recipients"),
		.waited_ms = take_number(object, "waited-ms"),
		.is_unfinished = take_flag(object, "unfinished"),
		.unwritten = take_number(object, "unwritten"),
		.cuts = cut_take(taking, tree_member(object, "cut")),
	};
	take_verdicts(taking, tree_member(object, "verdicts"), record);
}

static bool
read_line(struct span line, struct taking *taking, struct record_reading *reading)
{
	if (!record_parse(line, &reading->tree))
		return false;
	take_record(taking, reading->tree.nodes, &reading->record);
	return !taking->has_fault && !reading->arena.has_failed;
}

bool
record_read(struct span line, struct record_reading *reading)
{
	struct taking taking = { .arena = &reading->arena };

	*reading = (struct record_reading){ .arena = { .chunks = NULL } };
	arena_init_for(&reading->arena, READING_USUAL, READING_MEMORY);
	if (read_line(line, &taking, reading))
		return true;
	record_release(reading);
	return false;
}

bool
record_read_next(struct span line, struct record_reading *reading)
{
	struct taking taking = { .arena = &reading->arena, .is_for_policy = true };

	if (reading->arena.limit == 0)
		arena_init_for(&reading->arena, READING_USUAL, READING_MEMORY);
	arena_empty(&reading->arena);
	return read_line(line, &taking, reading);
}

void
record_release(struct record_reading *reading)
{
	arena_clear(&reading->arena);
	tree_clear(&reading->tree);
}

bool
record_print(struct span line, struct output *out)
{
	struct tree tree = { .count = 0 };

	if (!record_parse(line, &tree))
		return false;
	tree_clear(&tree);
	return document_print_again(line, out);
}
