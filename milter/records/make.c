#include "heloscope/records/record.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/escape.h"
#include "heloscope/records/value.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/records/codec.h"

#define BASE_SIZE (BOUND_RECORD * 3 / 4) /* octets for all but the verdicts */
#define SHORT_SIZE 800                   /* the same of a short record, where what policy reads fits */
#define CUT_SIZE 120                     /* for "verdicts" and "cut" themselves */
#define TEXT_CUT 1000                    /* octets of a name or address that is cut */
#define TEXT_SHORT 120                   /* of any other text */
#define REPLIES_MAX 10                   /* recipients that are told of with a reply each */

static json_t *
checks_of(const struct facts *facts, bool is_other)
{
	json_t *checks = json_object();

	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] != RESULT_UNCHECKED
		    && (!is_other || facts_rests_on_sender((enum method)method)))
			document_put(checks, codec_of((enum method)method)->key,
				     codec_of((enum method)method)->put(facts));
	return checks;
}

/* What else the sender may be, and what was found of that. */
static json_t *
other_readings_of(const struct facts *facts)
{
	json_t *readings = json_array();

	while ((facts = facts->other) != NULL) {
		json_t *reading = json_object();

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
		.rule = verdict->rule != NULL ? verdict->rule->place : NULL,
		.reply = reply,
	};

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
verdict_of(const struct message_record *record, const struct record_recipient *recipient, bool has_reply)
{
	const struct record_verdict *verdict = &record->verdicts[recipient->verdict];
	json_t *object = json_object(), *notes = json_array();

	record_set_text(object, "recipient", recipient->address.typed);
	record_set_text(object, "rcpt-addr", recipient->address.used);
	record_set_text(object, "action", action_word(verdict->action));
	record_set_flag(object, "enforced", verdict->is_enforced);
	record_set_flag(object, "softened", verdict->is_softened);
	record_set_text(object, "rule", verdict->rule);
	if (has_reply)
		record_set_text(object, "reply", verdict->reply);
	for (size_t i = 0; i < verdict->note_count; i++)
		document_append(notes, note_of(&verdict->notes[i]));
	document_put(object, "notes", notes);
	return object;
}

/* The whole. */

/* The time that a reference begins with, 20261124T125000Z-..., as RFC 3339 writes it. */
static void
set_time(json_t *object, const char *ident)
{
	char time[24];

	(void)snprintf(time, sizeof time, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", ident, ident + 4, ident + 6,
		       ident + 9, ident + 11, ident + 13);
	record_set_text(object, "time", time);
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
	return client;
}

/* What is there without verdicts. */
static json_t *
base_of(const struct message_record *record)
{
	json_t *object = json_object();

	record_set_number(object, "v", RECORD_VERSION);
	record_set_text(object, "id", record->ident);
	set_time(object, record->ident);
	record_set_text(object, "queue-id", record->queue_id);
	record_set_text(object, "mode", record->mode == MODE_ENFORCE ? "enforce" : "audit");
	document_put(object, "client", client_of(record->facts));
	record_set_text(object, "helo", record->facts->helo.given);
	record_set_text(object, "mail-from", record->facts->sender.given);
	record_set_text(object, "mail-addr", record->facts->sender.used);
	record_set_text(object, "sender", record->facts->sender.mailbox.text);
	document_put(object, "checks", checks_of(record->facts, false));
	if (record->facts->other != NULL)
		document_put(object, "other-readings", other_readings_of(record->facts));
	record_set_number(object, "recipients", record->recipient_total);
	record_set_number(object, "waited-ms", record->waited_ms);
	if (record->unwritten > 0)
		record_set_number(object, "unwritten", record->unwritten);
	return object;
}

/* Cutting: each returns whether there was anything to cut. */

static const char *const spf_checks[] = { "spf", "spf-helo" };

static bool
cut_lookups(json_t *object)
{
	bool has_cut = false;

	for (size_t i = 0; i < 2; i++) {
		json_t *trace = json_object_get(
			       json_object_get(json_object_get(object, "checks"), spf_checks[i]), "trace"),
		       *step;

		for (size_t j = 0; (step = json_array_get(trace, j)) != NULL; j++)
			has_cut = json_object_del(step, "lookups") == 0 || has_cut;
	}
	return has_cut;
}

static bool
cut_trace(json_t *object)
{
	bool has_cut = false;

	for (size_t i = 0; i < 2; i++) {
		json_t *trace = json_object_get(
			json_object_get(json_object_get(object, "checks"), spf_checks[i]), "trace");

		has_cut = has_cut || json_array_size(trace) > 0;
		(void)json_array_clear(trace);
	}
	return has_cut;
}

/* All texts within a value, to so many octets, not within an escape. */
static void
shorten_texts(json_t *value, size_t most, bool *has_cut)
{
	for (void *at = json_object_iter(value); at != NULL; at = json_object_iter_next(value, at)) {
		const struct span text = span_of(json_is_string(json_object_iter_value(at))
							 ? record_item(json_object_iter_value(at))
							 : "");
		struct span rest = text;
		char memory[TEXT_CUT + 8], octet;

		shorten_texts(json_object_iter_value(at), most, has_cut);
		if (text.length <= most)
			continue;
		while (text.length - rest.length + 4 <= most)
			rest = span_from(rest, escape_undo(rest, &octet));
		(void)snprintf(memory, sizeof memory, "%.*s...", (int)(text.length - rest.length), text.at);
		document_put(value, json_object_iter_key(at), document_text(span_of(memory)));
		*has_cut = true;
	}
	for (size_t i = 0; i < json_array_size(value); i++)
		shorten_texts(json_array_get(value, i), most, has_cut);
}

static bool
cut_texts(json_t *object)
{
	bool has_cut = false;

	shorten_texts(json_object_get(object, "checks"), TEXT_SHORT, &has_cut);
	return has_cut;
}

static bool
cut_names(json_t *object)
{
	bool has_cut = false;

	shorten_texts(object, TEXT_CUT, &has_cut);
	return has_cut;
}

/* What a list said of itself is not what it says: policy reads zone, subject, state and answers. */
static bool
cut_lists(json_t *object)
{
	static const char *const keys[] = { "operator", "group", "meaning", "text", "page", "asked" };
	json_t *checks = json_object_get(object, "checks"), *finding;
	const json_t *findings[] = { json_object_get(json_object_get(checks, "x-dnsbl"), "hits"),
				     json_object_get(json_object_get(checks, "x-dnsbl"), "not-listed"),
				     json_object_get(json_object_get(checks, "dnswl"), "hits"),
				     json_object_get(json_object_get(checks, "dnswl"), "not-listed") };
	bool has_cut = false;

	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; (finding = json_array_get(findings[i], j)) != NULL; j++)
			for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
				has_cut = json_object_del(finding, keys[k]) == 0 || has_cut;
	return has_cut;
}

/* The last resort: of each check only its result. */
static bool
cut_checks(json_t *object)
{
	json_t *checks = json_object_get(object, "checks");

	for (void *at = json_object_iter(checks); at != NULL; at = json_object_iter_next(checks, at)) {
		json_t *check = json_object_iter_value(at),
		       *result = json_incref(json_object_get(check, "result"));

		(void)json_object_clear(check);
		document_put(check, "result", result);
	}
	return true;
}

/* In the order in which they are given up. What policy reads comes last. */
static const struct {
	const char *name;
	bool (*cut)(json_t *object);
} cuts[] = {
	{ "lookups", cut_lookups }, { "trace", cut_trace }, { "texts", cut_texts },
	{ "lists", cut_lists },     { "names", cut_names }, { "checks", cut_checks },
};

/* Cut the record, and each other reading of its sender, which has checks as well. */
static bool
cut_readings(json_t *object, bool (*cut)(json_t *object))
{
	json_t *others = json_object_get(object, "other-readings");
	bool has_cut = cut(object);

	for (size_t i = 0; i < json_array_size(others); i++)
		has_cut = cut(json_array_get(others, i)) || has_cut;
	return has_cut;
}

/* Give up what does not fit into `most` octets, and note it in `given_up`. What policy reads is given up only
 * when it does not fit into BASE_SIZE. */
static void
cut_to(json_t *object, size_t most, json_t *given_up)
{
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		const size_t limit = cuts[i].cut == cut_checks ? BASE_SIZE : most;

		if (document_size(object) > limit && cut_readings(object, cuts[i].cut))
			document_append(given_up, document_text(span_of(cuts[i].name)));
	}
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

/* Verdicts for at most `room` octets: one of each kind first, with its reply; the rest in their order. */
static json_t *
verdicts_of(const struct message_record *record, bool is_short, size_t room, json_t *given_up)
{
	json_t *verdicts = json_array();
	bool has_all = true, has_replies = true, has_cut = false;

	for (int pass = 0; pass < (is_short ? 1 : 2); pass++) {
		for (size_t i = 0; i < record->recipient_count; i++) {
			const struct record_recipient *recipient = &record->recipients[i];
			const bool is_first = is_first_of_its_kind(record, i);
			const bool has_reply = (is_first || record->recipient_count <= REPLIES_MAX)
					       && record->verdicts[recipient->verdict].reply != NULL;
			json_t *verdict;
			size_t size;

			if (is_first != (pass == 0))
				continue;
			verdict = verdict_of(record, recipient, has_reply);
			has_replies = has_replies
				      && (has_reply
					  || !action_refuses(record->verdicts[recipient->verdict].action));
			if (document_size(verdict) >= room)
				shorten_texts(verdict, TEXT_SHORT, &has_cut);
			size = document_size(verdict) + 1;
			if (size > room) {
				json_decref(verdict);
				has_all = false;
				continue;
			}
			room -= size;
			document_append(verdicts, verdict);
		}
	}
	if (has_cut)
		document_append(given_up, document_text(SPAN("recipients")));
	if (!has_replies)
		document_append(given_up, document_text(SPAN("replies")));
	if (!has_all || json_array_size(verdicts) < record->recipient_count)
		document_append(given_up, document_text(SPAN("verdicts")));
	return verdicts;
}

char *
record_make(const struct message_record *record, enum record_length length)
{
	const bool is_short = length == RECORD_SHORT;
	json_t *object, *given_up;
	size_t size;
	char *line;

	document_begin();
	object = base_of(record);
	given_up = json_array();
	cut_to(object, is_short ? SHORT_SIZE : BASE_SIZE, given_up);
	size = document_size(object) + CUT_SIZE;
	document_put(object, "verdicts",
		     verdicts_of(record, is_short, size < BOUND_RECORD ? BOUND_RECORD - size : 0, given_up));
	if (json_array_size(given_up) > 0)
		document_put(object, "cut", given_up);
	else
		json_decref(given_up);
	line = document_has_failed() ? NULL : document_line(object);
	json_decref(object);
	return line;
}
