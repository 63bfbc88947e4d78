#include "heloscope/records/take.h"

#include <string.h>
#include <time.h>

#include "heloscope/base/escape.h"

const char *
take_as_written(const struct node *text)
{
	return text != NULL ? text->value.text : NULL;
}

struct span
take_span(struct taking *taking, const struct node *text)
{
	struct span rest = { text->value.text, text->length };
	char *whole;
	size_t length = 0;

	/* Most have no escapes, and stand as they are. */
	if (text->is_plain)
		return rest;
	whole = take_room(taking, rest.length + 1, 1);
	if (whole == NULL)
		return (struct span){ "", 0 };
	while (rest.length > 0)
		rest = span_from(rest, escape_undo(rest, &whole[length++]));
	return (struct span){ whole, length };
}

const char *
take_text_of(struct taking *taking, const struct node *text)
{
	struct span whole;

	/* Of one without escapes, which most are, the NUL behind it is the first: the tree takes none within.
	 */
	if (text->is_plain)
		return text->value.text;
	whole = take_span(taking, text);
	taking->has_fault = taking->has_fault || memchr(whole.at, '\0', whole.length) != NULL;
	return whole.at;
}

void
take_escaped(struct taking *taking, const struct node *object, const char *key, char *out, size_t size)
{
	const struct node *member = tree_member(object, key);
	const size_t length = member != NULL ? member->length : 0;

	if (length >= size) {
		taking->has_fault = true;
		return;
	}
	if (length > 0)
		memcpy(out, member->value.text, length);
	out[length] = '\0';
}

/* The number that `length` digits make. */
static int
number_of(const char *digits, int length)
{
	int number = 0;

	while (length-- > 0)
		number = 10 * number + *digits++ - '0';
	return number;
}

int64_t
take_time(struct taking *taking, const struct node *object, const char *key)
{
	const char *text = take_as_written(tree_member(object, key));
	struct tm parts = { 0 }, again;
	time_t time;

	if (text == NULL)
		return 0;
	parts.tm_year = number_of(text, 4) - 1900;
	parts.tm_mon = number_of(text + 5, 2) - 1;
	parts.tm_mday = number_of(text + 8, 2);
	parts.tm_hour = number_of(text + 11, 2);
	parts.tm_min = number_of(text + 14, 2);
	parts.tm_sec = number_of(text + 17, 2);
	again = parts;
	time = timegm(&again); /* which moves what is out of range */
	if (time <= 0 || again.tm_mon != parts.tm_mon || again.tm_mday != parts.tm_mday
	    || again.tm_hour != parts.tm_hour || again.tm_min != parts.tm_min || again.tm_sec != parts.tm_sec)
		taking->has_fault = true;
	return time;
}

struct ipaddr
take_address(struct taking *taking, const struct node *object, const char *key)
{
	const char *text = take_as_written(tree_member(object, key));
	struct ipaddr address = { .length = 0 };

	if (text != NULL && !ipaddr_parse(span_of(text), &address))
		taking->has_fault = true;
	return address;
}

int
take_item(struct taking *taking, const struct node *word, const struct tokens *tokens)
{
	const char *text = take_as_written(word);

	for (size_t i = 0; i < tokens->count && text != NULL; i++)
		if (tokens->words[i] != NULL && tokens->words[i][0] == text[0]
		    && strcmp(tokens->words[i], text) == 0)
			return (int)i;
	taking->has_fault = true;
	return 0;
}

void *
take_room(struct taking *taking, size_t count, size_t size)
{
	void *room = arena_alloc(taking->arena, count * size);

	taking->has_fault = taking->has_fault || room == NULL;
	return room;
}
