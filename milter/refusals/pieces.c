#include "heloscope/refusals/pieces.h"

bool
text_next_line(struct span *rest, struct span *line)
{
	if (rest->length == 0)
		return false;
	*line = span_until(rest, '\n');
	while (line->length > 0 && line->at[line->length - 1] == '\r')
		line->length--;
	return true;
}

struct span
text_trim(struct span text)
{
	while (text.length > 0 && ascii_is_blank(text.at[0]))
		text = span_from(text, 1);
	while (text.length > 0 && ascii_is_blank(text.at[text.length - 1]))
		text.length--;
	return text;
}

static struct span
without_blanks(struct span text)
{
	size_t count = 0;

	while (count < text.length && ascii_is_blank(text.at[count]))
		count++;
	return span_from(text, count);
}

/* Whether the words begin at once. */
static bool
begins(struct span text, const char *words, struct span *behind)
{
	for (; *words != '\0'; words++) {
		if (text.length == 0)
			return false;
		if (*words == ' ') {
			if (!ascii_is_blank(text.at[0]))
				return false;
			text = without_blanks(text);
			continue;
		}
		if (ascii_lower(text.at[0]) != ascii_lower(*words))
			return false;
		text = span_from(text, 1);
	}
	if (behind != NULL)
		*behind = text;
	return true;
}

bool
text_skip(struct span *text, const char *words)
{
	return begins(without_blanks(*text), words, text);
}

/* Whether what begins with this octet can begin there; of blanks only the first, from which all are gone
 * over.
 */
static bool
may_begin(struct span text, size_t at, char first)
{
	if (first == ' ')
		return ascii_is_blank(text.at[at]) && (at == 0 || !ascii_is_blank(text.at[at - 1]));
	return ascii_lower(text.at[at]) == ascii_lower(first);
}

bool
text_find(struct span text, const char *words, struct span *before, struct span *behind)
{
	for (size_t i = 0; i < text.length; i++) {
		if (!may_begin(text, i, words[0]) || !begins(span_from(text, i), words, behind))
			continue;
		if (before != NULL)
			*before = (struct span){ text.at, i };
		return true;
	}
	return false;
}

/* What stands in an address without quotes, or was found in them often enough. */
static bool
is_in_address(char c)
{
	return (unsigned char)c >= 0x80 || (c > ' ' && c != 0x7f && !ascii_is_among(c, "<>()[]\\,;:\"'@|"));
}

/* The address around the "@" at `at`; empty: none. */
static struct span
address_around(struct span text, size_t at)
{
	size_t begin = at, end = at + 1;

	while (begin > 0 && is_in_address(text.at[begin - 1]))
		begin--;
	if (begin > 0 && begin == at && text.at[begin - 1] == '"')
		for (begin--; begin > 0 && text.at[begin - 1] != '"' && text.at[begin - 1] != '\n';)
			begin--;
	if (begin > 0 && begin < at && text.at[at - 1] == '"')
		begin--;
	while (end < text.length && is_in_address(text.at[end]))
		end++;
	while (end > at + 1 && text.at[end - 1] == '.')
		end--;
	return begin < at && end > at + 1 ? (struct span){ text.at + begin, end - begin } : SPAN("");
}

struct span
text_address(struct span text)
{
	struct span found = SPAN("");

	for (size_t i = 0; i < text.length && found.length == 0; i++)
		if (text.at[i] == '@')
			found = address_around(text, i);
	return found;
}

bool
text_take_ip(struct span *text, struct ipaddr *address)
{
	struct span rest = without_blanks(*text), inside;
	struct ipaddr read;

	if (!text_skip(&rest, "["))
		return false;
	inside = span_until(&rest, ']');
	(void)text_skip(&inside, "IPv6:");
	if (!ipaddr_parse(text_trim(inside), &read))
		return false;
	*address = read;
	*text = rest;
	return true;
}

unsigned
text_reply_code(struct span text)
{
	unsigned code;

	if (text.length < 3 || !span_to_number((struct span){ text.at, 3 }, 400, 599, &code))
		return 0;
	return text.length == 3 || ascii_is_blank(text.at[3]) || text.at[3] == '-' || text.at[3] == ':' ? code
													: 0;
}
