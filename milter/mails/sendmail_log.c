#include "heloscope/mails/sendmail_log.h"

#include "heloscope/refusals/pieces.h"

/* Octets of an id: other programs write "word: to=", too. */
#define ID_MIN 5

bool
sendmail_log_is_program(struct span program)
{
	static const struct span names[] = { LOG_WORD("sendmail"), LOG_WORD("sm-mta"), LOG_WORD("sm-msp") };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_starts_with_nocase(program, names[i]))
			return true;
	return false;
}

/* What is said behind the recipients, in any order. */
struct delivery {
	struct span mailer, relay, dsn, reply, state;
};

/* The end of a reply, which may have commas in it. */
static bool
cut_reply(struct span text, struct span *reply, struct span *behind)
{
	return log_cut(text, SPAN(", dsn="), reply, behind) || log_cut(text, SPAN(", stat="), reply, behind);
}

/* Take "key=value, " off `text`; "stat=" is all that is left. */
static bool
take_field(struct span *text, struct span *key, struct span *value)
{
	struct span rest = *text, behind;

	*key = span_until(&rest, '=');
	if (key->length == 0 || key->length > 20)
		return false;
	*value = rest;
	if (span_equals(*key, SPAN("reply")))
		(void)cut_reply(rest, value, &behind);
	else if (!span_equals(*key, SPAN("stat")))
		(void)log_cut(rest, SPAN(", "), value, &behind);
	*text = span_from(rest, value->length + 2);
	return true;
}

static void
read_fields(struct span text, struct delivery *delivery)
{
	const struct {
		struct span key;
		struct span *value;
	} wanted[] = { { SPAN("mailer"), &delivery->mailer },
		       { SPAN("relay"), &delivery->relay },
		       { SPAN("dsn"), &delivery->dsn },
		       { SPAN("reply"), &delivery->reply },
		       { SPAN("stat"), &delivery->state } };
	struct span key, value = SPAN("");

	while (take_field(&text, &key, &value))
		for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
			if (span_equals(key, wanted[i].key))
				*wanted[i].value = value;
}

static enum refusal_status
status_of(const struct delivery *delivery)
{
	if (span_starts_with_nocase(delivery->state, SPAN("Sent")))
		return REFUSAL_DELIVERED;
	if (span_starts_with_nocase(delivery->state, SPAN("Deferred"))
	    || (delivery->dsn.length > 0 && delivery->dsn.at[0] == '4'))
		return REFUSAL_DEFERRED;
	return delivery->dsn.length > 0 && delivery->dsn.at[0] == '5' ? REFUSAL_REFUSED : REFUSAL_STATUS_NONE;
}

/* The server's words, without those that Sendmail has in front of them. */
static struct span
words_of(const struct delivery *delivery)
{
	struct span words = delivery->state;

	if (delivery->reply.length > 0)
		return delivery->reply;
	return log_take(&words, SPAN("Deferred: ")) || log_take(&words, SPAN("Sent ")) ? words
										       : delivery->state;
}

/* Whether it is another server's doing; mailers write to files and programs, too. */
static bool
is_delivery(const struct delivery *delivery, const struct refusal *refusal)
{
	struct span before, behind;

	if (delivery->mailer.length > 0 && !text_find(delivery->mailer, "smtp", &before, &behind)
	    && !span_equals(delivery->mailer, SPAN("relay")))
		return false;
	if (refusal->status == REFUSAL_STATUS_NONE
	    || span_starts_with_nocase(delivery->state, SPAN("queued")))
		return false;
	return refusal->status != REFUSAL_DELIVERED || log_is_away(refusal, delivery->relay);
}

/* Take a recipient and what is between it and the next one. False behind the last. */
static bool
take_recipient(struct span *list, struct span *recipient)
{
	if (!log_take(list, SPAN(",<")) && !log_take(list, SPAN("<")))
		return false;
	return log_take_address(list, recipient) && !span_equals(*recipient, SPAN("<>"));
}

/* "to=postmaster, ": one of this host, as it was given. */
static bool
take_name(struct span *list, struct span *name)
{
	if (list->length == 0 || list->at[0] == '<')
		return false;
	*name = span_until(list, ',');
	return name->length > 0;
}

/* Recipients "<a@b.example>,<c@b.example>", then the fields. */
static void
take_recipients(struct log_state *state, const struct log_line *line, struct span id, struct span text)
{
	struct span list = text, recipient;
	struct delivery delivery = {
		.mailer = SPAN(""), .relay = SPAN(""), .dsn = SPAN(""), .state = SPAN("")
	};
	struct refusal refusal = refusal_of_text(SPAN(""));

	delivery.reply = SPAN("");
	if (!take_name(&text, &recipient))
		while (take_recipient(&text, &recipient))
			;
	(void)log_take(&text, SPAN(","));
	log_skip_blanks(&text);
	read_fields(text, &delivery);
	log_read_relay(delivery.relay, &refusal);
	refusal.status = status_of(&delivery);
	if (!is_delivery(&delivery, &refusal))
		return;
	refusal.text = words_of(&delivery);
	refusal.enhanced = log_read_dsn(delivery.dsn);
	refusal.queue_id = id;
	if (take_name(&list, &refusal.recipient))
		log_state_hand_over(state, line, &refusal);
	else
		while (take_recipient(&list, &refusal.recipient))
			log_state_hand_over(state, line, &refusal);
}

/* "from=<a@b.example>, " or "from=root, ". */
static void
take_sender(struct log_state *state, const struct log_line *line, struct span id, struct span text)
{
	struct span sender, behind;

	if (log_take(&text, SPAN("<"))) {
		if (!log_take_address(&text, &sender))
			return;
	} else if (!log_cut(text, SPAN(", "), &sender, &behind)) {
		return;
	}
	log_queue_note(&state->queue, LOG_NOTE_SENDER, line->host, id, sender);
}

/* Of what a line tells. */
enum kind { KIND_NONE, KIND_RECIPIENTS, KIND_SENDER };

/* Take the id of a message and the word behind it off `text`. */
static enum kind
take_head(struct span *text, struct span *id)
{
	if (!log_take_id(text, id) || id->length < ID_MIN)
		return KIND_NONE;
	if (log_take(text, SPAN("to=")))
		return KIND_RECIPIENTS;
	return log_take(text, SPAN("from=")) ? KIND_SENDER : KIND_NONE;
}

bool
sendmail_log_is_line(struct span message)
{
	struct span id;

	return take_head(&message, &id) != KIND_NONE;
}

void
sendmail_log_take(struct log_state *state, const struct log_line *line)
{
	struct span text = line->message, id;
	const enum kind kind = take_head(&text, &id);

	if (kind == KIND_RECIPIENTS)
		take_recipients(state, line, id, text);
	else if (kind == KIND_SENDER)
		take_sender(state, line, id, text);
}
