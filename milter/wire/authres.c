#include "heloscope/wire/authres.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/domain.h"
#include "heloscope/base/escape.h"

#define LINE_MAX 78 /* octets, RFC 5322, 2.1.1 */
#define VALUE_MAX 255
#define PRINTABLE_SIZE (VALUE_MAX * 3 + 4) /* each octet as %HH, "..." and a NUL */
#define FIELD_NAME "Authentication-Results: "
#define REMARK_SIZE 64 /* octets for what is said of results that are left out */

static const char *const result_words[RESULTS] = {
	[RESULT_UNCHECKED] = "unchecked", [RESULT_NONE] = "none",           [RESULT_NEUTRAL] = "neutral",
	[RESULT_PASS] = "pass",           [RESULT_FAIL] = "fail",           [RESULT_SOFTFAIL] = "softfail",
	[RESULT_POLICY] = "policy",       [RESULT_TEMPERROR] = "temperror", [RESULT_PERMERROR] = "permerror",
};

const char *
result_word(enum result result)
{
	return result_words[result];
}

enum result
result_from_word(const char *word)
{
	for (int result = RESULT_NONE; result < RESULTS; result++)
		if (strcmp(result_words[result], word) == 0)
			return (enum result)result;
	return RESULT_UNCHECKED;
}

bool
result_is_bad(enum result result)
{
	return result == RESULT_FAIL || result == RESULT_SOFTFAIL || result == RESULT_PERMERROR;
}

/* Writing. */

/* RFC 2045, section 5.1. What most are is asked for first. */
static bool
is_token_octet(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_'
	       || (ascii_is_printable(c) && !ascii_is_among(c, " ()<>@,;:\\\"/[]?="));
}

static bool
is_token(const char *text)
{
	const char *at = text;

	while (is_token_octet(*at))
		at++;
	return at > text && *at == '\0';
}

/*
 * Printable octets as they are, others, and those in `special`, as %HH. There are no quoted
 * pairs in what we write: readers in wide use do not know them, and to those a \" would end the
 * value and begin one of the sender's choice.
 */
static void
add_printable(struct strbuf *out, struct span text, const char *special)
{
	const bool is_long = text.length > VALUE_MAX;

	if (is_long)
		text.length = VALUE_MAX;
	while (text.length > 0) {
		size_t plain = escape_run_length(text, special);

		strbuf_add_span(out, (struct span){ text.at, plain });
		if (plain < text.length)
			strbuf_printf(out, "%%%02x", (unsigned char)text.at[plain++]);
		text = span_from(text, plain);
	}
	if (is_long)
		strbuf_add(out, "...");
}

void
authres_add_value(struct strbuf *out, struct span value)
{
	char memory[PRINTABLE_SIZE];
	struct strbuf printable;
	bool is_plain;

	strbuf_init(&printable, memory, sizeof memory);
	add_printable(&printable, value, "\"\\%");
	is_plain = is_token(memory);
	strbuf_add(out, is_plain ? "" : "\"");
	strbuf_add(out, memory);
	strbuf_add(out, is_plain ? "" : "\"");
}

/* Add a word behind a blank, or on a line of its own when the line is full. */
static void
add_word(struct authres *authres, const char *word)
{
	const size_t length = strlen(word);

	if (authres->column + 1 + length >= LINE_MAX) {
		strbuf_add(authres->out, "\n        ");
		authres->column = 8;
	} else {
		strbuf_add_char(authres->out, ' ');
		authres->column++;
	}
	strbuf_add(authres->out, word);
	authres->column += length;
}

void
authres_begin(struct authres *authres, struct strbuf *out, const char *authserv_id)
{
	*authres = (struct authres){ .out = out };
	authres_add_value(out, span_of(authserv_id));
	authres->head = authres->whole = out->length;
	authres->column = strlen(FIELD_NAME) + out->length;
}

void
authres_mark(struct authres *authres,
	     bool (*is_important)(const void *context, const char *property, struct span value),
	     const void *context)
{
	authres->is_important = is_important;
	authres->context = context;
}

static enum authres_kind
kind_of(enum result result)
{
	if (result_is_bad(result))
		return AUTHRES_AGAINST;
	if (result == RESULT_TEMPERROR)
		return AUTHRES_FAULT;
	return result == RESULT_NONE ? AUTHRES_NOTHING : AUTHRES_FOR;
}

/* The rank of the result that was told last, from 1 for the most important. */
static unsigned
rank_of(struct authres *authres)
{
	const enum authres_kind kind = kind_of(authres->result);
	const char **first = &authres->first[kind];
	const bool is_first = *first == NULL || strcmp(*first, authres->method) != 0;
	const unsigned group = is_first ? 0 : authres->is_marked ? 1 : 2;

	*first = authres->method;
	return 1 + group * AUTHRES_KINDS + (unsigned)kind;
}

/* The last result is told: it stays when this is its pass and there is room for it, else it is taken back. */
static void
close_result(struct authres *authres)
{
	struct strbuf *out = authres->out;

	if (!authres->is_open)
		return;
	authres->is_open = false;
	if ((authres->pass == 0 || rank_of(authres) == authres->pass) && !out->is_cut
	    && out->size - out->length > REMARK_SIZE) {
		authres->whole = out->length;
		authres->kept++;
	} else {
		strbuf_shorten(out, authres->whole);
	}
}

void
authres_result(struct authres *authres, const char *method, enum result result)
{
	const char *word = result_word(result);

	close_result(authres);
	strbuf_add(authres->out, ";\n    ");
	strbuf_add(authres->out, method);
	strbuf_add_char(authres->out, '=');
	strbuf_add(authres->out, word);
	authres->column = 4 + strlen(method) + 1 + strlen(word);
	authres->method = method;
	authres->result = result;
	authres->is_open = true;
	authres->is_marked = false;
	authres->told += authres->pass == 0;
}

bool
authres_tells_again(struct authres *authres)
{
	close_result(authres);
	if (authres->kept == authres->told || authres->pass == 3 * AUTHRES_KINDS)
		return false;
	if (authres->pass++ == 0) {
		authres->whole = authres->head;
		authres->kept = 0;
		strbuf_shorten(authres->out, authres->whole);
	}
	memset(authres->first, 0, sizeof authres->first);
	return true;
}

void
authres_property(struct authres *authres, const char *property, struct span value)
{
	char memory[PRINTABLE_SIZE + 64];
	struct strbuf word;

	if (authres->is_important != NULL && authres->is_important(authres->context, property, value))
		authres->is_marked = true;
	strbuf_init(&word, memory, sizeof memory);
	strbuf_add(&word, property);
	strbuf_add_char(&word, '=');
	authres_add_value(&word, value);
	add_word(authres, memory);
}

void
authres_comment(struct authres *authres, const char *text)
{
	char memory[PRINTABLE_SIZE + 4];
	struct strbuf word;

	strbuf_init(&word, memory, sizeof memory);
	strbuf_add_char(&word, '(');
	add_printable(&word, span_of(text), "()\\%");
	strbuf_add_char(&word, ')');
	add_word(authres, memory);
}

void
authres_remark(struct authres *authres, const char *text)
{
	authres_comment(authres, text);
	authres->head = authres->whole = authres->out->length;
}

void
authres_end(struct authres *authres)
{
	char remark[REMARK_SIZE - 20];

	close_result(authres);
	if (authres->kept == 0)
		strbuf_add(authres->out, "; none");
	if (authres->kept == authres->told)
		return;
	(void)snprintf(remark, sizeof remark, "+%zu results left out", authres->told - authres->kept);
	authres->column = LINE_MAX;
	authres_comment(authres, remark);
}

/* Reading. */

/*
 * What is clean is defined, and all else is not, since readers do not agree on anything but the
 * plainest: one takes a form feed for a blank, one decodes encoded words, one knows no quoted pairs.
 */
static bool
is_clean(struct span text)
{
	for (size_t at = 0; at < text.length; at++) {
		const char c = text.at[at];
		const char next = at + 1 < text.length ? text.at[at + 1] : '\0';

		if (c == '\r' ? next != '\n' : c == '\n' && next != ' ' && next != '\t')
			return false; /* no folding */
		if (!ascii_is_blank(c) && !ascii_is_printable(c))
			return false;
		if (c == '\\' || (c == '=' && next == '?'))
			return false;
	}
	return true;
}

/* Where the text behind blanks and comments begins; a comment holds no other and no ";". */
static size_t
skip_cfws(struct span text, size_t at)
{
	while (at < text.length) {
		size_t end = at + 1;

		if (text.at[at] == '(') {
			while (end < text.length && !ascii_is_among(text.at[end], "();\""))
				end++;
			if (end == text.length || text.at[end++] != ')')
				return at;
		} else if (!ascii_is_blank(text.at[at])) {
			return at;
		}
		at = end;
	}
	return at;
}

/* How many octets of a token there are; "%" is none of them, as our own writer escapes with it. */
static size_t
token_length(struct span text)
{
	size_t length = 0;

	while (length < text.length && text.at[length] > ' ' && text.at[length] <= '~'
	       && !ascii_is_among(text.at[length], "()<>@,;:\\\"/[]?=%"))
		length++;
	return length;
}

/* Read a token, bare or between quotes; returns where it ends, `at` when there is none. */
static size_t
read_id(struct span text, size_t at, struct span *id)
{
	const size_t begin = at + (at < text.length && text.at[at] == '"');
	const size_t end = begin + token_length(span_from(text, begin));

	*id = (struct span){ text.at + begin, end - begin };
	if (id->length == 0)
		return at;
	if (begin == at)
		return end;
	return end < text.length && text.at[end] == '"' ? end + 1 : at;
}

static bool
id_is_among(struct span id, const char *const *ids, size_t count)
{
	char normalized[DOMAIN_SIZE];

	while (id.length > 0 && id.at[0] == '.')
		id = span_from(id, 1);
	while (id.length > 0 && id.at[id.length - 1] == '.')
		id.length--;
	if (domain_normalize(id, normalized))
		id = span_of(normalized);
	for (size_t i = 0; i < count; i++) {
		char ours[DOMAIN_SIZE];
		const struct span pattern =
			domain_normalize(span_of(ids[i]), ours) ? span_of(ours) : span_of(ids[i]);

		if (domain_matches(id, pattern))
			return true;
	}
	return false;
}

enum authres_author
authres_author(struct span value, const char *const *ids, size_t count)
{
	const char *const semicolon = value.length > 0 ? memchr(value.at, ';', value.length) : NULL;
	const struct span head = { value.at,
				   semicolon != NULL ? (size_t)(semicolon - value.at) : value.length };
	struct span id;
	size_t at, begin, version;

	begin = skip_cfws(head, 0);
	at = read_id(head, begin, &id);
	if (!is_clean(head) || at == begin || id_is_among(id, ids, count))
		return AUTHRES_OURS;
	begin = skip_cfws(head, at);
	for (at = begin; at < head.length && ascii_is_digit(head.at[at]);)
		at++;
	version = at - begin;
	if (skip_cfws(head, at) < head.length)
		return AUTHRES_OURS;
	if (version > 0 && !span_equals((struct span){ head.at + begin, version }, SPAN("1")))
		return AUTHRES_UNSUPPORTED;
	return AUTHRES_OTHER;
}

/* Whether the text begins with `id`, case, blanks, quotes and comments between its octets aside. */
static bool
spells(struct span text, struct span id)
{
	size_t at = 0;

	for (size_t i = 0; i < id.length; i++, at++) {
		while (i > 0 && at < text.length
		       && (ascii_is_blank(text.at[at]) || ascii_is_among(text.at[at], "\"("))) {
			const size_t behind = skip_cfws(text, at);

			at = behind > at ? behind : at + 1;
		}
		if (at >= text.length || ascii_lower(text.at[at]) != ascii_lower(id.at[i]))
			return false;
	}
	return true;
}

static bool
mentions_id(struct span text, const char *pattern)
{
	char normalized[DOMAIN_SIZE];
	struct span id = span_of(pattern);

	if (*pattern == '*') /* "*" is any, "*.example" what ends in it */
		id = span_from(id, id.length > 2 ? 2 : id.length);
	if (domain_normalize(id, normalized))
		id = span_of(normalized);
	for (size_t at = 0; at < text.length; at++)
		if (spells(span_from(text, at), id))
			return true;
	return false;
}

static bool
has_nested_comment(struct span text)
{
	bool is_inside = false;

	for (size_t at = 0; at < text.length; at++) {
		if (text.at[at] == (is_inside ? '(' : ')'))
			return true;
		if (text.at[at] == '(' || text.at[at] == ')')
			is_inside = !is_inside;
	}
	return is_inside;
}

bool
authres_may_name(struct span value, const char *const *ids, size_t count)
{
	if (!is_clean(value) || has_nested_comment(value))
		return true;
	for (size_t i = 0; i < count; i++)
		if (mentions_id(value, ids[i]))
			return true;
	return false;
}
