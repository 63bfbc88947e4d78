#include "heloscope/wire/author.h"

#include <string.h>

#include "heloscope/base/bounds.h"

static const struct {
	const char *word;
	enum author_kind kind;
} findings[AUTHOR_FINDINGS] = {
	[AUTHOR_UNCHECKED] = { "unchecked", AUTHOR_KINDS },
	[AUTHOR_ONE] = { "one", AUTHOR_KIND_ONE },
	[AUTHOR_NO_FIELD] = { "no-field", AUTHOR_KIND_NONE },
	[AUTHOR_NO_ADDRESS] = { "no-address", AUTHOR_KIND_NONE },
	[AUTHOR_NO_DOMAIN] = { "no-domain", AUTHOR_KIND_NONE },
	[AUTHOR_SEVERAL_FIELDS] = { "several-fields", AUTHOR_KIND_SEVERAL },
	[AUTHOR_SEVERAL_DOMAINS] = { "several-domains", AUTHOR_KIND_SEVERAL },
	[AUTHOR_SECOND_READING] = { "second-reading", AUTHOR_KIND_SEVERAL },
	[AUTHOR_FIELD_NAME] = { "field-name", AUTHOR_KIND_MALFORMED },
	[AUTHOR_CONTROL_OCTETS] = { "control-octets", AUTHOR_KIND_MALFORMED },
	[AUTHOR_UNCLOSED] = { "unclosed", AUTHOR_KIND_MALFORMED },
	[AUTHOR_BAD_DOMAIN] = { "bad-domain", AUTHOR_KIND_MALFORMED },
	[AUTHOR_SYNTAX] = { "syntax", AUTHOR_KIND_MALFORMED },
	[AUTHOR_TOO_LONG] = { "too-long", AUTHOR_KIND_MALFORMED },
	[AUTHOR_TOO_MANY] = { "too-many", AUTHOR_KIND_MALFORMED },
};

const char *
author_finding_word(enum author_finding finding)
{
	return findings[finding].word;
}

enum author_finding
author_finding_from_word(const char *word)
{
	for (int finding = 0; finding < AUTHOR_FINDINGS; finding++)
		if (strcmp(findings[finding].word, word) == 0)
			return (enum author_finding)finding;
	return AUTHOR_UNCHECKED;
}

enum author_kind
author_kind(enum author_finding finding)
{
	return findings[finding].kind;
}

/* What is read, and how far. */
struct reader {
	struct author *author;
	struct span text;
	size_t at;
	bool is_in_group;
};

/* Remember the first fault, and read no further. */
static bool
fail(struct reader *reader, enum author_finding fault)
{
	if (reader->author->fault == AUTHOR_UNCHECKED)
		reader->author->fault = fault;
	reader->at = reader->text.length;
	return false;
}

/* NUL at the end; there is none inside. */
static char
peek(const struct reader *reader)
{
	return reader->at < reader->text.length ? reader->text.at[reader->at] : '\0';
}

static bool
take(struct reader *reader, char c)
{
	if (peek(reader) != c || c == '\0')
		return false;
	reader->at++;
	return true;
}

/* What stands in atoms, and the dots between them; octets beyond ASCII, too (RFC 6532). */
static bool
is_in_word(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80 || ascii_is_among(c, ".!#$%&'*+-/=?^_`{|}~");
}

static bool
is_in_domain(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80 || ascii_is_among(c, ".-_");
}

static struct span
read_run(struct reader *reader, bool (*belongs)(char c))
{
	const size_t begin = reader->at;

	while (reader->at < reader->text.length && belongs(peek(reader)))
		reader->at++;
	return (struct span){ reader->text.at + begin, reader->at - begin };
}

/* Domains. */

static size_t
label_length(struct span text)
{
	size_t length = 0;

	while (length < text.length && text.at[length] != '.')
		length++;
	return length;
}

/*
 * Whether each label that is not ASCII has become one that begins with "xn--". Others were replaced by
 * letters that look alike, and not every reader does that.
 */
static bool
is_only_encoded(struct span text, struct span name)
{
	while (text.length > 0 && name.length > 0) {
		const size_t from = label_length(text), to = label_length(name);
		bool is_ascii = true;

		for (size_t i = 0; i < from; i++)
			is_ascii = is_ascii && (unsigned char)text.at[i] < 0x80;
		if (is_ascii ? from != to : !span_starts_with_nocase(name, SPAN("xn--")))
			return false;
		text = span_from(text, from + 1);
		name = span_from(name, to + 1);
	}
	return text.length == 0 && name.length == 0;
}

static bool
normalize(struct span text, char *name)
{
	return domain_normalize(text, name) && !domain_is_address(name)
	       && is_only_encoded(text, span_of(name));
}

/* Keep the local part of the first address, if it is plain. */
static void
note_local(struct author *author, struct span local)
{
	for (size_t i = 0; i < local.length; i++)
		if ((unsigned char)local.at[i] >= 0x80)
			return;
	if (local.length >= sizeof author->local)
		return;
	memcpy(author->local, local.at, local.length);
	author->local[local.length] = '\0';
}

/* Take the domain of an address that counts. `local`: empty where it is quoted. */
static void
note_domain(struct author *author, struct span local, const char *name)
{
	if (author->addresses++ == 0)
		note_local(author, local);
	if (author->domain[0] == '\0')
		memcpy(author->domain, name, strlen(name) + 1);
	else if (author->other[0] == '\0' && strcmp(author->domain, name) != 0)
		memcpy(author->other, name, strlen(name) + 1);
}

/* Whether an address can end before `c`. */
static bool
ends_address(char c)
{
	return c == '\0' || ascii_is_blank(c) || ascii_is_among(c, "()<>[],;:\"\\");
}

/* Take what may be the domain of an address, behind an "@". */
static void
note_stray(struct author *author, struct reader *reader)
{
	const struct span domain = read_run(reader, is_in_domain);
	char name[DOMAIN_SIZE];

	if (!ends_address(peek(reader)) || !normalize(domain, name))
		author->has_more_strays = true;
	else if (author->stray[0] == '\0')
		memcpy(author->stray, name, strlen(name) + 1);
	else if (strcmp(author->stray, name) != 0)
		author->has_more_strays = true;
}

/*
 * Look for addresses where the grammar has none, but where some readers look for them: some pass blanks and
 * comments behind an "@", and some decode what stands behind it.
 */
static void
note_strays(struct author *author, struct span text)
{
	struct reader reader = { .text = text };

	while (reader.at < text.length)
		if (take(&reader, '@'))
			note_stray(author, &reader);
		else
			reader.at++;
}

/* Words. */

/* Behind an opening octet: take all up to what closes it, with `nests` within each other. */
static bool
read_closed(struct reader *reader, char open, char close, bool nests, struct span *inner)
{
	const size_t begin = reader->at;
	size_t depth = 1;

	while (reader->at < reader->text.length) {
		const char c = reader->text.at[reader->at++];

		if (c == close && --depth == 0) {
			*inner = (struct span){ reader->text.at + begin, reader->at - begin - 1 };
			return true;
		}
		if (nests && c == open)
			depth++;
		else if (c == '\\')
			reader->at++;
	}
	return fail(reader, AUTHOR_UNCLOSED);
}

/* Pass blanks and comments (RFC 5322, 3.2.2). */
static void
skip_comments(struct reader *reader)
{
	struct span inner;

	for (;;) {
		(void)read_run(reader, ascii_is_blank);
		if (!take(reader, '(') || !read_closed(reader, '(', ')', true, &inner))
			return;
		note_strays(reader->author, inner);
	}
}

static bool
holds(struct span text, struct span part)
{
	return memmem(text.at, text.length, part.at, part.length) != NULL;
}

/* A word of a display name or the part of an address between its specials. False when there is none. */
static bool
read_word(struct reader *reader)
{
	struct span inner;

	if (take(reader, '"')) {
		if (!read_closed(reader, '"', '"', false, &inner))
			return false;
		if (holds(inner, SPAN("\\\""))) /* some readers know no quoted pairs */
			note_strays(reader->author, inner);
		return true;
	}
	if (!take(reader, '['))
		return read_run(reader, is_in_word).length > 0;
	if (!read_closed(reader, '[', ']', false, &inner))
		return false;
	note_strays(reader->author, inner);
	return true;
}

/* Addresses. */

static bool
read_local(struct reader *reader, struct span *plain)
{
	const bool is_quoted = take(reader, '"');
	struct span local;

	*plain = SPAN("");

	if (!is_quoted)
		local = read_run(reader, is_in_word);
	else if (read_closed(reader, '"', '"', false, &local))
		note_strays(reader->author, local);
	else
		return false;
	if (!is_quoted)
		*plain = local;
	/* Nothing is encoded there (RFC 2047, 5), but some readers undo it. */
	return (is_quoted || local.length > 0) && !holds(local, SPAN("=?"));
}

/* No domain stands behind the "@", or there is no "@". Where the field has another, some readers find an
 * address with a domain. */
static bool
fail_without_domain(struct reader *reader, bool has_at)
{
	const struct span before = { reader->text.at, reader->at - (has_at ? 1 : 0) };
	const bool has_other =
		holds(before, SPAN("@")) || holds(span_from(reader->text, reader->at), SPAN("@"));

	return fail(reader, has_other ? AUTHOR_SYNTAX : AUTHOR_NO_DOMAIN);
}

/* local@domain, without anything between its parts: what may stand there is read in more than one way. */
static bool
read_address(struct reader *reader)
{
	char name[DOMAIN_SIZE];
	struct span local;

	if (reader->author->addresses == BOUND_AUTHOR_ADDRESSES)
		return fail(reader, AUTHOR_TOO_MANY);
	if (!read_local(reader, &local))
		return fail(reader, AUTHOR_SYNTAX);
	if (!take(reader, '@'))
		return fail_without_domain(reader, false);
	if (peek(reader) == '[')
		return fail_without_domain(reader, true);
	if (!normalize(read_run(reader, is_in_domain), name))
		return fail(reader, AUTHOR_BAD_DOMAIN);
	note_domain(reader->author, local, name);
	return true;
}

/* "@a.example,@b.example:" (RFC 5322, 4.4). */
static bool
read_route(struct reader *reader)
{
	const size_t begin = reader->at;

	if (peek(reader) != '@' && peek(reader) != ',')
		return true;
	while (peek(reader) != ':' && reader->at < reader->text.length)
		reader->at++;
	note_strays(reader->author, (struct span){ reader->text.at + begin, reader->at - begin });
	if (!take(reader, ':'))
		return fail(reader, AUTHOR_SYNTAX);
	skip_comments(reader);
	return true;
}

/* Behind "<". */
static bool
read_brackets(struct reader *reader)
{
	skip_comments(reader);
	if (!read_route(reader) || !read_address(reader))
		return false;
	skip_comments(reader);
	if (reader->at == reader->text.length)
		return fail(reader, AUTHOR_UNCLOSED);
	return take(reader, '>') || fail(reader, AUTHOR_SYNTAX);
}

/* What stands in front of "<", ":" or the end of a mailbox. */
struct phrase {
	size_t begin, end; /* of its words, without blanks and comments around them */
	bool has_at;
};

static struct phrase
read_phrase(struct reader *reader)
{
	struct phrase phrase = { reader->at, reader->at, false };

	while (reader->at < reader->text.length) {
		if (take(reader, '@'))
			phrase.has_at = true;
		else if (!read_word(reader))
			break;
		phrase.end = reader->at;
		skip_comments(reader);
	}
	return phrase;
}

/* A mailbox without brackets, which was read as a phrase. */
static bool
read_bare(struct reader *reader, const struct phrase *phrase)
{
	const size_t behind = reader->at;

	if (phrase->begin == phrase->end)
		return fail(reader, AUTHOR_SYNTAX);
	reader->at = phrase->begin;
	if (!read_address(reader))
		return false;
	if (reader->at != phrase->end)
		return fail(reader, AUTHOR_SYNTAX);
	reader->at = behind;
	return true;
}

/* A mailbox, or the name of a group (RFC 5322, 3.4). */
static bool
read_member(struct reader *reader, bool *begins_group)
{
	const struct phrase phrase = read_phrase(reader);
	const struct span words = { reader->text.at + phrase.begin, phrase.end - phrase.begin };

	*begins_group = false;
	if (reader->author->fault != AUTHOR_UNCHECKED)
		return false;
	if (take(reader, '<')) {
		if (phrase.has_at)
			note_strays(reader->author, words);
		return read_brackets(reader);
	}
	if (peek(reader) != ':')
		return read_bare(reader, &phrase);
	reader->at++;
	*begins_group = true;
	if (reader->is_in_group || phrase.has_at || words.length == 0)
		return fail(reader, AUTHOR_SYNTAX);
	reader->is_in_group = true;
	return true;
}

/* The end of a member: a comma, the end of its group or of the field. */
static bool
read_separator(struct reader *reader)
{
	skip_comments(reader);
	if (reader->is_in_group && take(reader, ';')) {
		reader->is_in_group = false;
		skip_comments(reader);
	}
	return take(reader, ',') || reader->at == reader->text.length || fail(reader, AUTHOR_SYNTAX);
}

/* Elements of a list may be missing (RFC 5322, 4.4). */
static void
read_list(struct reader *reader)
{
	bool begins_group = false;

	for (skip_comments(reader); reader->at < reader->text.length; skip_comments(reader)) {
		if (take(reader, ','))
			continue;
		if (reader->is_in_group && peek(reader) == ';') {
			if (!read_separator(reader))
				return;
			continue;
		}
		if (!read_member(reader, &begins_group) || (!begins_group && !read_separator(reader)))
			return;
	}
	if (reader->is_in_group)
		(void)fail(reader, AUTHOR_UNCLOSED);
}

/* Whether line ends are followed by a blank, or by nothing, and no other octet is a control. */
static bool
is_folded_text(struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		const char c = text.at[i], next = i + 1 < text.length ? text.at[i + 1] : ' ';

		if (c == '\r'   ? next != '\n' && i + 1 < text.length
		    : c == '\n' ? next != ' ' && next != '\t'
				: c != '\t' && ((unsigned char)c < ' ' || c == 0x7f))
			return false;
	}
	return true;
}

/* "From", and what some readers take for it: with octets around it that cannot be seen. */
static bool
is_from(struct span name, bool *is_plain)
{
	*is_plain = span_equals_nocase(name, SPAN("From"));
	while (name.length > 0 && (!ascii_is_printable(name.at[0]) || name.at[0] == ' '))
		name = span_from(name, 1);
	while (name.length > 0
	       && (!ascii_is_printable(name.at[name.length - 1]) || name.at[name.length - 1] == ' '))
		name.length--;
	return span_equals_nocase(name, SPAN("From"));
}

/* Whether a line begins with "From:" for a reader that takes any control octet for the end of a line. */
static bool
hides_from(struct span value)
{
	for (size_t at = 1; at < value.length; at++) {
		const unsigned char before = (unsigned char)value.at[at - 1];
		size_t end = at + 4;

		if ((before >= ' ' && before != 0x7f) || before == '\t'
		    || !span_starts_with_nocase(span_from(value, at), SPAN("From")))
			continue;
		while (end < value.length && (!ascii_is_printable(value.at[end]) || value.at[end] == ' '))
			end++;
		if (end < value.length && value.at[end] == ':')
			return true;
	}
	return false;
}

void
author_add(struct author *author, struct span name, struct span value)
{
	struct reader reader = { .author = author, .text = value };
	bool is_plain;

	if (!is_from(name, &is_plain)) {
		author->fields += hides_from(value) ? 1 : 0;
		return;
	}
	author->fields++;
	if (!is_plain)
		(void)fail(&reader, AUTHOR_FIELD_NAME);
	else if (value.length > BOUND_AUTHOR_OCTETS)
		(void)fail(&reader, AUTHOR_TOO_LONG);
	else if (!is_folded_text(value))
		(void)fail(&reader, AUTHOR_CONTROL_OCTETS);
	else if (author->fields == 1) /* nothing that others say could make it one again */
		read_list(&reader);
}

static bool
has_second_reading(const struct author *author)
{
	return author->has_more_strays
	       || (author->stray[0] != '\0' && strcmp(author->stray, author->domain) != 0);
}

enum author_finding
author_judge(const struct author *author)
{
	if (author->fields == 0)
		return AUTHOR_NO_FIELD;
	if (author->fields > 1)
		return AUTHOR_SEVERAL_FIELDS;
	if (author->fault != AUTHOR_UNCHECKED)
		return author->fault;
	if (author->addresses == 0)
		return AUTHOR_NO_ADDRESS;
	if (author->other[0] != '\0')
		return AUTHOR_SEVERAL_DOMAINS;
	return has_second_reading(author) ? AUTHOR_SECOND_READING : AUTHOR_ONE;
}

const char *
author_domain(const struct author *author)
{
	return author_judge(author) == AUTHOR_ONE ? author->domain : "";
}
