#include "heloscope/reflect/letter.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/wire/authres.h"

#define LOOKED_AT 1000 /* octets of a value in which a word is looked for */

/* Fields that ask for silence. */

/* The first word of a value, without comments before it, which nobody writes there. */
static struct span
first_word(struct span value)
{
	size_t length = 0;

	while (value.length > 0 && ascii_is_blank(value.at[0]))
		value = span_from(value, 1);
	while (length < value.length && !ascii_is_blank(value.at[length])
	       && !ascii_is_among(value.at[length], ";("))
		length++;
	return (struct span){ value.at, length };
}

static enum silence
judge_auto_submitted(struct span value)
{
	return span_equals_nocase(first_word(value), SPAN("no")) ? SILENCE_NONE : SILENCE_AUTOMATIC;
}

static enum silence
judge_precedence(struct span value)
{
	static const char *const bulk[] = { "bulk", "list", "junk", "auto_reply" };

	for (size_t i = 0; i < sizeof bulk / sizeof bulk[0]; i++)
		if (span_equals_nocase(first_word(value), span_of(bulk[i])))
			return SILENCE_BULK;
	return SILENCE_NONE;
}

static enum silence
judge_content_type(struct span value)
{
	struct span rest = { value.at, value.length < LOOKED_AT ? value.length : LOOKED_AT };

	for (; rest.length > 0; rest = span_from(rest, 1))
		if (span_starts_with_nocase(rest, SPAN("multipart/report")))
			return SILENCE_REPORT;
	return SILENCE_NONE;
}

static enum silence
judge_return_path(struct span value)
{
	return span_equals(first_word(value), SPAN("<>")) ? SILENCE_NULL_SENDER : SILENCE_NONE;
}

static const struct {
	struct span name;                         /* all that begin so, when it ends with "-" */
	enum silence (*judge)(struct span value); /* NULL: `silence` whatever the value */
	enum silence silence;
} marks[] = {
	{ { "Auto-Submitted", 14 }, judge_auto_submitted, SILENCE_NONE },
	{ { "Precedence", 10 }, judge_precedence, SILENCE_NONE },
	{ { "Content-Type", 12 }, judge_content_type, SILENCE_NONE },
	{ { "Return-Path", 11 }, judge_return_path, SILENCE_NONE },
	{ { "List-", 5 }, NULL, SILENCE_LIST },
	{ { "X-Loop", 6 }, NULL, SILENCE_LOOP },
	{ { "X-Autoreply", 11 }, NULL, SILENCE_LOOP },
	{ { "X-Autorespond", 13 }, NULL, SILENCE_LOOP },
	{ { "X-Auto-Response-Suppress", 24 }, NULL, SILENCE_LOOP },
	{ { "X-Failed-Recipients", 19 }, NULL, SILENCE_REPORT },
};

static enum silence
mark_of(struct span name, struct span value)
{
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const struct span wanted = marks[i].name;
		const bool is_prefix = wanted.at[wanted.length - 1] == '-';

		if (is_prefix ? span_starts_with_nocase(name, wanted) : span_equals_nocase(name, wanted))
			return marks[i].judge != NULL ? marks[i].judge(value) : marks[i].silence;
	}
	return SILENCE_NONE;
}

/* What finds the record. */

static bool
is_in_queue_id(char c)
{
	return ascii_is_alnum(c) || ascii_is_among(c, "-_.");
}

bool
letter_set_queue_id(struct letter *letter, struct span queue_id)
{
	if (queue_id.length == 0 || queue_id.length >= sizeof letter->queue_id)
		return false;
	for (size_t i = 0; i < queue_id.length; i++)
		if (!is_in_queue_id(queue_id.at[i]))
			return false;
	memcpy(letter->queue_id, queue_id.at, queue_id.length);
	letter->queue_id[queue_id.length] = '\0';
	return true;
}

/*
 * The line "by HOST (...) with ESMTP id QUEUE-ID" of a Received field, empty when there is none. Postfix and
 * Sendmail begin a line with it: what a client says of itself stands on the line before, and cannot end it.
 */
static struct span
by_line(struct span value)
{
	const char *end;

	while ((end = memchr(value.at, '\n', value.length)) != NULL) {
		struct span line;

		value = span_from(value, (size_t)(end - value.at) + 1);
		end = memchr(value.at, '\n', value.length);
		line = span_trim(
			(struct span){ value.at, end != NULL ? (size_t)(end - value.at) : value.length });
		if (span_starts_with_nocase(line, SPAN("by ")))
			return line;
	}
	return SPAN("");
}

/* Of the first field, which is that of the server here. */
static void
take_received(struct letter *letter, struct span value)
{
	struct span line;

	if (letter->has_received || letter->queue_id[0] != '\0')
		return;
	letter->has_received = true;
	line = by_line(value);
	while (line.length > 0 && !span_starts_with_nocase(line, SPAN(" id ")))
		line = span_from(line, 1);
	if (line.length > 0)
		(void)letter_set_queue_id(letter, first_word(span_from(line, 4)));
}

static void
take_reference(struct letter *letter, struct span value)
{
	const struct span word = first_word(value), before = SPAN("id=");

	if (letter->reference[0] != '\0' || !span_starts_with_nocase(word, before)
	    || word.length != before.length + IDENT_SIZE - 1)
		return;
	memcpy(letter->reference, word.at + before.length, IDENT_SIZE - 1);
	letter->reference[IDENT_SIZE - 1] = '\0';
}

/* "<a@b.example>" alone: what can stand in In-Reply-To as it is (RFC 5322, 3.6.4). */
static void
take_message_id(struct letter *letter, struct span value)
{
	const struct span id = first_word(value);

	if (letter->message_id[0] != '\0' || id.length < 3 || id.length >= sizeof letter->message_id
	    || id.at[0] != '<' || id.at[id.length - 1] != '>')
		return;
	for (size_t i = 1; i + 1 < id.length; i++)
		if (!ascii_is_printable(id.at[i]) || ascii_is_among(id.at[i], "<> \\\""))
			return;
	memcpy(letter->message_id, id.at, id.length);
	letter->message_id[id.length] = '\0';
}

void
letter_field(struct letter *letter, struct span name, struct span value)
{
	const struct span bare = span_trim(name);
	const enum silence mark = mark_of(bare, value);

	author_add(&letter->author, name, value);
	doctor_message_field(&letter->message, name, value);
	if (letter->mark == SILENCE_NONE)
		letter->mark = mark;
	if (span_equals_nocase(bare, SPAN("Received")))
		take_received(letter, value);
	else if (span_equals_nocase(bare, SPAN("X-Heloscope")))
		take_reference(letter, value);
	else if (span_equals_nocase(bare, SPAN("Message-ID")))
		take_message_id(letter, value);
	else if (span_equals_nocase(bare, SPAN("Authentication-Results")))
		letter->has_results = letter->has_results
				      || authres_author(value, letter->own_ids->items, letter->own_ids->count)
						 == AUTHRES_OURS;
}

void
letter_body(struct letter *letter, struct span octets)
{
	doctor_message_body(&letter->message, octets);
}

/* The author. */

/* No sign with which a mail server may mean a way, a program, a file or an option. */
static bool
is_answerable(const char *local)
{
	if (!ascii_is_alnum(local[0]) && local[0] != '_')
		return false;
	for (; *local != '\0'; local++)
		if (!ascii_is_alnum(*local) && !ascii_is_among(*local, "._-+=~'&#"))
			return false;
	return true;
}

bool
letter_address(const struct letter *letter, char *address)
{
	const struct author *author = &letter->author;

	address[0] = '\0';
	if (author_judge(author) != AUTHOR_ONE || author->addresses != 1 || !is_answerable(author->local))
		return false;
	(void)snprintf(address, LETTER_ADDRESS_SIZE, "%s@%s", author->local, author->domain);
	return true;
}
