#include "heloscope/mails/notice.h"

#include "heloscope/base/domain.h"
#include "heloscope/mails/said.h"
#include "heloscope/mails/status_report.h"
#include "heloscope/refusals/pieces.h"
#include "heloscope/refusals/stage.h"

/* What is read: a paragraph at a time, of each what is said of one recipient. */
struct notice {
	struct findings *findings;
	struct span recipient; /* of whom is spoken; empty: of all, or nobody */
	struct span host;      /* who was talked to, where that stands apart */
	struct ipaddr address;
	bool is_answer_next; /* the last paragraph ended with words behind which the answer stands */
};

/* Without what stands before the lines of a message that is quoted: ">", "> > ", but not ">>> DATA". */
static struct span
without_quote(struct span line)
{
	while (line.length > 0 && line.at[0] == '>') {
		if (line.length > 4 && memcmp(line.at, ">>> ", 4) == 0)
			break;
		line = span_from(line, 1);
		if (line.length > 1 && line.at[0] == ' ' && (line.at[1] == '>' || line.at[1] != ' '))
			line = span_from(line, 1);
	}
	return line;
}

/* A copy without quotes, CRs and tabs; empty when memory ran out. */
static struct span
unquote(struct span text, struct arena *arena)
{
	char *copy = arena_alloc(arena, text.length + 1);
	struct span line;
	size_t length = 0;

	if (copy == NULL)
		return SPAN("");
	while (text_next_line(&text, &line)) {
		line = without_quote(line);
		for (size_t i = 0; i < line.length; i++)
			copy[length++] = line.at[i];
		if (text.length > 0)
			copy[length++] = '\n';
	}
	return (struct span){ copy, length };
}

/* Whether a line says that the message which is returned begins behind it. */
static bool
is_end(struct span line)
{
	static const char *const words[] = { "copy of the message",
					     "copy of the header",
					     "original message",
					     "message header follows",
					     "unsent message follows",
					     "undelivered message",
					     "returned message",
					     "original mail",
					     "header of the original",
					     "this is a copy of",
					     "original headers",
					     "copy of your message",
					     NULL };

	if (line.length > 120)
		return false;
	for (size_t i = 0; words[i] != NULL; i++)
		if (text_find(line, words[i], NULL, NULL))
			return line.at[0] == '-' || line.at[0] == ' ' || line.at[0] == '='
			       || text_trim(line).at[text_trim(line).length - 1] == ':';
	return false;
}

static size_t
indentation(struct span line)
{
	size_t count = 0;

	while (count < line.length && (line.at[count] == ' ' || line.at[count] == '\t'))
		count++;
	return count;
}

static bool
contains(struct span outer, struct span inner)
{
	return inner.at >= outer.at && inner.at + inner.length <= outer.at + outer.length;
}

/* "(generated from sales@a.example)", which stands below a recipient. */
static void
skip_origin(struct span *text)
{
	if (text_skip(text, "(generated from") || text_skip(text, "(ultimately generated from")
	    || text_skip(text, "(expanded from"))
		(void)span_until(text, ')');
}

/* "<a@b.example>" and "<a@b.example> (expanded from ...)", then perhaps ":" or "..."; `rest` is what follows.
 */
static bool
take_bracketed(struct span line, struct span *recipient, struct span *rest)
{
	struct span inside, behind = line;

	if (!text_skip(&behind, "<") || memchr(behind.at, '>', behind.length) == NULL)
		return false;
	inside = span_until(&behind, '>');
	*recipient = text_address(inside);
	if (recipient->length == 0 || recipient->length != text_trim(inside).length)
		return false;
	skip_origin(&behind);
	*rest = text_trim(behind);
	if (rest->length == 0)
		return true;
	if (text_skip(&behind, ":") || text_skip(&behind, "...")
	    || (behind.length > 0 && behind.at[0] == '(')) {
		*rest = text_trim(behind);
		return true;
	}
	return false;
}

/* "a@b.example", alone, in quotes, or before "<mailto:...>", "(generated from ...)", ":" and words. */
static bool
take_bare(struct span line, struct span *recipient, struct span *rest)
{
	static const char *const before[] = {
		"\"", "'", "* ", "- ", "Recipient address:", "Recipient:", "To:"
	};
	struct span behind;

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
		(void)text_skip(&line, before[i]);
	line = text_trim(line);
	*recipient = text_address(line);
	if (recipient->length == 0 || recipient->at != line.at)
		return false;
	behind = span_from(line, recipient->length);
	if (behind.length > 0 && (behind.at[0] == '"' || behind.at[0] == '\''))
		behind = span_from(behind, 1);
	if (text_skip(&behind, "<mailto:") || text_skip(&behind, "(mailto:")) {
		*rest = text_trim(span_from(behind, text_address(behind).length + 1));
		return true;
	}
	skip_origin(&behind);
	*rest = text_trim(behind);
	if (text_skip(&behind, "on ") && span_digits(behind) > 0)
		*rest = behind = SPAN("");
	if (rest->length == 0 || text_skip(&behind, ":") || text_find(behind, "error_code", NULL, NULL)) {
		*rest = text_trim(behind);
		return true;
	}
	return false;
}

static bool
take_recipient(struct span line, struct span *recipient, struct span *rest)
{
	return take_bracketed(line, recipient, rest) || take_bare(line, recipient, rest);
}

/* The lines of a server in the transcript of a session, from the first that refuses: "<<< 550-5.7.1 ...". */
static struct span
answer_in_transcript(struct span text, struct arena *arena)
{
	struct span line;
	char *out = NULL;
	size_t length = 0;

	while (text_next_line(&text, &line)) {
		const bool is_reply = text_skip(&line, "<<<");
		const unsigned code = is_reply ? text_reply_code(text_trim(line)) : 0;

		line = text_trim(line);
		if (out == NULL && code == 0)
			continue;
		if (out == NULL)
			out = arena_alloc(arena, line.length + text.length + 2);
		if (out == NULL || !is_reply)
			break;
		if (length > 0)
			out[length++] = '\n';
		memcpy(out + length, line.at, line.length);
		length += line.length;
		if (line.length < 4 || line.at[3] != '-')
			break;
	}
	return out != NULL ? (struct span){ out, length } : SPAN("");
}

/* Words before an answer, and what ends it. */
static const struct opening {
	const char *words, *end; /* `end` NULL: that of the paragraph */
} openings[] = {
	{ "Remote host said:", "Giving up on" },
	{ "Remote server returned '", "'\n" },
	{ "Remote server returned:", NULL },
	{ "Remote server returned ", NULL },
	{ "Remote server replied:", NULL },
	{ "Remote server said:", NULL },
	{ "(reason: ", NULL },
	{ "error that the other server returned was:", NULL },
	{ "The error was:", NULL },
	{ "The response was:", NULL },
	{ "The response from the remote server was:", NULL },
	{ "response from the remote server:", NULL },
	{ "It responded as follows: [", "]\n" },
	{ "Reported error:", NULL },
	{ "Diagnostic code:", "Remote system:" },
	{ "Diagnostic information:", NULL },
	{ "Error message below:", NULL },
	{ "Delay reason:", NULL },
	{ "Received >>>", NULL },
	{ "Technical details of permanent failure:", NULL },
	{ "Technical details of temporary failure:", NULL },
	{ "for the following reason:", NULL },
	{ "for the following reasons:", NULL },
	{ "The reason for the problem:", NULL },
	{ "The reason was:", NULL },
	{ "the following error:", NULL },
	{ "with error:", NULL },
	{ "said:", NULL },
	{ "gave this error:", NULL },
	{ "because:", NULL },
	{ "Reason:", NULL },
	{ "Error:", NULL },
};

/* Whether words end a paragraph, so that the next one is the answer. */
static bool
introduces(struct span text)
{
	struct span behind;

	for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++)
		if (text_find(text, openings[i].words, NULL, &behind) && text_trim(behind).length == 0)
			return true;
	return false;
}

/* Without brackets or quotes at its end that were opened before it. */
static struct span
without_end(struct span text, char end)
{
	text = text_trim(text);
	if (text.length > 0 && text.at[text.length - 1] == end)
		text.length--;
	return text_trim(text);
}

/* The answer behind words that announce it; empty: none. */
static struct span
announced(struct span text)
{
	struct span behind, before;

	for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
		if (!text_find(text, openings[i].words, NULL, &behind) || text_trim(behind).length == 0)
			continue;
		if (openings[i].end != NULL && text_find(behind, openings[i].end, &before, NULL))
			behind = before;
		if (openings[i].words[0] == '(')
			behind = without_end(span_until(&behind, '\n'), ')');
		return without_end(behind, openings[i].end != NULL ? openings[i].end[0] : '\'');
	}
	return SPAN("");
}

/* Whether a reply begins at `at` of it: at the beginning of a line or behind "#", or with an enhanced code.
 */
static bool
reply_begins(struct span text, size_t at)
{
	const struct span reply = span_from(text, at), behind = span_from(text, at + 4);
	const char before = at > 0 ? text.at[at - 1] : '\n';

	if (text_reply_code(reply) == 0 || reply.length < 5)
		return false;
	if (before == '\n' || before == '#')
		return !ascii_is_digit(behind.at[0]) || (behind.length > 1 && behind.at[1] == '.');
	return ascii_is_among(before, " \t:;[('\"") && behind.length > 4
	       && (behind.at[0] == '#'
		   || ((behind.at[0] == '4' || behind.at[0] == '5') && behind.at[1] == '.'));
}

/* Without what follows a ">" that was opened before it: "<mx.example #5.7.1 smtp;550 ...>". */
static struct span
before_bracket(struct span text)
{
	size_t depth = 0;

	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] == '<')
			depth++;
		else if (text.at[i] == '>' && depth-- == 0)
			return (struct span){ text.at, i };
	}
	return text;
}

/* The reply that stands somewhere in the text, to its end; empty: none. */
static struct span
reply_within(struct span text)
{
	for (size_t i = 0; i + 5 <= text.length; i++)
		if (ascii_is_digit(text.at[i]) && reply_begins(text, i)) {
			struct span reply = span_from(text, i), before;

			if (text_find(reply, "##", &before, NULL))
				reply = before;
			return before_bracket(text_trim(reply));
		}
	return SPAN("");
}

/* Lines without the blanks with which they begin. */
static struct span
reply_in_lines(struct span text)
{
	struct span rest = text, line;

	while (text_next_line(&rest, &line)) {
		const struct span reply = text_trim(line);

		if (text_reply_code(reply) != 0 && reply.length > 4 && !ascii_is_digit(reply.at[4]))
			return text_trim(
				(struct span){ reply.at, (size_t)(text.at + text.length - reply.at) });
		if (text_reply_code(reply) != 0 && reply.length > 5 && reply.at[5] == '.')
			return text_trim(
				(struct span){ reply.at, (size_t)(text.at + text.length - reply.at) });
	}
	return reply_within(text);
}

/* The name with which text begins, up to blanks and brackets, without final dots; `rest`: what follows. */
static struct span
take_name(struct span text, struct span *rest)
{
	struct span name = text_trim(text);

	*rest = name;
	name.length = 0;
	while (name.length < rest->length && !ascii_is_blank(rest->at[name.length])
	       && !ascii_is_among(rest->at[name.length], ":,;[]()<>"))
		name.length++;
	*rest = span_from(*rest, name.length);
	while (name.length > 0 && name.at[name.length - 1] == '.')
		name.length--;
	return name;
}

/* Note who was talked to: "... while talking to H.:" of Sendmail, "by H. [A]." of Gmail, "host: H (A)" of
 * GMX. */
static void
note_host(struct notice *notice, struct span text)
{
	struct span behind, inside;

	if (!text_find(text, "while talking to ", NULL, &behind)
	    && !text_find(text, " host: ", NULL, &behind)) {
		if (!text_find(text, "recipient domain", NULL, &behind)
		    || !text_find(behind, " by ", NULL, &behind))
			return;
	}
	notice->host = take_name(behind, &behind);
	notice->address.length = 0;
	if (text_take_ip(&behind, &notice->address) || !text_skip(&behind, "("))
		return;
	inside = span_until(&behind, ')');
	if (!ipaddr_parse(text_trim(inside), &notice->address))
		notice->address.length = 0;
}

/* A line below the recipient that is a name, and perhaps its address, of Exchange and Courier: "H", "H [A]:".
 */
static void
note_host_line(struct span text, struct refusal *refusal)
{
	struct ipaddr address = { .length = 0 };
	struct span line, name, rest;

	while (text_next_line(&text, &line)) {
		name = take_name(line, &rest);
		if (!domain_has_dot(name) || !domain_is_host_name(name))
			continue;
		(void)text_take_ip(&rest, &address);
		(void)text_skip(&rest, ":");
		if (text_trim(rest).length > 0)
			continue;
		refusal->host = name;
		refusal->address = address;
		return;
	}
}

/* What is read of a transcript. */
struct exchange {
	struct span command; /* of the client, without ">>>"; empty: the connection */
	struct span lines;   /* up to the next command */
};

/* Take a command, and what follows it, off a transcript. */
static bool
next_exchange(struct span *rest, struct exchange *exchange)
{
	struct span line, ahead = *rest;

	if (rest->length == 0)
		return false;
	exchange->command = SPAN("");
	exchange->lines = (struct span){ rest->at, 0 };
	while (text_next_line(&ahead, &line)) {
		struct span command = line;

		if (text_skip(&command, ">>>")) {
			if (exchange->lines.length > 0)
				return true;
			exchange->command = text_trim(command);
		}
		exchange->lines.length = (size_t)(line.at + line.length - exchange->lines.at);
		*rest = ahead;
	}
	return true;
}

static enum refusal_stage
stage_of(struct span command)
{
	if (command.length == 0)
		return REFUSAL_STAGE_GREETING;
	return command.length == 1 ? REFUSAL_STAGE_END_OF_DATA : stage_of_command(command);
}

/* Note the refusals of a transcript: of the recipients by themselves, or the first that is of all. False when
 * there is none. */
static bool
take_transcript(struct notice *notice, struct span text, bool is_about)
{
	struct refusal refusal = refusal_of_text(SPAN(""));
	struct exchange exchange;
	bool has_refusal = false;

	if (is_about)
		note_host_line(text, &refusal);
	while (next_exchange(&text, &exchange)) {
		refusal.text = answer_in_transcript(exchange.lines, notice->findings->arena);
		if (refusal.text.length == 0)
			continue;
		refusal.stage = stage_of(exchange.command);
		refusal.recipient =
			refusal.stage == REFUSAL_STAGE_RCPT ? text_address(exchange.command) : SPAN("");
		if (refusal.recipient.length == 0 && is_about)
			refusal.recipient = notice->recipient;
		if (refusal.host.length == 0) {
			refusal.host = notice->host;
			refusal.address = notice->address;
		}
		findings_add(notice->findings, &refusal, WORTH_REPLY);
		has_refusal = true;
		if (refusal.stage != REFUSAL_STAGE_RCPT)
			break;
	}
	return has_refusal;
}

/* An address at the beginning of a paragraph of qmail: "192.0.2.1 does not like recipient." */
static void
note_address(struct span text, struct refusal *refusal)
{
	struct span line, word, behind;

	if (!text_next_line(&text, &line))
		return;
	if (text_find(line, "Connected to ", NULL, &behind))
		line = behind;
	line = text_trim(line);
	word = span_until(&line, ' ');
	if (ipaddr_parse(word, &refusal->address))
		return;
	while (text_next_line(&text, &line)) {
		if (!text_skip(&line, "Giving up on "))
			continue;
		word = text_trim(line);
		while (word.length > 0 && word.at[word.length - 1] == '.')
			word.length--;
		if (ipaddr_parse(word, &refusal->address))
			return;
	}
}

/* What is said in a piece of text, and what it is worth when it stands under a recipient, or behind words
 * that announce it (`is_about`). */
static enum worth
read_answer(struct span text, bool is_about, struct refusal *refusal)
{
	struct said said = said_read(text);
	struct span answer = SPAN("");
	enum worth worth;

	if (said.host.length == 0 && said.stage == REFUSAL_STAGE_NONE)
		answer = announced(text);
	if (answer.length > 0)
		said = said_read(answer);
	refusal->text = said.text;
	refusal->host = said.host;
	refusal->address = said.address;
	refusal->stage = said.stage;
	worth = findings_worth(said.text);
	if (worth < WORTH_REPLY && reply_in_lines(said.text).length > 0) {
		refusal->text = reply_in_lines(said.text);
		worth = WORTH_REPLY;
	}
	if (worth == WORTH_REPLY || said.host.length > 0 || answer.length > 0)
		return worth;
	return is_about && worth > WORTH_NOTHING ? WORTH_STATUS : WORTH_NOTHING;
}

/* Who answered, where the answer itself does not say it. */
static void
complete_host(const struct notice *notice, struct span text, bool is_about, struct refusal *refusal)
{
	if (refusal->host.length == 0 && is_about)
		note_host_line(text, refusal);
	if (refusal->host.length == 0)
		refusal->host = notice->host;
	if (refusal->address.length == 0)
		refusal->address = notice->address;
	if (refusal->address.length == 0 && is_about)
		note_address(text, refusal);
}

/* What is said under a recipient, or of all. */
static void
take_piece(struct notice *notice, struct span text, bool is_about)
{
	struct refusal refusal = refusal_of_text(SPAN(""));
	const bool is_announced = notice->is_answer_next;
	enum worth worth;

	note_host(notice, text);
	skip_origin(&text);
	notice->is_answer_next = introduces(text);
	if (take_transcript(notice, text, is_about))
		return;
	worth = read_answer(text, is_about || is_announced, &refusal);
	if (is_announced && worth == WORTH_STATUS)
		worth = WORTH_WORDS;
	refusal.recipient = is_about ? notice->recipient : SPAN("");
	complete_host(notice, text, is_about, &refusal);
	if (is_about || worth > WORTH_NOTHING)
		findings_add(notice->findings, &refusal, worth);
}

/* Who is meant by "Your message to a@b.example could not be delivered" and its like. */
static void
note_recipient(struct notice *notice, struct span text)
{
	static const char *const words[] = {
		"delivered to ", "deliver message to ", "message to ", "deliver to ",
		"delivery to ",  "rejected recipient ", NULL
	};
	struct refusal refusal = refusal_of_text(SPAN(""));
	struct span behind, address;

	for (size_t i = 0; words[i] != NULL; i++) {
		if (!text_find(text, words[i], NULL, &behind))
			continue;
		address = text_address(behind);
		if (address.length == 0 || address.at > behind.at + 8)
			continue;
		refusal.recipient = address;
		findings_add(notice->findings, &refusal, WORTH_NOTHING);
		return;
	}
}

/* A paragraph: what stands before the first recipient is of all. */
static void
take_paragraph(struct notice *notice, struct span paragraph)
{
	struct span rest = paragraph, line, recipient, words, piece = { paragraph.at, 0 };
	bool is_about = false;
	size_t depth = 0;

	note_recipient(notice, paragraph);
	while (text_next_line(&rest, &line)) {
		if ((is_about && indentation(line) > depth) || !take_recipient(line, &recipient, &words)) {
			piece.length = (size_t)(line.at + line.length - piece.at);
			continue;
		}
		if (piece.length > 0 || is_about)
			take_piece(notice, piece, is_about);
		depth = indentation(line);
		is_about = true;
		notice->recipient = recipient;
		piece = contains(line, words) ? words : (struct span){ line.at + line.length, 0 };
	}
	take_piece(notice, piece, is_about);
}

/* Take the lines up to an empty one, or up to the end of the notice, off `rest`. */
static struct span
next_paragraph(struct span *rest, bool may_end, bool *has_ended)
{
	struct span ahead = *rest, line, paragraph = { rest->at, 0 };

	*has_ended = false;
	while (text_next_line(&ahead, &line)) {
		*has_ended = may_end && is_end(line);
		if (*has_ended || (text_trim(line).length == 0 && paragraph.length > 0)) {
			*rest = ahead;
			return paragraph;
		}
		if (text_trim(line).length == 0)
			paragraph = (struct span){ ahead.at, 0 };
		else
			paragraph.length = (size_t)(line.at + line.length - paragraph.at);
	}
	*rest = SPAN("");
	return paragraph;
}

/* Whether fields of a status report stand in it; `behind`: what follows the last of them. */
static bool
find_fields(struct span text, struct span *behind)
{
	struct span line;
	bool has_field = false;

	while (text_next_line(&text, &line)) {
		if (!status_report_has_field(line))
			continue;
		*behind = text;
		has_field = true;
	}
	return has_field;
}

struct span
notice_read(struct span text, struct findings *findings)
{
	struct notice notice = { .findings = findings, .recipient = SPAN(""), .host = SPAN("") };
	struct span behind;
	bool has_ended = false;

	text = unquote(text, findings->arena);
	if (find_fields(text, &behind) && status_report_read(text, findings) > 0) {
		findings->is_complete = true;
		return behind;
	}
	while (text.length > 0 && !has_ended) {
		const struct span paragraph =
			next_paragraph(&text, findings_has_answer(findings, WORTH_STATUS), &has_ended);

		if (paragraph.length > 0)
			take_paragraph(&notice, paragraph);
	}
	return text;
}
