/*
 * text: refusals as people paste them, one after the other.
 *
 * One begins with its first line, and ends at an empty line, or in front of a line that has a reply code of
 * its own when there was one before, or that a server logged of a mail that it refused. Lines of a reply
 * ("550-..."), indented lines and those of a transcript ("<<< ...") go on. The log of qmail is spelt out: "_"
 * is a blank there. Memory is bounded, whatever comes: of a refusal BOUND_REFUSAL_TEXT octets are kept. One
 * thread.
 */
#ifndef HELOSCOPE_MAILS_TEXT_H
#define HELOSCOPE_MAILS_TEXT_H

#include "heloscope/base/bounds.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/refusals/refusal.h"

struct text_reader {
	struct span file; /* for struct refusal */
	refusal_taker *take;
	void *context;

	/* Its own. */
	char line_memory[BOUND_REFUSAL_TEXT + 1], memory[BOUND_REFUSAL_TEXT + 1];
	struct strbuf line, text; /* the line that is read, and the refusal up to it */
	unsigned long line_number, first_line;
	bool has_code, is_transcript;
	char open_code[4]; /* of a reply that goes on: "550"; or "" */
};

/* Begin; `file` must stay. */
void text_reader_init(struct text_reader *reader, struct span file, refusal_taker *take, void *context);

/* Read some octets; refusals that end in them are handed over. */
void text_reader_add(struct text_reader *reader, struct span octets);

/* All has come: the last one is handed over. */
void text_reader_finish(struct text_reader *reader);

/* Whether it is rather one notice of a bounce, with words for people before and around what was answered. */
bool text_is_notice(struct span text);

#endif
