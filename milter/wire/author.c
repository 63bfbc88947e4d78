#include "heloscope/wire/author.h"

#include <string.h>

#include "heloscope/base/domain.h"

#define ADDRESS_MAX 512 /* octets of what is read of one; no domain is longer */

/*
 * One item between commas: its text outside of brackets, and what stands within them; without comments, with
 * quoted text as one "q".
 */
struct item {
	char phrase[ADDRESS_MAX], address[ADDRESS_MAX];
	size_t phrase_length, address_length;
	bool has_brackets, is_in_brackets;
	bool is_malformed; /* a second pair of brackets, text behind them, more than fits */
};

static void
add_octet(struct item *item, char c)
{
	char *text = item->is_in_brackets ? item->address : item->phrase;
	size_t *length = item->is_in_brackets ? &item->address_length : &item->phrase_length;

	if (item->has_brackets && !item->is_in_brackets && !ascii_is_among(c, " \t\r\n"))
		item->is_malformed = true;
	if (*length + 1 == ADDRESS_MAX)
		item->is_malformed = true;
	else
		text[(*length)++] = c;
}

/* Take quoted text, or a comment with those in it; what stands in it does not count. False when it never
 * ends. */
static bool
pass_over(struct span *rest, char open, char close)
{
	size_t depth = 0;

	while (rest->length > 0) {
		const char c = rest->at[0];

		*rest = span_from(*rest, c == '\\' ? 2 : 1);
		if (c == close && (open != close || depth > 0) && --depth == 0)
			return true;
		if (c == open)
			depth++;
	}
	return false;
}

/* Add a domain, which `text` ends with behind an "@", or note that there is none. */
static void
add_domain(struct author *author, struct span text, struct arena *arena)
{
	char name[DOMAIN_SIZE];
	size_t at = text.length;

	while (at > 0 && text.at[at - 1] != '@')
		at--;
	if (at == 0 || !domain_normalize(span_trim(span_from(text, at)), name) || domain_is_address(name)) {
		author->has_fault = true;
		return;
	}
	for (size_t i = 0; i < author->domain_count; i++)
		if (strcmp(author->domains[i], name) == 0)
			return;
	if (author->domain_count < AUTHOR_DOMAINS_MAX)
		author->domains[author->domain_count++] = arena_string(arena, name);
}

/* In front of brackets may stand what looks like an address, too. */
static void
add_phrase(struct author *author, struct span phrase, struct arena *arena)
{
	while (phrase.length > 0) {
		size_t length = 0;

		while (length < phrase.length && !ascii_is_among(phrase.at[length], " \t\r\n"))
			length++;
		if (memchr(phrase.at, '@', length) != NULL)
			add_domain(author, (struct span){ phrase.at, length }, arena);
		phrase = span_from(phrase, length + 1);
	}
}

/* An item has ended; a list may have empty ones (RFC 5322, 4.4). */
static void
end_item(struct author *author, struct item *item, struct arena *arena)
{
	const struct span phrase = span_trim((struct span){ item->phrase, item->phrase_length });

	author->has_fault = author->has_fault || item->is_malformed || item->is_in_brackets;
	if (item->has_brackets) {
		add_phrase(author, phrase, arena);
		add_domain(author, span_trim((struct span){ item->address, item->address_length }), arena);
	} else if (phrase.length > 0) {
		add_domain(author, phrase, arena);
		author->has_fault =
			author->has_fault
			|| memchr(phrase.at, '@', phrase.length) != memrchr(phrase.at, '@', phrase.length);
	}
	*item = (struct item){ .phrase_length = 0 };
}

/* Take the next octet of structure. False when the rest cannot be read. */
static bool
take(struct author *author, struct item *item, struct span *rest, struct arena *arena)
{
	const char c = rest->at[0];

	if (c == '"') {
		add_octet(item, 'q');
		return pass_over(rest, '"', '"');
	}
	if (c == '(')
		return pass_over(rest, '(', ')');
	*rest = span_from(*rest, 1);
	if (c == '\\' || c == '\0')
		return false;
	if (item->is_in_brackets && c == '>')
		item->is_in_brackets = false;
	else if (!item->is_in_brackets && (c == ',' || c == ';'))
		end_item(author, item, arena);
	else if (!item->is_in_brackets && c == ':')
		*item = (struct item){ .phrase_length = 0 }; /* the name of a group */
	else if (c == '<') {
		item->is_malformed = item->is_malformed || item->has_brackets;
		item->has_brackets = item->is_in_brackets = true;
	} else
		add_octet(item, c == '\r' || c == '\n' ? ' ' : c);
	return true;
}

static enum author_form
form_of(const struct author *author)
{
	if (author->fields > 1 || author->domain_count > 1)
		return AUTHOR_SEVERAL;
	return author->has_fault || author->domain_count == 0 ? AUTHOR_MALFORMED : AUTHOR_ONE;
}

void
author_add(struct author *author, struct span value, struct arena *arena)
{
	struct item item = { .phrase_length = 0 };
	bool is_good = true;

	author->fields++;
	while (is_good && value.length > 0)
		is_good = take(author, &item, &value, arena);
	end_item(author, &item, arena);
	author->has_fault = author->has_fault || !is_good || arena->has_failed;
	author->form = form_of(author);
}

const char *
author_domain(const struct author *author)
{
	return author->form == AUTHOR_ONE ? author->domains[0] : "";
}
