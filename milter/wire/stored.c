#include "heloscope/wire/stored.h"

#include <string.h>

static const char envelope[] = "From "; /* with which a message of an mbox begins */
#define ENVELOPE_LENGTH (sizeof envelope - 1)

#define STRAY ' ' /* in place of a CR that ends no line: Postfix's cleanup_replace_stray_cr_lf */

void
stored_init(struct stored *stored, const struct stored_handler *handler)
{
	*stored = (struct stored){ .handler = *handler, .fault = STORED_EMPTY };
}

/* The body. */

static void
flush_piece(struct stored *stored)
{
	if (stored->piece_length > 0 && stored->handler.body != NULL)
		stored->handler.body(stored->handler.context,
				     (struct span){ stored->piece, stored->piece_length });
	stored->piece_length = 0;
}

static void
put(struct stored *stored, char c)
{
	if (stored->piece_length == sizeof stored->piece)
		flush_piece(stored);
	stored->piece[stored->piece_length++] = c;
}

/* CRs that turned out to stand within a line. */
static void
put_carriage_returns(struct stored *stored)
{
	for (; stored->carriage_returns > 0; stored->carriage_returns--)
		put(stored, STRAY);
}

static void
put_line_end(struct stored *stored)
{
	stored->carriage_returns = 0; /* they belong to it */
	stored->is_behind_empty = !stored->is_inside;
	stored->is_inside = false;
	stored->is_beginning = true;
	put(stored, '\r');
	put(stored, '\n');
}

/* An octet of the body, as it is meant. */
static void
add_plain(struct stored *stored, char c)
{
	if (c == '\n') {
		put_line_end(stored);
	} else if (c == '\r') {
		stored->carriage_returns++;
	} else {
		stored->is_inside = true;
		put_carriage_returns(stored);
		put(stored, c);
	}
}

/* What was held back of the beginning of a line is told, with one quote less when that was added. */
static void
release_beginning(struct stored *stored)
{
	const bool is_quoted = stored->matched == ENVELOPE_LENGTH;

	for (size_t i = is_quoted ? 1 : 0; i < stored->quotes; i++)
		add_plain(stored, '>');
	for (size_t i = 0; i < stored->matched; i++)
		add_plain(stored, envelope[i]);
	stored->quotes = stored->matched = 0;
	stored->is_beginning = false;
}

/* Whether the octet goes on with ">From " at the beginning of a line, and is held back with it. */
static bool
is_held(struct stored *stored, char c)
{
	if (c == '>' && stored->matched == 0) {
		stored->quotes++;
		return true;
	}
	if (c != envelope[stored->matched])
		return false;
	stored->matched++;
	return true;
}

static void
add_body(struct stored *stored, char c)
{
	if (!stored->is_mbox || !stored->is_beginning) {
		add_plain(stored, c);
		return;
	}
	if (!is_held(stored, c)) {
		release_beginning(stored);
		add_plain(stored, c);
	} else if (stored->matched == ENVELOPE_LENGTH && stored->quotes == 0 && stored->is_behind_empty) {
		stored->has_more = true;
		stored->matched = 0;
		stored->phase = STORED_OVER;
	} else if (stored->matched == ENVELOPE_LENGTH) {
		release_beginning(stored);
	}
}

/* The header. */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether a line is a field, as Postfix has it: a name of visible ASCII, perhaps blanks, a colon. */
static bool
is_field(struct span line)
{
	size_t at = 0;

	while (at < line.length && line.at[at] > ' ' && line.at[at] <= '~' && line.at[at] != ':')
		at++;
	if (at == 0)
		return false;
	while (at < line.length && is_blank(line.at[at]))
		at++;
	return at < line.length && line.at[at] == ':';
}

/* The field is complete. */
static void
flush_field(struct stored *stored)
{
	char *colon = memchr(stored->text, ':', stored->length);

	if (stored->has_field && colon != NULL) {
		*colon = '\0';
		stored->text[stored->length] = '\0';
		stored->handler.field(stored->handler.context, stored->text, colon + 1);
	}
	stored->has_field = false;
	stored->length = stored->line_at = 0;
}

/* The header has ended; what was read of the line that is no field is the beginning of the body. */
static void
begin_body(struct stored *stored)
{
	const size_t length = stored->length;

	stored->phase = STORED_BODY;
	stored->length = 0;
	stored->is_inside = false;
	stored->is_beginning = stored->is_behind_empty = true;
	stored->lacks_separator = length > 0;
	if (stored->handler.end_of_header != NULL)
		stored->handler.end_of_header(stored->handler.context);
	for (size_t i = 0; i < length && stored->phase == STORED_BODY; i++)
		add_body(stored, stored->text[i]);
}

static bool
is_first_line(const struct stored *stored)
{
	return stored->fault == STORED_EMPTY;
}

static bool
begins_mbox(struct span line)
{
	return line.length > ENVELOPE_LENGTH && memcmp(line.at, envelope, ENVELOPE_LENGTH) == 0;
}

/* Judge the line that stands alone in `text`: it has its end, or is too long. */
static void
judge_line(struct stored *stored)
{
	const struct span line = { stored->text, stored->length };
	const bool is_first = is_first_line(stored);

	if (is_field(line)) {
		stored->has_field = true;
		stored->fault = STORED_GOOD;
	} else if (is_first && !stored->is_mbox && begins_mbox(line)) {
		stored->is_mbox = true;
		stored->length = 0;
	} else if (is_first) {
		stored->fault = STORED_NO_HEADER;
		stored->phase = STORED_OVER;
	} else {
		begin_body(stored);
	}
}

static void
end_header_line(struct stored *stored)
{
	stored->is_inside = stored->is_lost = false;
	if (stored->line_at > 0)
		return; /* of a field that is folded */
	judge_line(stored);
	if (stored->phase == STORED_BODY && stored->lacks_separator)
		add_body(stored, '\n');
}

/* Keep an octet of the line. One that is too long is a field that is cut, or the body. */
static void
keep(struct stored *stored, char c)
{
	if (!stored->is_lost && c != '\0' && stored->length < STORED_FIELD_MAX) {
		stored->text[stored->length++] = c;
		return;
	}
	if (!stored->is_lost && stored->line_at == 0
	    && !is_field((struct span){ stored->text, stored->length })) {
		judge_line(stored);
		if (stored->phase == STORED_BODY)
			add_body(stored, c);
		return;
	}
	stored->is_lost = stored->has_cut = true;
}

/* The first octet of a line shows whether it goes on with the field before. */
static void
begin_line(struct stored *stored, char c)
{
	const bool is_folded = stored->has_field && is_blank(c);

	stored->is_inside = true;
	if (!is_folded)
		flush_field(stored);
	else
		keep(stored, '\n');
	stored->line_at = is_folded ? stored->length : 0;
}

static void
add_octet(struct stored *stored, char c)
{
	if (!stored->is_inside)
		begin_line(stored, c);
	if (c == '\n')
		end_header_line(stored);
	else
		keep(stored, c);
}

/* What a line is shows only when it is known which of its CRs end it. */
static void
add_header(struct stored *stored, char c)
{
	size_t strays = c == '\r' || c == '\n' ? 0 : stored->carriage_returns;

	stored->carriage_returns = c == '\r' ? stored->carriage_returns + 1 : 0;
	for (; strays > 0 && stored->phase == STORED_HEADER; strays--)
		add_octet(stored, STRAY);
	for (; strays > 0; strays--)
		add_body(stored, STRAY);
	if (c == '\r')
		return;
	if (stored->phase == STORED_HEADER)
		add_octet(stored, c);
	else if (stored->phase == STORED_BODY)
		add_body(stored, c);
}

/* All of it. */

void
stored_add(struct stored *stored, struct span octets)
{
	for (size_t i = 0; i < octets.length && stored->phase != STORED_OVER; i++) {
		if (stored->phase == STORED_BODY)
			add_body(stored, octets.at[i]);
		else
			add_header(stored, octets.at[i]);
	}
}

enum stored_fault
stored_finish(struct stored *stored)
{
	if (stored->phase == STORED_HEADER && stored->is_inside)
		end_header_line(stored);
	if (stored->fault != STORED_GOOD)
		return stored->fault;
	if (stored->phase == STORED_HEADER) {
		flush_field(stored);
		begin_body(stored);
	}
	release_beginning(stored);
	if (stored->is_inside)
		put_line_end(stored);
	flush_piece(stored);
	return STORED_GOOD;
}
