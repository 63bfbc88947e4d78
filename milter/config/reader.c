#include "heloscope/config/reader.h"

#include <stdarg.h>
#include <string.h>

#include "heloscope/config/secrets.h"

/* Complaints. */

void
config_complain(struct config_reader *reader, struct place place, const char *format, ...)
{
	char message[CONFIG_MESSAGE_SIZE], masked[CONFIG_MESSAGE_SIZE];
	va_list arguments;

	reader->reading->errors++;
	if (reader->reading->errors > CONFIG_ERRORS_SHOWN)
		return;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	output_put(reader->reading->messages, "%s:%d:%d: %s\n", reader->path, place.line, place.column,
		   config_mask(reader->config, message, masked, sizeof masked));
}

const char *
config_where(struct config_reader *reader, struct place place)
{
	return arena_printf(&reader->config->arena, "%s:%d", reader->path, place.line);
}

void
config_warn(struct output *messages, const char *where, const char *format, ...)
{
	va_list arguments;

	output_put(messages, "%s: warning: ", where);
	va_start(arguments, format);
	output_arguments(messages, format, arguments);
	va_end(arguments);
	output_put(messages, "\n");
}

void
config_add_found(struct strbuf *message, const char *found)
{
	const bool is_text = found[0] == '"';

	strbuf_add(message, is_text ? "found the text " : "found \"");
	strbuf_add_escaped(message, span_of(found), 60);
	strbuf_add(message, is_text ? "" : "\"");
}

/* "unknown REGARD "word"; did you mean "b"? Expected "a", "b" or "c"" */
static void
complain_of_word(struct config_reader *reader, const char *regard, struct word word, const char *const *known,
		 size_t count)
{
	char memory[600] = "";
	struct strbuf message;

	strbuf_init(&message, memory, sizeof memory);
	if (reader->reading->errors >= CONFIG_ERRORS_SHOWN)
		count = 0; /* it is not shown, and to look for the nearest word takes its time */
	if (regard != NULL)
		strbuf_printf(&message, "unknown %s \"%.60s\"", regard, word.text);
	else
		config_add_found(&message, word.text);
	for (size_t i = 0, listed = config_add_hint(&message, word.text, known, count) ? count : 0;
	     i < listed; i++)
		strbuf_printf(&message, "%s\"%s\"", i == 0 ? "" : i + 1 == count ? " or " : ", ", known[i]);
	config_complain(reader, word.place, "%s", memory);
	reader->excused = reader->serial;
}

size_t
config_known_word(struct config_reader *reader, const char *regard, struct word word,
		  const char *const *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(known[i], word.text) == 0)
			return i;
	complain_of_word(reader, regard, word, known, count);
	return count;
}

/* Braces. */

void
config_count_brace(struct config_reader *reader, struct place place, const char *text)
{
	if (text[0] == '{' && reader->open_braces++ < CONFIG_BRACES_MAX)
		reader->braces[reader->open_braces - 1] = (struct brace){ .place = place };
	if (text[0] == '}' && reader->open_braces > 0)
		reader->open_braces--;
}

struct brace *
config_open_brace(struct config_reader *reader)
{
	const int known = reader->open_braces < CONFIG_BRACES_MAX ? reader->open_braces : CONFIG_BRACES_MAX;

	return known > 0 ? &reader->braces[known - 1] : NULL;
}

/* What may be said once. */

void
config_add_text(struct config_reader *reader, struct text_set *set, const char *text)
{
	const char **items = arena_grow(&reader->config->arena, set->items, set->count, sizeof *items);

	if (items == NULL)
		return;
	set->items = items;
	set->items[set->count++] = text;
}

/* Where it was said before, or NULL: then it is from now on. */
static const char *
said_before(struct config_reader *reader, struct said_set *said, const char *name, struct place place)
{
	struct said *items;

	for (size_t i = 0; i < said->count; i++)
		if (strcmp(said->items[i].name, name) == 0)
			return said->items[i].where;
	items = arena_grow(&reader->config->arena, said->items, said->count, sizeof *items);
	if (items == NULL)
		return NULL;
	said->items = items;
	items[said->count++] = (struct said){ name, config_where(reader, place) };
	return NULL;
}

static void
add_once(struct config_reader *reader, struct said_set *said, const char *name, struct place place)
{
	const char *first = said_before(reader, said, name, place);

	if (first != NULL)
		config_complain(reader, place, "\"%s\" is given twice, first in %s; expected it once", name,
				first);
}

const char *
config_said_before(struct config_reader *reader, const char *name, struct place place)
{
	return said_before(reader, &reader->config->said, name, place);
}

void
config_once(struct config_reader *reader, const char *name, struct place place)
{
	add_once(reader, &reader->config->said, name, place);
}

void
config_begin_options(struct config_reader *reader)
{
	reader->said_here = (struct said_set){ .count = 0 };
}

void
config_once_here(struct config_reader *reader, const char *name, struct place place)
{
	add_once(reader, &reader->said_here, name, place);
}
