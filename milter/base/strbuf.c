#include "heloscope/base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "heloscope/base/escape.h"

void
strbuf_init(struct strbuf *buffer, char *memory, size_t size)
{
	memory[0] = '\0';
	*buffer = (struct strbuf){ .text = memory, .size = size };
}

void
strbuf_add_span(struct strbuf *buffer, struct span text)
{
	const size_t room = buffer->size - 1 - buffer->length;

	if (text.length > room) {
		text.length = room;
		buffer->is_cut = true;
	}
	memcpy(buffer->text + buffer->length, text.at, text.length);
	buffer->length += text.length;
	buffer->text[buffer->length] = '\0';
}

void
strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
	const size_t room = buffer->size - buffer->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer->text + buffer->length, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room) {
		buffer->is_cut = true;
		buffer->length = length < 0 ? buffer->length : buffer->size - 1;
		buffer->text[buffer->length] = '\0';
	} else {
		buffer->length += (size_t)length;
	}
}

void
strbuf_shorten(struct strbuf *buffer, size_t length)
{
	buffer->length = length;
	buffer->text[length] = '\0';
	buffer->is_cut = false;
}

void
strbuf_add_shown(struct strbuf *buffer, struct span text, unsigned keep)
{
	while (text.length > 0) {
		const size_t plain = escape_plain_length(text, keep);
		char shown[ESCAPE_SIZE] = "";

		strbuf_add_span(buffer, (struct span){ text.at, plain });
		text = span_from(text, plain);
		if (text.length > 0)
			text = span_from(text, escape_next(text, keep, shown));
		strbuf_add(buffer, shown);
	}
}

void
strbuf_add_escaped(struct strbuf *buffer, struct span text, size_t limit)
{
	const bool is_long = text.length > limit;

	if (is_long)
		text.length = limit;
	strbuf_add_shown(buffer, text, ESCAPE_ALL);
	if (is_long)
		strbuf_add(buffer, "...");
}

static bool
is_plain(const char *word)
{
	size_t i = 0;

	while (ascii_is_alnum(word[i]) || ascii_is_among(word[i], "/._-+,:@%"))
		i++;
	return word[i] == '\0' && i > 0;
}

void
strbuf_add_shell_word(struct strbuf *buffer, const char *word)
{
	if (is_plain(word)) {
		strbuf_add(buffer, word);
		return;
	}
	strbuf_add_char(buffer, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			strbuf_add(buffer, "'\\'");
		strbuf_add_char(buffer, *word);
	}
	strbuf_add_char(buffer, '\'');
}
