#include "heloscope/records/value.h"

#include "heloscope/base/clock.h"
#include "heloscope/base/strbuf.h"

#define TEXT_MAX 2000 /* octets of a text that are kept */

json_t *
record_escaped(struct span text)
{
	char memory[4 * TEXT_MAX + 4];
	struct strbuf escaped;

	strbuf_init(&escaped, memory, sizeof memory);
	strbuf_add_escaped(&escaped, text, TEXT_MAX);
	return document_text(span_of(memory));
}

void
record_set_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		document_put(object, key, record_escaped(span_of(text)));
}

void
record_set_token(json_t *object, const char *key, const struct tokens *tokens, int value)
{
	document_put(object, key, document_text(span_of(tokens->words[value])));
}

void
record_set_escaped(json_t *object, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		document_put(object, key, document_text(span_of(text)));
}

void
record_set_time(json_t *object, const char *key, int64_t seconds)
{
	char text[CLOCK_TEXT_SIZE];

	if (seconds != 0)
		record_set_text(object, key, clock_format(seconds, text));
}

void
record_set_number(json_t *object, const char *key, size_t number)
{
	document_set_number(object, key, (json_int_t)number);
}

void
record_set_flag(json_t *object, const char *key, bool flag)
{
	document_set_flag(object, key, flag);
}

void
record_set_address(json_t *object, const char *key, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	if (address->length > 0)
		record_set_text(object, key, ipaddr_format(address, text));
}

json_t *
record_result(enum result result)
{
	json_t *object = json_object();

	record_set_text(object, "result", result_word(result));
	return object;
}
