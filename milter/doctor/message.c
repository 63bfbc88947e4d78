#include "heloscope/doctor/message.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/dkim/tags.h"

#define LINE_OCTETS_MAX 998 /* RFC 5322, 2.1.1 */

static const struct {
	const char *token, *words;
} faults[MESSAGE_FAULTS] = {
	[MESSAGE_FROM] = { "no-from", "the message does not have exactly one From field" },
	[MESSAGE_DATE] = { "no-date", "the message does not have exactly one Date field" },
	[MESSAGE_ID] = { "no-message-id", "the message does not have exactly one Message-ID field" },
	[MESSAGE_LINE] = { "long-line", "the message has a line of more than 998 characters" },
	[MESSAGE_UNSUBSCRIBE] = { "no-list-unsubscribe",
				  "the message has no List-Unsubscribe field with an https: address" },
	[MESSAGE_ONE_CLICK] = { "no-one-click",
				"the message has no field \"List-Unsubscribe-Post: List-Unsubscribe=One-Click\"" },
	[MESSAGE_UNSIGNED] = { "unsubscribe-unsigned",
			       "no good DKIM signature of the message covers List-Unsubscribe and List-Unsubscribe-Post" },
};

const char *
doctor_message_token(enum doctor_message_fault fault)
{
	return faults[fault].token;
}

const char *
doctor_message_words(enum doctor_message_fault fault)
{
	return faults[fault].words;
}

/* What comes in. */

static void
add_octets(struct doctor_message *message, struct span octets)
{
	for (size_t i = 0; i < octets.length; i++) {
		if (octets.at[i] == '\n')
			message->line = 0;
		else if (octets.at[i] != '\r')
			message->line++;
		if (message->line > message->longest)
			message->longest = message->line;
	}
}

static bool
holds_nocase(struct span text, struct span part)
{
	while (text.length >= part.length) {
		if (span_starts_with_nocase(text, part))
			return true;
		text = span_from(text, 1);
	}
	return false;
}

void
doctor_message_field(struct doctor_message *message, struct span name, struct span value)
{
	const struct span own = span_trim(name);

	message->line = name.length + 1;
	add_octets(message, value);
	message->line = 0;
	if (span_equals_nocase(own, SPAN("From")))
		message->from_fields++;
	else if (span_equals_nocase(own, SPAN("Date")))
		message->date_fields++;
	else if (span_equals_nocase(own, SPAN("Message-ID")))
		message->id_fields++;
	else if (span_equals_nocase(own, SPAN("List-Unsubscribe")))
		message->has_unsubscribe = holds_nocase(value, SPAN("<https:"));
	else if (span_equals_nocase(own, SPAN("List-Unsubscribe-Post")))
		message->has_one_click =
			span_equals_nocase(span_trim(value), SPAN("List-Unsubscribe=One-Click"));
}

void
doctor_message_body(struct doctor_message *message, struct span octets)
{
	add_octets(message, octets);
}

void
doctor_message_verified(struct doctor_message *message, const struct dkim_facts *dkim)
{
	for (size_t i = 0; i < dkim->count && i < BOUND_SIGNATURES; i++) {
		const struct dkim_finding *finding = &dkim->signatures[i];
		const struct span names = span_of(finding->field_names);
		struct doctor_signature *result = &message->results[message->result_count++];

		*result = (struct doctor_signature){
			.result = finding->result,
			.reason = finding->evidence.meant,
			.covers_unsubscribe = dkim_list_has(names, SPAN("List-Unsubscribe"))
					      && dkim_list_has(names, SPAN("List-Unsubscribe-Post")),
		};
		(void)snprintf(result->domain, sizeof result->domain, "%s", finding->domain);
		(void)snprintf(result->selector, sizeof result->selector, "%s", finding->selector);
	}
}

/* What it comes to. */

enum doctor_message_fault
doctor_message_form(const struct doctor_message *message)
{
	if (message->from_fields != 1)
		return MESSAGE_FROM;
	if (message->date_fields != 1)
		return MESSAGE_DATE;
	if (message->id_fields != 1)
		return MESSAGE_ID;
	return message->longest > LINE_OCTETS_MAX ? MESSAGE_LINE : MESSAGE_GOOD;
}

enum doctor_message_fault
doctor_message_unsubscribe(const struct doctor_message *message)
{
	if (!message->has_unsubscribe)
		return MESSAGE_UNSUBSCRIBE;
	if (!message->has_one_click)
		return MESSAGE_ONE_CLICK;
	for (size_t i = 0; i < message->result_count; i++)
		if (message->results[i].result == RESULT_PASS && message->results[i].covers_unsubscribe)
			return MESSAGE_GOOD;
	return MESSAGE_UNSIGNED;
}
