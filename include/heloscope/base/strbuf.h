/*
 * strbuf: text of bounded length, built piece by piece.
 *
 * Lives in memory that the caller gives and never allocates. What does not fit is cut and
 * remembered in `is_cut`; the text is terminated at every moment. Not for sharing between
 * threads without a lock.
 */
#ifndef HELOSCOPE_BASE_STRBUF_H
#define HELOSCOPE_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "heloscope/base/span.h"

struct strbuf {
	char *text;    /* terminated */
	size_t length; /* octets without the final NUL */
	size_t size;   /* octets that `text` takes, with the NUL; at least 1 */
	bool is_cut;   /* something did not fit */
};

/* Start with no text in `memory` of `size` octets, which must be at least 1. Keeps `memory`. */
void strbuf_init(struct strbuf *buffer, char *memory, size_t size);

/* A strbuf over a local array. */
#define STRBUF_OVER(array)                                                                                   \
	{                                                                                                    \
		.text = memset((array), 0, 1), .size = sizeof(array)                                         \
	}

void strbuf_add_span(struct strbuf *buffer, struct span text);

static inline void
strbuf_add(struct strbuf *buffer, const char *text)
{
	strbuf_add_span(buffer, span_of(text));
}

static inline void
strbuf_add_char(struct strbuf *buffer, char c)
{
	if (buffer->length + 1 >= buffer->size) {
		buffer->is_cut = true;
		return;
	}
	buffer->text[buffer->length++] = c;
	buffer->text[buffer->length] = '\0';
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Take back all behind the first `length` octets, at most as many as there are; `is_cut` with them. */
void strbuf_shorten(struct strbuf *buffer, size_t length);

/* Add bytes of unknown origin, each as escape_next() writes it. */
void strbuf_add_shown(struct strbuf *buffer, struct span text, unsigned keep);

/*
 * Add bytes of unknown origin so that they can stand in a log, a reply or a header: octets
 * 0x20 to 0x7e as they are, but a backslash doubled; every other octet as \xHH. After `limit`
 * octets of `text` the rest is left out and "..." says so.
 */
void strbuf_add_escaped(struct strbuf *buffer, struct span text, size_t limit);

/* Add one word of a command that somebody pastes into a shell: what is more than a plain path stands in
 * single quotes. */
void strbuf_add_shell_word(struct strbuf *buffer, const char *word);

#endif
