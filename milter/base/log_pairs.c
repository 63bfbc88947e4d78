#include "heloscope/base/log_pairs.h"

#include "heloscope/base/escape.h"

#define CUT "\"..." /* ends what is cut */

static bool
is_plain(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' || ascii_is_among(text.at[i], "\\\"'=<>"))
			return false;
	return text.length > 0;
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
	strbuf_printf(line, "%s%s=", line->length > 0 ? " " : "", name);
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
