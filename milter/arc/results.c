#include "heloscope/arc/results.h"

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

/* The value of a property: quoted, or up to a blank, a comment or the end of the item. */
static struct span
take_value(struct span *rest)
{
	size_t length = 0;
	struct span value;

	skip_blanks(rest);
	if (rest->length > 0 && rest->at[0] == '"') {
		length = quoted_length(*rest);
		length = length < rest->length ? length : rest->length;
		value = (struct span){ rest->at + 1, length > 1 ? length - 2 : 0 };
	} else {
		while (length < rest->length && !ascii_is_blank(rest->at[length])
		       && !ascii_is_among(rest->at[length], "(;"))
			length++;
		value = (struct span){ rest->at, length };
	}
	*rest = span_from(*rest, length);
	return value;
}

/* The value of header.from in the rest of an item; empty when there is none, or several. */
static struct span
find_author(struct span rest)
{
	struct span author = SPAN("");
	bool has_several = false;

	for (skip_blanks(&rest); rest.length > 0 && rest.at[0] != ';'; skip_blanks(&rest)) {
		const bool is_header =
			span_equals_nocase(take_word(&rest), SPAN("header")) && take(&rest, '.');
		const bool is_from = is_header && span_equals_nocase(take_word(&rest), SPAN("from"));
		struct span value;

		if (!take(&rest, '=')) {
			rest = span_from(rest, rest.length > 0 && rest.at[0] != ';' ? 1 : 0);
			continue;
		}
		value = take_value(&rest);
		has_several = has_several || (is_from && author.length > 0);
		author = is_from ? value : author;
	}
	return has_several ? SPAN("") : author;
}

enum dmarc_said { SAID_NOTHING, SAID_PASS, SAID_OTHER };

/* What an item "method [/ version] = result ..." says of DMARC; and of whom, when that is "pass". */
static enum dmarc_said
read_item(struct span item, struct span *author)
{
	bool is_pass;

	if (!span_equals_nocase(take_word(&item), SPAN("dmarc")))
		return SAID_NOTHING;
	if (take(&item, '/'))
		(void)take_word(&item);
	is_pass = take(&item, '=') && span_equals_nocase(take_word(&item), SPAN("pass"))
		  && (item.length == 0 || ascii_is_blank(item.at[0]) || ascii_is_among(item.at[0], "(;"));
	*author = is_pass ? find_author(item) : *author;
	return is_pass ? SAID_PASS : SAID_OTHER;
}

struct arc_results
arc_results_read(struct span value)
{
	struct span rest = value;
	struct arc_results results = { .instance = take_instance(&rest), .author = SPAN("") };
	unsigned said = 0;

	while (results.instance > 0 && skip_item(&rest))
		said |= 1U << read_item(rest, &results.author);
	results.vouches = (said & 1U << SAID_PASS) != 0 && (said & 1U << SAID_OTHER) == 0;
	return results;
}
