#include "heloscope/base/document.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/escape.h"

static _Thread_local bool has_failed;

void
document_begin(void)
{
	has_failed = false;
}

bool
document_has_failed(void)
{
	return has_failed;
}

static bool
is_utf8(struct span text)
{
	for (size_t at = 0; at < text.length;) {
		const bool is_ascii = (unsigned char)text.at[at] < 0x80; /* most is */
		const size_t length = is_ascii ? 1 : escape_utf8_length(span_from(text, at));

		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

/* With octets that belong to no character as \xHH; for free(3), or NULL. */
static char *
make_utf8(struct span text, size_t *length)
{
	char *whole = malloc(4 * text.length + ESCAPE_SIZE), *end = whole;

	if (whole == NULL)
		return NULL;
	while (text.length > 0) {
		size_t taken = escape_utf8_length(text);

		if (taken > 0) {
			memcpy(end, text.at, taken);
			end += taken;
		} else {
			taken = escape_next(text, ESCAPE_KEEP_BACKSLASH, end);
			end += strlen(end);
		}
		text = span_from(text, taken);
	}
	*end = '\0';
	*length = (size_t)(end - whole);
	return whole;
}

json_t *
document_text(struct span text)
{
	json_t *json = NULL;
	size_t length;
	char *whole;

	if (is_utf8(text)) {
		json = json_stringn(text.at, text.length);
	} else if ((whole = make_utf8(text, &length)) != NULL) {
		json = json_stringn(whole, length);
		free(whole);
	}
	has_failed = has_failed || json == NULL;
	return json;
}

/* For keys that are no UTF-8; NULL when memory ran out. */
static const char *
key_of(const char *key, char **memory)
{
	size_t length;

	*memory = NULL;
	if (is_utf8(span_of(key)))
		return key;
	*memory = make_utf8(span_of(key), &length);
	return *memory;
}

void
document_put(json_t *object, const char *key, json_t *value)
{
	char *memory;
	const char *name = key_of(key, &memory);

	if (name == NULL)
		json_decref(value);
	if (name == NULL || json_object_set_new(object, name, value) != 0)
		has_failed = true;
	free(memory);
}

json_t *
document_member(const json_t *object, const char *key)
{
	char *memory;
	const char *name = key_of(key, &memory);
	json_t *member = name != NULL ? json_object_get(object, name) : NULL;

	free(memory);
	return member;
}

const char *
document_text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(document_member(object, key));

	return text != NULL ? text : "";
}

json_int_t
document_number_of(const json_t *object, const char *key)
{
	return json_integer_value(document_member(object, key));
}

struct span
document_span_of(const json_t *object, const char *key)
{
	const json_t *text = document_member(object, key);

	return json_is_string(text) ? (struct span){ json_string_value(text), json_string_length(text) }
				    : SPAN("");
}

void
document_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		has_failed = true;
}

void
document_set_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		document_put(object, key, document_text(span_of(text)));
}

void
document_set_number(json_t *object, const char *key, json_int_t number)
{
	document_put(object, key, json_integer(number));
}

void
document_set_flag(json_t *object, const char *key, bool flag)
{
	document_put(object, key, json_boolean(flag));
}

void
document_set_span(json_t *object, const char *key, struct span text)
{
	document_put(object, key, text.length > 0 ? document_text(text) : json_null());
}

void
document_set_address(json_t *object, const char *key, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	document_set_span(object, key,
			  address->length > 0 ? span_of(ipaddr_format(address, text)) : SPAN(""));
}

void
document_set_time(json_t *object, const char *key, int64_t time)
{
	char text[CLOCK_TEXT_SIZE];

	document_set_span(object, key, time >= 0 ? span_of(clock_format(time, text)) : SPAN(""));
}

/* Writing. */

/* Jansson leaves DEL as it is. It stands in strings only. */
static char *
escape_del(char *text)
{
	size_t count = 0, length = strlen(text);
	char *longer;

	for (const char *at = text; (at = strchr(at, 0x7f)) != NULL; at++)
		count++;
	if (count == 0)
		return text;
	longer = malloc(length + 5 * count + 1);
	if (longer != NULL) {
		char *end = longer;

		for (const char *at = text; *at != '\0'; at++) {
			const bool is_del = *at == 0x7f;

			memcpy(end, is_del ? "\\u007f" : at, is_del ? 6 : 1);
			end += is_del ? 6 : 1;
		}
		*end = '\0';
	}
	free(text);
	return longer;
}

static char *
dump(const json_t *json, size_t flags)
{
	char *text = json_dumps(json, flags | JSON_ENSURE_ASCII);

	return text != NULL ? escape_del(text) : NULL;
}

void
document_count(json_t *table, const char *name, json_int_t more)
{
	json_t *count = document_member(table, name);

	if (count == NULL)
		document_set_number(table, name, more);
	else
		(void)json_integer_set(count, json_integer_value(count) + more);
}

void
document_count_all(json_t *table, json_t *more)
{
	for (void *at = json_object_iter(more); at != NULL; at = json_object_iter_next(more, at))
		document_count(table, json_object_iter_key(at),
			       json_integer_value(json_object_iter_value(at)));
}

char *
document_line(const json_t *json)
{
	return dump(json, JSON_COMPACT);
}

size_t
document_size(const json_t *json)
{
	return json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
}

void
document_print(struct output *out, const json_t *json)
{
	char *text = dump(json, JSON_INDENT(2));

	if (text == NULL)
		return;
	output_lines(out, span_of(text));
	output_put(out, "\n");
	free(text);
}

json_t *
document_read(struct span json)
{
	return json_loadb(json.at, json.length, JSON_REJECT_DUPLICATES, NULL);
}

bool
document_print_again(struct span text, struct output *out)
{
	json_t *json = document_read(text);

	document_print(out, json);
	json_decref(json);
	return json != NULL;
}

void
document_put_script(struct output *out, const json_t *json)
{
	char *text = document_line(json);

	for (const char *at = text != NULL ? text : "{}"; *at != '\0';) {
		const size_t length = strcspn(at, "<");

		output_span(out, (struct span){ at, length });
		at += length;
		if (*at == '<') {
			output_put(out, "\\u003c");
			at++;
		}
	}
	output_put(out, "\n");
	free(text);
}
