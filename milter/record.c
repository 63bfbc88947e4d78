#include "heloscope/record.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/compose.h"
#include "heloscope/record_value.h"
#include "heloscope/strbuf.h"
#include "heloscope/telling.h"

static json_t *
checks_of(const struct facts *facts)
{
	json_t *checks = json_object();

	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] != RESULT_UNCHECKED)
			document_put(checks, telling_of((enum method)method)->key,
				     telling_of((enum method)method)->record(facts));
	return checks;
}

/* Verdicts. */

static json_t *
notes_of(const struct verdict *verdict)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < verdict->tag_count + verdict->audit_count; i++) {
		const bool is_tag = i < verdict->tag_count;
		const struct rule *rule = is_tag ? verdict->tags[i] : verdict->audits[i - verdict->tag_count];
		json_t *note = json_object();

		record_set_text(note, is_tag ? "tag" : "audit",
				is_tag ? rule->text : action_word(rule->action));
		record_set_text(note, "rule", rule->place);
		if (!is_tag && !rule->is_audit)
			record_set_number(note, "share", rule->percent);
		document_append(notes, note);
	}
	return notes;
}

static json_t *
verdict_of(const struct config *config, const struct record *record, const struct record_recipient *recipient)
{
	const struct verdict *verdict = &record->verdicts[recipient->verdict];
	const bool refuses = verdict->action == ACTION_REJECT || verdict->action == ACTION_DEFER;
	json_t *object = json_object();
	char memory[1024];
	struct smtp_reply reply;
	struct strbuf text;

	record_set_text(object, "recipient", recipient->address);
	record_set_text(object, "action", action_word(verdict->action));
	record_set_flag(object, "enforced", verdict->is_enforced);
	record_set_flag(object, "softened", verdict->is_softened);
	if (verdict->rule != NULL)
		record_set_text(object, "rule", verdict->rule->place);
	if (refuses) {
		strbuf_init(&text, memory, sizeof memory);
		compose_reply(config, record->facts, verdict, record->ident, &reply);
		smtp_reply_add_to(&reply, &text);
		record_set_text(object, "reply", memory);
	}
	document_put(object, "notes", notes_of(verdict));
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

char *
record_make(const struct config *config, const struct record *record)
{
	json_t *object = json_object(), *verdicts = json_array();
	char *line;

	document_begin();
	record_set_number(object, "v", RECORD_VERSION);
	record_set_text(object, "id", record->ident);
	set_time(object, record->ident);
	record_set_text(object, "queue-id", record->queue_id);
	record_set_text(object, "mode", config->mode == MODE_ENFORCE ? "enforce" : "audit");
	document_put(object, "client", client_of(record->facts));
	record_set_text(object, "helo", record->facts->helo.given);
	record_set_text(object, "mail-from", record->facts->sender.given);
	record_set_text(object, "sender", record->facts->sender.address);
	document_put(object, "checks", checks_of(record->facts));
	for (size_t i = 0; i < record->recipient_count; i++)
		document_append(verdicts, verdict_of(config, record, &record->recipients[i]));
	document_put(object, "verdicts", verdicts);
	record_set_number(object, "recipients", record->recipient_total);
	record_set_number(object, "waited-ms", record->waited_ms);
	line = document_has_failed() ? NULL : document_line(object);
	json_decref(object);
	return line;
}
