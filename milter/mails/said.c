#include "heloscope/mails/said.h"

#include "heloscope/refusals/pieces.h"
#include "heloscope/refusals/stage.h"

#define CODE_LENGTH 3 /* of a reply */

/* Take "H[A]", "H [A]:25" or "[A]" off `text`. False, and nothing is taken, unless an address or `is_sure`.
 */
static bool
take_host(struct span *text, struct said *said)
{
	struct span rest = text_trim(*text), host = rest;
	struct ipaddr address = { .length = 0 };

	host.length = 0;
	while (host.length < rest.length && !ascii_is_blank(rest.at[host.length])
	       && !ascii_is_among(rest.at[host.length], "[]():,;"))
		host.length++;
	rest = span_from(rest, host.length);
	if (!text_take_ip(&rest, &address))
		return false;
	if (text_skip(&rest, ":"))
		rest = span_from(rest, span_digits(rest));
	else if (text_skip(&rest, ")"))
		rest = text_trim(rest);
	said->host = host;
	said->address = address;
	*text = rest;
	return true;
}

/* "... (in reply to RCPT TO command)", which goes. */
static void
cut_reply_to(struct said *said)
{
	const enum refusal_stage stage = stage_take(&said->text);

	if (stage != REFUSAL_STAGE_NONE)
		said->stage = stage;
	said->text = text_trim(said->text);
}

/* Postfix: "host H[A] said: ..." and "host H[A] refused to talk to me: ...". */
static bool
read_postfix(struct span text, struct said *said)
{
	if (!text_skip(&text, "host ") || !take_host(&text, said))
		return false;
	if (text_skip(&text, "refused to talk to me:"))
		said->stage = REFUSAL_STAGE_GREETING;
	else if (!text_skip(&text, "said:"))
		return false;
	said->text = text_trim(text);
	cut_reply_to(said);
	return true;
}

/* Where the command ends and what follows begins: behind a colon that ends a word outside of brackets. */
static struct span
behind_command(struct span text, struct span *command)
{
	size_t depth = 0;

	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] == '<' || text.at[i] == '[')
			depth++;
		else if ((text.at[i] == '>' || text.at[i] == ']') && depth > 0)
			depth--;
		if (text.at[i] != ':' || depth > 0
		    || (i + 1 < text.length && !ascii_is_blank(text.at[i + 1])))
			continue;
		*command = (struct span){ text.at, i };
		return span_from(text, i + 1);
	}
	*command = text;
	return SPAN("");
}

/* "SMTP error from remote mail server after COMMAND:", which Exim writes before the host or behind it. */
static bool
skip_error_after(struct span *text, struct said *said)
{
	struct span rest = *text, command;

	if (!text_skip(&rest, "SMTP error from remote"))
		return false;
	if (!text_skip(&rest, "mail server after") && !text_skip(&rest, "mailer after")
	    && !text_skip(&rest, "server after"))
		return false;
	*text = behind_command(rest, &command);
	said->stage = stage_of_command(text_trim(command));
	return true;
}

/* Whether "host H [A]" was what names a server, by what is left behind it. A sentence about a host is none.
 */
static bool
is_named(struct span rest)
{
	return rest.at[-1] == ':' || text_trim(rest).length == 0 || text_skip(&rest, ":")
	       || text_skip(&rest, "SMTP error from") || text_skip(&rest, "Delay reason:");
}

static bool
skip_host_of_exim(struct span *text, struct said *said)
{
	struct span rest = *text;
	struct said named = *said;

	if ((!text_skip(&rest, "host:") && !text_skip(&rest, "host ") && !text_skip(&rest, "H="))
	    || !take_host(&rest, &named) || !is_named(rest))
		return false;
	(void)text_skip(&rest, ":");
	*said = named;
	*text = rest;
	return true;
}

static bool
read_exim(struct span text, struct said *said)
{
	const bool has_host = skip_host_of_exim(&text, said), has_error = skip_error_after(&text, said);

	if (has_error && !has_host)
		(void)skip_host_of_exim(&text, said);
	if (!has_host && !has_error)
		return false;
	said->text = text_trim(text);
	return true;
}

/* Words of a server that got no answer, which stay: "connect to H[A]:25: ...", "lost connection with H[A]
 * while
 * ...". */
static bool
read_no_answer(struct span text, struct said *said)
{
	static const struct {
		const char *words;
		enum refusal_stage stage;
	} openings[] = {
		{ "connect to ", REFUSAL_STAGE_CONNECT },
		{ "lost connection with ", REFUSAL_STAGE_NONE },
		{ "conversation with ", REFUSAL_STAGE_NONE },
		{ "timed out while receiving the initial server greeting", REFUSAL_STAGE_GREETING },
		{ "all relevant MX records point to non-existent hosts", REFUSAL_STAGE_CONNECT },
	};
	struct span before, behind;

	for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
		if (!text_skip(&text, openings[i].words))
			continue;
		(void)take_host(&text, said);
		said->stage = openings[i].stage;
		if (said->stage == REFUSAL_STAGE_NONE && text_find(text, "while ", &before, &behind))
			said->stage = stage_of_command(behind);
		return true;
	}
	return false;
}

/* Cisco's appliances, and Amazon's: "5.1.0 - Unknown address error 550-'...' (delivery attempts: 0)". Their
 * own words tell no more than that it failed. */
static bool
read_quoted(struct span text, struct said *said)
{
	struct span before, behind;

	if (!text_find(text, " - ", NULL, &behind) || !text_find(behind, "-'", &before, NULL)
	    || before.length <= CODE_LENGTH || !ascii_is_blank(before.at[before.length - CODE_LENGTH - 1]))
		return false;
	behind = span_from(behind, before.length - CODE_LENGTH);
	if (text_reply_code(behind) == 0)
		return false;
	said->text = behind;
	return true;
}

/* What Postfix logs that it refused itself: "reject: RCPT from H[A]: 550 ...; from=<...> to=<...> ...", or
 * "milter-reject: ...". H asked, thus is not who answered. */
static bool
read_received(struct span text, struct said *said)
{
	struct span command, behind;
	struct said client = *said;

	if (!text_find(text, "reject: ", NULL, &text) || !text_find(text, " from ", &command, &behind))
		return false;
	said->stage = stage_of_command(command);
	if (said->stage == REFUSAL_STAGE_NONE || !take_host(&behind, &client))
		return false;
	(void)text_skip(&behind, ":"); /* that of a port is gone */
	(void)text_find(behind, "; from=<", &behind, NULL);
	said->text = text_trim(behind);
	said->is_own = true;
	return true;
}

/* The same of Exim: "H=H [A]:25 F=<...> rejected RCPT <...>: x", "... temporarily rejected after DATA: x". */
static bool
read_received_by_exim(struct span text, struct said *said)
{
	struct span command, before;

	if (!text_find(text, " F=<", NULL, &text) || !text_find(text, " rejected ", &before, &text))
		return false;
	said->stage = text_skip(&text, "after DATA:") ? REFUSAL_STAGE_END_OF_DATA : stage_of_command(text);
	if (said->stage != REFUSAL_STAGE_END_OF_DATA)
		text = behind_command(text, &command);
	said->text = text_trim(text);
	said->is_own = said->stage != REFUSAL_STAGE_NONE && said->text.length > 0;
	said->is_temporary = text_find(before, " temporarily", NULL, NULL);
	return said->is_own;
}

/* A greeting that stands before the refusal: "220-mx 421 4.2.1 ...". */
static struct span
without_greeting(struct span text)
{
	if (span_digits(text) != 3 || text.at[0] != '2' || text.length < 5 || text.at[3] != '-')
		return text;
	for (size_t i = 4; i < text.length; i++)
		if (ascii_is_blank(text.at[i - 1]) && text_reply_code(span_from(text, i)) != 0)
			return span_from(text, i);
	return text;
}

struct said
said_read(struct span text)
{
	struct said said = { .text = text_trim(text), .host = SPAN("") };
	const struct said nothing = said;
	static bool (*const readers[])(struct span text, struct said * said) = {
		read_postfix, read_exim, read_no_answer, read_quoted, read_received, read_received_by_exim
	};

	(void)text_skip(&text, "(delivery temporarily suspended:");
	(void)text_skip(&text, "delivery temporarily suspended:");
	(void)text_skip(&text, "("); /* as mailq(1) writes it */
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
		said = nothing;
		if (readers[i](text, &said))
			break;
		said = nothing;
	}
	if (said.host.length == 0)
		cut_reply_to(&said);
	said.text = without_greeting(said.text);
	return said;
}
