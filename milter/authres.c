#include "heloscope/authres.h"

#include <string.h>

#include "heloscope/domain.h"

#define LINE_MAX 78 /* octets, RFC 5322, 2.1.1 */
#define VALUE_MAX 255
#define PRINTABLE_SIZE (VALUE_MAX * 3 + 4) /* each octet as %HH, "..." and a NUL */
#define FIELD_NAME "Authentication-Results: "

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

static bool
is_token(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || ascii_is_among(*text, "()<>@,;:\\\"/[]?="))
			return false;
	return true;
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
	for (size_t i = 0; i < text.length; i++) {
		const unsigned char c = (unsigned char)text.at[i];

		if (c >= ' ' && c <= '~' && !ascii_is_among((char)c, special))
			strbuf_add_char(out, (char)c);
		else
			strbuf_printf(out, "%%%02x", c);
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
	authres->column = strlen(FIELD_NAME) + out->length;
}

void
authres_result(struct authres *authres, const char *method, enum result result)
{
	const char *word = result_word(result);

	strbuf_printf(authres->out, ";\n    %s=%s", method, word);
	authres->column = 4 + strlen(method) + 1 + strlen(word);
	authres->has_result = true;
}

void
authres_property(struct authres *authres, const char *property, struct span value)
{
	char memory[PRINTABLE_SIZE + 64];
	struct strbuf word;

	strbuf_init(&word, memory, sizeof memory);
	strbuf_printf(&word, "%s=", property);
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
authres_end(struct authres *authres)
{
	if (!authres->has_result)
		strbuf_add(authres->out, "; none");
}

/* Reading. */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the text behind blanks and comments begins; the length when a comment never ends. */
static size_t
skip_cfws(struct span text, size_t at, bool *is_broken)
{
	size_t depth = 0;

	for (; at < text.length; at++) {
		const char c = text.at[at];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0)
			at++;
		else if (depth == 0 && !is_blank(c))
			return at;
	}
	*is_broken = depth > 0;
	return text.length;
}

/* Copy the authserv-id at `at` without quotes and backslashes; returns where it ends. */
static size_t
read_id(struct span text, size_t at, struct strbuf *id, bool *is_broken)
{
	const bool is_quoted = at < text.length && text.at[at] == '"';

	for (at += is_quoted ? 1 : 0; at < text.length; at++) {
		const char c = text.at[at];

		if (is_quoted ? c == '"' : is_blank(c) || ascii_is_among(c, ";(),/=\""))
			return is_quoted ? at + 1 : at;
		if (is_quoted && c == '\\' && at + 1 < text.length)
			strbuf_add_char(id, text.at[++at]);
		else if (!is_blank(c) || c == ' ')
			strbuf_add_char(id, c);
	}
	*is_broken = is_quoted;
	return text.length;
}

static bool
id_is_among(struct span id, const char *const *ids, size_t count)
{
	char normalized[DOMAIN_SIZE];

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

/* Whether one of the ids, without what stands for "any", occurs somewhere. */
static bool
mentions_an_id(struct span text, const char *const *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct span id = span_of(strncmp(ids[i], "*.", 2) == 0 ? ids[i] + 2 : ids[i]);

		for (size_t at = 0; at + id.length <= text.length; at++)
			if (span_starts_with_nocase(span_from(text, at), id))
				return true;
	}
	return false;
}

static bool
has_unsupported_version(struct span value, size_t at)
{
	bool is_broken = false;
	size_t end;

	at = skip_cfws(value, at, &is_broken);
	for (end = at; end < value.length && ascii_is_digit(value.at[end]);)
		end++;
	return end > at && !span_equals((struct span){ value.at + at, end - at }, SPAN("1"));
}

enum authres_author
authres_author(struct span value, const char *const *ids, size_t count)
{
	char memory[DOMAIN_SIZE * 4];
	struct strbuf id;
	bool is_broken = false;
	size_t at;

	strbuf_init(&id, memory, sizeof memory);
	at = skip_cfws(value, 0, &is_broken);
	if (!is_broken)
		at = read_id(value, at, &id, &is_broken);
	if (is_broken)
		return mentions_an_id(value, ids, count) ? AUTHRES_OURS : AUTHRES_OTHER;
	if (id_is_among((struct span){ id.text, id.length }, ids, count))
		return AUTHRES_OURS;
	return has_unsupported_version(value, at) ? AUTHRES_UNSUPPORTED : AUTHRES_OTHER;
}
