#include "heloscope/arc/results.h"

#include <string.h>

#include "heloscope/dkim/signature.h"

/* Skip a comment, which may hold others; one without an end goes to the end. */
static void
skip_comment(struct span *rest)
{
	size_t depth = 0, i = 0;

	do {
		if (rest->at[i] == '\\')
			i++;
		else if (rest->at[i] == '(')
			depth++;
		else if (rest->at[i] == ')')
			depth--;
		i++;
	} while (depth > 0 && i < rest->length);
	*rest = span_from(*rest, i);
}

/* Skip blanks, folding and comments. */
static void
skip_blanks(struct span *rest)
{
	while (rest->length > 0 && (ascii_is_blank(rest->at[0]) || rest->at[0] == '('))
		if (rest->at[0] == '(')
			skip_comment(rest);
		else
			*rest = span_from(*rest, 1);
}

static size_t
quoted_length(struct span text)
{
	size_t i = 1;

	while (i < text.length && text.at[i] != '"')
		i += text.at[i] == '\\' ? 2 : 1;
	return i + 1;
}

/* Go behind the next ";" that is neither quoted nor in a comment; false when there is none. */
static bool
skip_item(struct span *rest)
{
	while (rest->length > 0 && rest->at[0] != ';')
		if (rest->at[0] == '(')
			skip_comment(rest);
		else
			*rest = span_from(*rest, rest->at[0] == '"' ? quoted_length(*rest) : 1);
	if (rest->length == 0)
		return false;
	*rest = span_from(*rest, 1);
	return true;
}

/* Letters, digits and hyphens; what stands directly behind them is left. */
static struct span
take_word(struct span *rest)
{
	size_t length = 0;
	struct span word;

	skip_blanks(rest);
	while (length < rest->length && (ascii_is_alnum(rest->at[length]) || rest->at[length] == '-'))
		length++;
	word = (struct span){ rest->at, length };
	*rest = span_from(*rest, length);
	return word;
}

static bool
take(struct span *rest, char c)
{
	skip_blanks(rest);
	if (rest->length == 0 || rest->at[0] != c)
		return false;
	*rest = span_from(*rest, 1);
	return true;
}

/* "i = 1 ;" in front of the rest; 0 when it does not stand there. */
static unsigned
take_instance(struct span *rest)
{
	struct span number;

	if (!span_equals(take_word(rest), SPAN("i")) || !take(rest, '='))
		return 0;
	number = take_word(rest);
	return take(rest, ';') ? dkim_instance_read(number) : 0;
}

/* The value of a property: quoted, or up to a blank, a comment or the end of the item. False when it is
 * neither whole nor plain. */
static bool
take_value(struct span *rest, struct span *value)
{
	size_t length = 0;
	bool is_whole = true;

	skip_blanks(rest);
	if (rest->length > 0 && rest->at[0] == '"') {
		length = quoted_length(*rest);
		is_whole = length <= rest->length;
		length = is_whole ? length : rest->length;
		*value = (struct span){ rest->at + 1, length > 1 ? length - 2 : 0 };
	} else {
		while (length < rest->length && !ascii_is_blank(rest->at[length])
		       && !ascii_is_among(rest->at[length], "(;"))
			length++;
		*value = (struct span){ rest->at, length };
		is_whole = length > 0 && memchr(rest->at, '"', length) == NULL;
	}
	*rest = span_from(*rest, length);
	return is_whole;
}

/* "ptype.property=value", or "word=value" as "reason" and what Microsoft writes; false when it is neither. */
static bool
take_property(struct span *rest, bool *is_author, struct span *value)
{
	struct span word = take_word(rest);
	const bool is_header = span_equals_nocase(word, SPAN("header"));

	*is_author = false;
	if (word.length > 0 && take(rest, '.')) {
		word = take_word(rest);
		*is_author = is_header && span_equals_nocase(word, SPAN("from"));
	}
	return word.length > 0 && take(rest, '=') && take_value(rest, value);
}

/* Find header.from in the rest of an item; empty when there is none, or several. False when there is anything
 * else than properties: who wrote that cannot be told apart from whom it was copied of. */
static bool
find_author(struct span rest, struct span *author)
{
	bool has_several = false;

	*author = SPAN("");
	for (skip_blanks(&rest); rest.length > 0 && rest.at[0] != ';'; skip_blanks(&rest)) {
		struct span value;
		bool is_author;

		if (!take_property(&rest, &is_author, &value))
			return false;
		has_several = has_several || (is_author && author->length > 0);
		*author = is_author ? value : *author;
	}
	*author = has_several ? SPAN("") : *author;
	return true;
}

/* Whether an item "method [/ version] = result ..." is about DMARC; whether that is "pass", and of whom. */
static bool
read_item(struct span item, struct arc_results *results)
{
	if (!span_equals_nocase(take_word(&item), SPAN("dmarc")))
		return false;
	if (take(&item, '/'))
		(void)take_word(&item);
	results->vouches =
		take(&item, '=') && span_equals_nocase(take_word(&item), SPAN("pass"))
		&& (item.length == 0 || ascii_is_blank(item.at[0]) || ascii_is_among(item.at[0], "(;"))
		&& find_author(item, &results->author);
	return true;
}

struct arc_results
arc_results_read(struct span value)
{
	struct span rest = value;
	struct arc_results results = { .instance = take_instance(&rest), .author = SPAN("") };
	size_t items = 0;

	while (results.instance > 0 && skip_item(&rest))
		items += read_item(rest, &results) ? 1 : 0;
	results.vouches = results.vouches && items == 1;
	results.author = results.vouches ? results.author : SPAN("");
	return results;
}
