#include "heloscope/mails/postfix_log.h"

#include "heloscope/base/strbuf.h"
#include "heloscope/mails/said.h"
#include "heloscope/refusals/pieces.h"

/* Programs. */

enum postfix_program
postfix_log_program(struct span program)
{
	static const struct {
		struct span name;
		enum postfix_program program;
	} names[] = {
		{ LOG_WORD("/smtp"), POSTFIX_CLIENT },  { LOG_WORD("/lmtp"), POSTFIX_CLIENT },
		{ LOG_WORD("/error"), POSTFIX_CLIENT }, { LOG_WORD("/retry"), POSTFIX_CLIENT },
		{ LOG_WORD("/qmgr"), POSTFIX_QUEUE },   { LOG_WORD("/oqmgr"), POSTFIX_QUEUE },
	};
	const char *slash = memrchr(program.at, '/', program.length);

	if (slash == NULL)
		return POSTFIX_NONE;
	program = span_from(program, (size_t)(slash - program.at));
	if (program.length > 1 && program.at[program.length - 1] == ']') /* "[postfix/smtp]" */
		program.length--;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_equals(program, names[i].name))
			return names[i].program;
	return POSTFIX_OTHER;
}

/* The address that is a part of the name: "postfix-192.0.2.3/smtp". */
static struct ipaddr
client_of(struct span program)
{
	struct ipaddr address = { .length = 0 };
	struct span name = span_until(&program, '/');

	while (name.length > 0 && !ipaddr_parse(name, &address))
		do
			name = span_from(name, 1);
		while (name.length > 0 && !ascii_is_among(name.at[-1], "-_"));
	return address;
}

/* What a message says of a delivery, in its order. */
struct delivery {
	struct span id, recipient, relay, dsn, status, words;
};

/* Take "key=value" and the comma behind it. */
static bool
take_field(struct span *text, struct span *key, struct span *value)
{
	const struct span comma = SPAN(", ");
	struct span rest = *text;

	log_skip_blanks(&rest);
	*key = span_until(&rest, '=');
	if (!log_cut(rest, comma, value, text)) {
		*value = rest;
		*text = span_from(rest, rest.length);
	}
	return key->length > 0 && key->length < 20;
}

/* "bounced (words)", of which the last bracket is missing where the line was cut. */
static void
read_status(struct span text, struct delivery *delivery)
{
	delivery->status = span_until(&text, ' ');
	if (text.length > 0 && text.at[0] == '(')
		text = span_from(text, 1);
	if (text.length > 0 && text.at[text.length - 1] == ')')
		text.length--;
	delivery->words = text;
}

/* Take "to=<address>, orig_to=<address>, ". */
static bool
take_recipient(struct span *text, struct delivery *delivery)
{
	struct span original;

	log_skip_blanks(text);
	if (!log_take(text, SPAN("to=<")) || !log_take_address(text, &delivery->recipient)
	    || !log_take(text, SPAN(",")))
		return false;
	log_skip_blanks(text);
	return !log_take(text, SPAN("orig_to=<"))
	       || (log_take_address(text, &original) && log_take(text, SPAN(",")));
}

static bool
read_delivery(struct span message, struct delivery *delivery)
{
	struct span key, value, rest;

	*delivery = (struct delivery){ .relay = SPAN(""), .dsn = SPAN("") };
	if (!log_take_id(&message, &delivery->id) || !take_recipient(&message, delivery))
		return false;
	for (;;) {
		rest = message;
		if (!take_field(&message, &key, &value))
			return false;
		if (span_equals(key, SPAN("status")))
			break;
		if (span_equals(key, SPAN("relay")))
			delivery->relay = value;
		else if (span_equals(key, SPAN("dsn")))
			delivery->dsn = value;
	}
	log_skip_blanks(&rest);
	read_status(span_from(rest, key.length + 1), delivery);
	return true;
}

bool
postfix_log_is_delivery(struct span message)
{
	struct delivery delivery;

	return read_delivery(message, &delivery);
}

/* Of an address that is only tried out (verify(8), sendmail -bv) nothing is told. */
static enum refusal_status
status_of(struct span word)
{
	static const struct {
		struct span word;
		enum refusal_status status;
	} words[] = {
		{ LOG_WORD("sent"), REFUSAL_DELIVERED },      { LOG_WORD("deferred"), REFUSAL_DEFERRED },
		{ LOG_WORD("bounced"), REFUSAL_REFUSED },     { LOG_WORD("expired"), REFUSAL_EXPIRED },
		{ LOG_WORD("SOFTBOUNCE"), REFUSAL_DEFERRED },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_equals(word, words[i].word))
			return words[i].status;
	return REFUSAL_STATUS_NONE;
}

/* What was answered, and by whom: of several servers that were tried the words are of one, and "relay=" may
 * be another. */
static void
set_answer(const struct delivery *delivery, struct refusal *refusal)
{
	struct said said;

	log_read_relay(delivery->relay, refusal);
	refusal->text = delivery->words;
	if (refusal->status == REFUSAL_DELIVERED)
		return;
	said = said_read(delivery->words);
	refusal->text = said.text;
	refusal->stage = said.stage;
	if (said.address.length == 0)
		return;
	refusal->host = said.host;
	refusal->address = said.address;
}

/* Of a message that expires only its sender is named, so the last deferral says why. */

#define PARTS 4

static void
note_deferral(struct log_state *state, const struct log_line *line, const struct refusal *refusal)
{
	char memory[2048], address[IPADDR_TEXT_SIZE] = "";
	const struct span parts[PARTS] = {
		refusal->recipient, refusal->host,
		span_of(refusal->address.length > 0 ? ipaddr_format(&refusal->address, address) : address),
		refusal->text
	};
	struct strbuf note;

	strbuf_init(&note, memory, sizeof memory);
	for (size_t i = 0; i < PARTS; i++) {
		strbuf_add_span(&note, parts[i]);
		strbuf_add_char(&note, '\n');
	}
	log_queue_note(&state->queue, LOG_NOTE_DEFERRAL, line->host, refusal->queue_id,
		       (struct span){ memory, note.length });
}

static void
take_expired(struct log_state *state, const struct log_line *line, struct span id, struct span sender)
{
	struct refusal refusal = refusal_of_text(SPAN(""));
	struct span note;

	refusal.status = REFUSAL_EXPIRED;
	refusal.queue_id = id;
	refusal.sender = sender;
	if (log_queue_find(&state->queue, LOG_NOTE_DEFERRAL, line->host, id, &note)) {
		struct span address;

		refusal.recipient = span_until(&note, '\n');
		refusal.host = span_until(&note, '\n');
		address = span_until(&note, '\n');
		if (!ipaddr_parse(address, &refusal.address))
			refusal.address.length = 0;
		refusal.text = text_trim(note);
	}
	log_state_hand_over(state, line, &refusal);
}

/* "4FXY: from=<address>, size=1, nrcpt=1 (queue active)" or "4FXY: from=<address>, status=expired, ...". */
static void
take_sender(struct log_state *state, const struct log_line *line)
{
	struct span text = line->message, id, sender;

	if (!log_take_id(&text, &id) || !log_take(&text, SPAN("from=<")) || !log_take_address(&text, &sender))
		return;
	if (log_take(&text, SPAN(", status=expired")) || log_take(&text, SPAN(", status=force-expired")))
		take_expired(state, line, id, sender);
	else
		log_queue_note(&state->queue, LOG_NOTE_SENDER, line->host, id, sender);
}

static void
take_delivery(struct log_state *state, const struct log_line *line)
{
	struct refusal refusal = refusal_of_text(SPAN(""));
	struct delivery delivery;

	if (!read_delivery(line->message, &delivery))
		return;
	refusal.status = status_of(delivery.status);
	if (refusal.status == REFUSAL_STATUS_NONE)
		return;
	set_answer(&delivery, &refusal);
	if (refusal.status == REFUSAL_DELIVERED && !log_is_away(&refusal, delivery.relay))
		return;
	refusal.enhanced = log_read_dsn(delivery.dsn);
	refusal.recipient = delivery.recipient;
	refusal.queue_id = delivery.id;
	refusal.client = client_of(line->program);
	if (refusal.status == REFUSAL_DEFERRED)
		note_deferral(state, line, &refusal);
	log_state_hand_over(state, line, &refusal);
}

void
postfix_log_take(struct log_state *state, const struct log_line *line, enum postfix_program program)
{
	if (program == POSTFIX_CLIENT)
		take_delivery(state, line);
	else if (program == POSTFIX_QUEUE)
		take_sender(state, line);
}
