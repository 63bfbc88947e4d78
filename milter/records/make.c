#include "heloscope/records/record.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/records/value.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/facts/forwarding.h"
#include "heloscope/records/codec.h"
#include "heloscope/records/table.h"
#include "heloscope/records/cut.h"

#define BASE_SIZE (BOUND_RECORD * 3 / 4) /* octets for all but the verdicts */
#define SHORT_SIZE 800                   /* the same of a short record, where what policy reads fits */
#define CUT_SIZE 120                     /* for "verdicts" and "cut" themselves */
#define REPLIES_MAX 10                   /* recipients that are told of with a reply each */

static json_t *
check_of(const struct facts *facts, enum method method)
{
	json_t *check = codec_of(method)->put(facts);

	if (facts->withheld[method] != DNS_NOERROR)
		record_set_token(check, "withheld", &codec_statuses, (int)facts->withheld[method]);
	return check;
}

static json_t *
checks_of(const struct facts *facts, bool is_other)
{
	json_t *checks = json_object();

	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] != RESULT_UNCHECKED
		    && (!is_other || facts_rests_on_sender((enum method)method)))
			document_put(checks, codec_of((enum method)method)->key,
				     check_of(facts, (enum method)method));
	return checks;
}

/* What else the sender may be, and what was found of that. */
static json_t *
other_readings_of(const struct facts *facts)
{
	json_t *readings = json_array();

	while ((facts = facts->other) != NULL) {
		json_t *reading = json_object();

		if (facts->sender.mailbox.form == MAILBOX_UNREAD)
			record_set_flag(reading, "unread", true);
		else
			record_set_text(reading, "sender", facts->sender.mailbox.text);
		document_put(reading, "checks", checks_of(facts, true));
		document_append(readings, reading);
	}
	return readings;
}

/* Verdicts. */

struct record_verdict
record_verdict_of(const struct verdict *verdict, const char *reply)
{
	struct record_verdict told = {
		.action = verdict->action,
		.is_enforced = verdict->is_enforced,
		.is_softened = verdict->is_softened,
		.withheld = verdict->withheld,
		.overruled = verdict->overruled,
		.is_apart = verdict->is_apart,
		.pending_until = verdict->pending_until,
		.notes_until = verdict->notes_until,
		.rule = verdict->rule != NULL ? verdict->rule->place : NULL,
		.reply = reply,
		.facts = verdict->facts,
		.text = action_refuses(verdict->action) && verdict->rule != NULL ? verdict->rule->text : NULL,
	};

	if (action_is_against(verdict->action))
		told.reasons = verdict->reasons;
	if (verdict->undecided.rule != NULL) {
		told.undecided = verdict->undecided.rule->place;
		told.undecided_action = verdict->undecided.rule->action;
		told.undecided_methods = verdict->undecided.methods;
	}
	for (size_t i = 0; i < verdict->tag_count + verdict->audit_count; i++) {
		const bool is_tag = i < verdict->tag_count;
		const struct rule *rule = is_tag ? verdict->tags[i] : verdict->audits[i - verdict->tag_count];

		told.notes[told.note_count++] = (struct record_note){
			.tag = is_tag ? rule->text : NULL,
			.action = rule->action,
			.has_share = !is_tag && !rule->is_audit,
			.share = rule->percent,
			.rule = rule->place,
		};
	}
	return told;
}

static json_t *
note_of(const struct record_note *note)
{
	json_t *object = json_object();

	record_set_text(object, note->tag != NULL ? "tag" : "audit",
			note->tag != NULL ? note->tag : action_word(note->action));
	record_set_text(object, "rule", note->rule);
	if (note->has_share)
		record_set_number(object, "share", note->share);
	return object;
}

static json_t *
reason_of(const struct reason *reason)
{
	json_t *object = json_object();

	record_set_token(object, "test", &codec_tests, (int)reason->kind);
	if (reason->method != METHODS)
		record_set_text(object, "check", codec_of(reason->method)->key);
	if (reason->subject != SUBJECTS)
		record_set_token(object, "subject", &codec_subjects, (int)reason->subject);
	if (reason->quantity != QUANTITIES) {
		record_set_token(object, "quantity", &codec_quantities, (int)reason->quantity);
		record_set_flag(object, "by-listing", reason->is_by_listing);
	}
	record_set_text(object, "zone", reason->zone);
	record_set_text(object, "name", reason->name);
	record_set_flag(object, "holds", reason->holds);
	record_set_flag(object, "enough", reason->is_enough);
	return object;
}

static void
put_reasons(json_t *verdict, const struct reasons *reasons)
{
	char memory[REASONS_JOINED_SIZE];
	struct strbuf joined = STRBUF_OVER(memory);
	json_t *list = json_array();

	for (size_t i = 0; i < reasons->count; i++)
		document_append(list, reason_of(&reasons->items[i]));
	document_put(verdict, "reasons", list);
	if (reasons->count > 1) /* one alone is joined with nothing */
		reasons_write_joined(reasons, &joined);
	record_set_text(verdict, "joined", joined.length > 0 ? memory : NULL);
}

static void
put_undecided(json_t *object, const struct record_verdict *verdict)
{
	json_t *undecided = json_object(), *checks = json_array();

	record_set_text(undecided, "rule", verdict->undecided);
	record_set_text(undecided, "action", action_word(verdict->undecided_action));
	for (int method = 0; method < METHODS; method++)
		if ((verdict->undecided_methods & 1U << method) != 0)
			document_append(checks, document_text(span_of(codec_of((enum method)method)->key)));
	document_put(undecided, "checks", checks);
	document_put(object, "undecided", undecided);
}

/* Which reading of the sender it is: 0 for the first. */
static size_t
reading_number(const struct facts *facts, const struct facts *wanted)
{
	size_t number = 0;

	while (facts != NULL && facts != wanted) {
		facts = facts->other;
		number++;
	}
	return facts != NULL ? number : 0;
}

static json_t *
verdict_of(const struct message_record *record, const struct record_recipient *recipient, bool has_reply)
{
	const struct record_verdict *verdict = &record->verdicts[recipient->verdict];
	const size_t reading = reading_number(record->facts, verdict->facts);
	json_t *object = json_object(), *notes = json_array();

	record_set_text(object, "recipient", recipient->address.typed);
	record_set_text(object, "rcpt-addr", recipient->address.used);
	record_set_text(object, "action", action_word(verdict->action));
	record_set_flag(object, "enforced", verdict->is_enforced);
	record_set_flag(object, "softened", verdict->is_softened);
	if (verdict->withheld != DNS_NOERROR)
		record_set_token(object, "withheld", &codec_statuses, (int)verdict->withheld);
	record_set_text(object, "overruled", codec_overruled.words[verdict->overruled]);
	if (verdict->is_apart)
		record_set_flag(object, "apart", true);
	record_set_text(object, "pending", codec_stages.words[verdict->pending_until]);
	record_set_text(object, "notes-pending", codec_stages.words[verdict->notes_until]);
	record_set_text(object, "rule", verdict->rule);
	if (verdict->undecided != NULL)
		put_undecided(object, verdict);
	if (reading > 0)
		record_set_number(object, "reading", reading);
	if (verdict->reasons.count > 0)
		put_reasons(object, &verdict->reasons);
	record_set_text(object, "text", verdict->text);
	if (has_reply)
		record_set_text(object, "reply", verdict->reply);
	for (size_t i = 0; i < verdict->note_count; i++)
		document_append(notes, note_of(&verdict->notes[i]));
	document_put(object, "notes", notes);
	return object;
}

/* The whole. */

static json_t *
gateway_of(const struct gateway_facts *gateway)
{
	json_t *object = json_object();

	record_set_address(object, "ip", &gateway->address);
	record_set_address(object, "believed", &gateway->believed);
	record_set_number(object, "hops", gateway->hops);
	record_set_text(object, "fault", record_gateway_fault_token(gateway->fault));
	record_set_address(object, "inner", &gateway->inner);
	return object;
}

static json_t *
client_of(const struct facts *facts)
{
	json_t *client = json_object();

	record_set_address(client, "ip", &facts->client.address);
	record_set_number(client, "port", facts->client.port);
	record_set_text(client, "name", facts->iprev.verified);
	record_set_flag(client, "trusted", facts->client.is_trusted);
	record_set_flag(client, "authenticated", facts->client.is_authenticated);
	record_set_text(client, "user", facts->client.auth_name);
	if (facts_is_behind_gateway(facts))
		document_put(client, "gateway", gateway_of(&facts->client.gateway));
	return client;
}

/* What is there without verdicts. */
static json_t *
base_of(const struct message_record *record)
{
	json_t *object = json_object();

	record_set_number(object, "v", RECORD_VERSION);
	record_set_text(object, "id", record->ident);
	record_set_time(object, "time", record->time_s);
	record_set_text(object, "host", record->host);
	record_set_text(object, "queue-id", record->queue_id);
	record_set_text(object, "mode", record->mode == MODE_ENFORCE ? "enforce" : "audit");
	document_put(object, "client", client_of(record->facts));
	record_set_text(object, "helo", record->facts->helo.given);
	record_set_text(object, "mail-from", record->facts->sender.given);
	record_set_text(object, "mail-addr", record->facts->sender.used);
	record_set_text(object, "sender", record->facts->sender.mailbox.text);
	document_put(object, "checks", checks_of(record->facts, false));
	if (facts_forwarding(record->facts) == FORWARDING_LIKELY)
		record_set_flag(object, "looks-forwarded", true);
	if (record->facts->other != NULL)
		document_put(object, "other-readings", other_readings_of(record->facts));
	record_set_number(object, "recipients", record->recipient_total);
	record_set_number(object, "waited-ms", record->waited_ms);
	if (record->is_unfinished)
		record_set_flag(object, "unfinished", true);
	if (record->unwritten > 0)
		record_set_number(object, "unwritten", record->unwritten);
	return object;
}

/* Whether a recipient is the first with its verdict. */
static bool
is_first_of_its_kind(const struct message_record *record, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (record->recipients[i].verdict == record->recipients[index].verdict)
			return false;
	return true;
}

/* Whether the reply of a recipient is told: that of the first of a kind, and those of few recipients. */
static bool
has_reply(const struct message_record *record, size_t index)
{
	return record->verdicts[record->recipients[index].verdict].reply != NULL
	       && (record->recipient_count <= REPLIES_MAX || is_first_of_its_kind(record, index));
}

/* Verdicts that are written into what room there is. */
struct verdicts {
	json_t *list;
	size_t room;   /* octets */
	unsigned cuts; /* what was given up */
};

/* No verdict takes more than half of what is left while its texts can be cut, so that others have room, too.
 */
static void
add_verdict(struct verdicts *verdicts, const struct message_record *record, size_t index)
{
	const struct record_recipient *recipient = &record->recipients[index];
	const bool is_told = has_reply(record, index);
	json_t *verdict = verdict_of(record, recipient, is_told);
	size_t size;

	if (!is_told && action_refuses(record->verdicts[recipient->verdict].action))
		verdicts->cuts |= 1U << CUT_REPLIES;
	if (document_size(verdict) >= verdicts->room / 2 && cut_recipient(verdict))
		verdicts->cuts |= 1U << CUT_RECIPIENTS;
	size = document_size(verdict) + 1;
	if (size <= verdicts->room) {
		verdicts->room -= size;
		document_append(verdicts->list, verdict);
	} else {
		json_decref(verdict);
	}
}

/* One of each kind first, with its reply; the rest in their order. */
static void
add_verdicts(struct verdicts *verdicts, const struct message_record *record, bool is_short)
{
	for (int pass = 0; pass < (is_short ? 1 : 2); pass++)
		for (size_t i = 0; i < record->recipient_count; i++)
			if (is_first_of_its_kind(record, i) == (pass == 0))
				add_verdict(verdicts, record, i);
	if (json_array_size(verdicts->list) < record->recipient_count)
		verdicts->cuts |= 1U << CUT_VERDICTS;
}

char *
record_make(const struct message_record *record, enum record_length length)
{
	const bool is_short = length == RECORD_SHORT;
	json_t *object, *given_up;
	struct verdicts verdicts;
	size_t size;
	char *line;

	document_begin();
	object = base_of(record);
	verdicts.cuts = cut_to(object, is_short ? SHORT_SIZE : BASE_SIZE, BASE_SIZE, record->cuts);
	size = document_size(object) + CUT_SIZE;
	verdicts.room = size < BOUND_RECORD ? BOUND_RECORD - size : 0;
	verdicts.list = json_array();
	add_verdicts(&verdicts, record, is_short);
	document_put(object, "verdicts", verdicts.list);
	given_up = cut_put(verdicts.cuts);
	if (given_up != NULL)
		document_put(object, "cut", given_up);
	line = document_has_failed() ? NULL : document_line(object);
	json_decref(object);
	return line;
}
