#include "heloscope/records/record.h"

#include <string.h>

#include "heloscope/records/codec.h"
#include "heloscope/records/table.h"
#include "heloscope/records/cut.h"
#include "heloscope/records/shape.h"
#include "heloscope/records/take.h"
#include "heloscope/records/value.h"

#define READING_MEMORY (16U << 20) /* octets, for a line of 4 MB */

/* What the message came with. */

static void
take_client(struct taking *taking, const json_t *client, struct facts *facts)
{
	facts->client = (struct client_facts){
		.address = take_address(taking, client, "ip"),
		.port = (uint16_t)take_number(client, "port"),
		.is_trusted = take_flag(client, "trusted"),
		.is_authenticated = take_flag(client, "authenticated"),
		.auth_name = take_text(taking, client, "user"),
	};
	facts->iprev.verified = take_text(taking, client, "name");
}

/* The text that was judged stands in the record; the rest follows from what was typed. */
static void
take_sender_text(struct taking *taking, const json_t *object, struct sender_facts *sender)
{
	const char *text = take_text(taking, object, "sender");

	sender->mailbox.text = text != NULL ? text : "";
	if (sender->domain == NULL)
		sender->domain = "";
}

static void
take_envelope(struct taking *taking, const json_t *object, struct facts *facts)
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
take_checks(struct taking *taking, const json_t *checks, bool is_other, struct facts *facts)
{
	for (int method = 0; method < METHODS; method++) {
		const struct codec *codec = codec_of((enum method)method);
		const json_t *check = take_member(checks, codec->key);

		if (check == NULL || (is_other && !facts_rests_on_sender((enum method)method)))
			continue;
		facts->results[method] =
			(enum result)take_token(taking, check, "result", &results, RESULT_UNCHECKED);
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
take_others(struct taking *taking, const json_t *object, struct facts *facts)
{
	const json_t *readings = take_member(object, "other-readings");

	for (size_t i = 0; i < json_array_size(readings) || facts->other != NULL; i++) {
		const json_t *reading = json_array_get(readings, i);

		if (facts->other == NULL && (facts->other = unknown_reading(taking)) == NULL)
			return;
		facts_take_over(facts->other, facts);
		facts = facts->other;
		if (reading == NULL)
			continue;
		take_sender_text(taking, reading, &facts->sender);
		memset(facts->lists, 0, sizeof facts->lists);
		take_checks(taking, take_member(reading, "checks"), true, facts);
	}
}

static struct facts *
take_facts(struct taking *taking, const json_t *object)
{
	struct facts *facts = take_room(taking, 1, sizeof *facts);

	if (facts == NULL)
		return NULL;
	take_client(taking, take_member(object, "client"), facts);
	take_envelope(taking, object, facts);
	take_checks(taking, take_member(object, "checks"), false, facts);
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
take_note(struct taking *taking, const json_t *note)
{
	return (struct record_note){
		.tag = take_text(taking, note, "tag"),
		.action = (enum action)take_token(taking, note, "audit", &actions, ACTION_TAG),
		.has_share = take_member(note, "share") != NULL,
		.share = take_number(note, "share"),
		.rule = take_text(taking, note, "rule"),
	};
}

static void
take_verdict(struct taking *taking, const json_t *object, struct record_verdict *verdict)
{
	const json_t *notes = take_member(object, "notes"), *note;

	verdict->action = (enum action)take_token(taking, object, "action", &actions, ACTION_ACCEPT);
	verdict->is_enforced = take_flag(object, "enforced");
	verdict->is_softened = take_flag(object, "softened");
	verdict->is_withheld = take_flag(object, "withheld");
	verdict->overruled =
		(enum overruled)take_token(taking, object, "overruled", &codec_overruled, OVERRULED_NOT);
	verdict->pending_until =
		(enum stage)take_token(taking, object, "pending", &codec_stages, STAGE_CONNECT);
	verdict->rule = take_text(taking, object, "rule");
	verdict->reply = take_text(taking, object, "reply");
	for (size_t i = 0; (note = json_array_get(notes, i)) != NULL; i++)
		verdict->notes[verdict->note_count++] = take_note(taking, note);
}

static void
take_verdicts(struct taking *taking, const json_t *list, struct message_record *record)
{
	struct record_verdict *verdicts = take_room(taking, json_array_size(list) + 1, sizeof *verdicts);
	struct record_recipient *recipients =
		take_room(taking, json_array_size(list) + 1, sizeof *recipients);
	const json_t *object;

	for (size_t i = 0; !taking->has_fault && (object = json_array_get(list, i)) != NULL; i++) {
		const char *typed = take_text(taking, object, "recipient");

		take_verdict(taking, object, &verdicts[i]);
		recipients[i].address.typed = typed != NULL ? typed : "";
		recipients[i].address.used = take_text(taking, object, "rcpt-addr");
		recipients[i].verdict = i;
		record->recipient_count++;
	}
	record->verdicts = verdicts;
	record->recipients = recipients;
}

/* The whole. */

static void
take_record(struct taking *taking, const json_t *object, struct message_record *record)
{
	static const char *const mode_words[] = { [MODE_AUDIT] = "audit", [MODE_ENFORCE] = "enforce" };
	static const struct tokens modes = TOKENS(mode_words);

	*record = (struct message_record){
		.ident = take_text(taking, object, "id"),
		.time_s = take_time(taking, object, "time"),
		.queue_id = take_text(taking, object, "queue-id"),
		.mode = (enum mode)take_token(taking, object, "mode", &modes, MODE_AUDIT),
		.facts = take_facts(taking, object),
		.recipient_total = take_number(object, "recipients"),
		.waited_ms = take_number(object, "waited-ms"),
		.unwritten = take_number(object, "unwritten"),
		.cuts = cut_take(taking, take_member(object, "cut")),
	};
	take_verdicts(taking, take_member(object, "verdicts"), record);
}

bool
record_read(struct span line, struct record_reading *reading)
{
	json_t *object = record_parse(line);
	struct taking taking = { .arena = &reading->arena };

	if (object == NULL)
		return false;
	arena_init(&reading->arena, READING_MEMORY);
	reading->json = object;
	take_record(&taking, object, &reading->record);
	if (!taking.has_fault && !reading->arena.has_failed)
		return true;
	record_release(reading);
	return false;
}

void
record_release(struct record_reading *reading)
{
	arena_clear(&reading->arena);
	json_decref(reading->json);
}

bool
record_print(struct span line, struct output *out)
{
	json_t *object = record_parse(line);

	if (object == NULL)
		return false;
	document_print(out, object);
	json_decref(object);
	return true;
}
