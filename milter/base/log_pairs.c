#include "heloscope/base/log_pairs.h"

#include "heloscope/base/escape.h"

#define CUT "\"..." /* ends what is cut */

/* What most are is asked for first. */
static bool
is_plain_octet(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' || c == ':'
	       || (ascii_is_printable(c) && !ascii_is_among(c, " \\\"'=<>"));
}

static bool
is_plain(struct span text)
{
	size_t plain = 0;

	while (plain < text.length && is_plain_octet(text.at[plain]))
		plain++;
	return plain > 0 && plain == text.length;
}

/* Add `text` to a quoted value that ends at `end` of the line at the latest. Returns whether all of it fits.
 */
static bool
add_quoted(struct strbuf *line, struct span text, size_t end)
{
	while (text.length > 0) {
		char shown[ESCAPE_SIZE] = "\\\"";
		const size_t taken = text.at[0] == '"' ? 1 : escape_next(text, ESCAPE_ALL, shown);

		if (line->length + span_of(shown).length + sizeof CUT - 1 > end)
			return false;
		strbuf_add(line, shown);
		text = span_from(text, taken);
	}
	return true;
}

/* `before` and `behind` stand around the text and belong to the value. */
static void
add_value(struct strbuf *line, const char *before, struct span text, const char *behind, size_t room)
{
	const size_t end = line->length + room, around = span_of(before).length + span_of(behind).length;

	if ((is_plain(text) || (text.length == 0 && around > 0)) && text.length + around <= room) {
		strbuf_add(line, before);
		strbuf_add_span(line, text);
		strbuf_add(line, behind);
		return;
	}
	strbuf_add_char(line, '"');
	strbuf_add(line, before);
	if (add_quoted(line, text, end)) {
		strbuf_add(line, behind);
		strbuf_add_char(line, '"');
	} else {
		strbuf_add(line, CUT);
	}
}

static void
add_name(struct strbuf *line, const char *name)
{
	strbuf_add(line, line->length > 0 ? " " : "");
	strbuf_add(line, name);
	strbuf_add_char(line, '=');
}

void
log_pairs_add(struct strbuf *line, const char *name, struct span value, size_t room)
{
	add_name(line, name);
	add_value(line, "", value, "", room);
}

void
log_pairs_add_address(struct strbuf *line, const char *name, struct span address, size_t room)
{
	add_name(line, name);
	add_value(line, "<", address, ">", room);
}
