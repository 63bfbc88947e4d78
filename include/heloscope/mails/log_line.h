/*
 * log_line: a line of a log, taken apart as far as all programs write it alike, and what readers of it share.
 *
 * Text only, within the line; nothing is allocated.
 */
#ifndef HELOSCOPE_MAILS_LOG_LINE_H
#define HELOSCOPE_MAILS_LOG_LINE_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/mails/log_clock.h"
#include "heloscope/mails/log_queue.h"
#include "heloscope/refusals/refusal.h"

/* A span in a table that lasts. */
#define LOG_WORD(literal)                                                                                    \
	{                                                                                                    \
		(literal), sizeof(literal) - 1                                                               \
	}

struct log_line {
	unsigned long number; /* in its file, from 1 */
	struct span before;   /* with the time stamp, unless `time` is set */
	time_t time;          /* or REFUSAL_NO_TIME: not read yet */
	struct span host;     /* that wrote it; empty: not said */
	struct span program;  /* "postfix/smtp" */
	struct span message;  /* what it said */
};

/* Take "Nov 27 10:00:00 host program[123]: message" apart; the number stays. False when no "[123]: " stands
 * in it. */
bool log_line_split(struct span line, struct log_line *parts) MUST_USE;

/* What is known while a log is read, and to whom it is handed. */
struct log_state {
	struct log_queue queue;
	struct log_clock clock;
	struct span file;
	time_t since; /* what is older is not handed over; 0: all is */
	refusal_taker *take;
	void *context;
};

/* Set time, file and line of what was read of a line, and its sender if it is known from another, and hand it
 * over. */
void log_state_hand_over(struct log_state *state, const struct log_line *line, struct refusal *refusal);

/* Whether `text` begins with a text, to the letter, which is then taken off. */
bool log_take(struct span *text, struct span words);

void log_skip_blanks(struct span *text);

/* Where a text stands in `text`, at least once: what is before the first, and behind it; else false. */
bool log_cut(struct span text, struct span words, struct span *before, struct span *behind);

/*
 * Take an address off `text` whose "<" was taken, and the ">": what stands in quotes is part of it, whatever
 * it is. An empty one is "<>". False when it has no end.
 */
bool log_take_address(struct span *text, struct span *address) MUST_USE;

/*
 * Take a queue id, of letters and digits, and the ": " behind it off `text`. Any word may be one: Postfix
 * writes six letters and more, but who shows a log shortens them; what follows tells.
 */
bool log_take_id(struct span *text, struct span *id) MUST_USE;

/* "NAME[192.0.2.1]", "NAME. [192.0.2.1]" or "NAME [IPv6:2001:db8::1]:25" as host and address of a refusal;
 * what is none of them, "none", sets neither. */
void log_read_relay(struct span relay, struct refusal *refusal);

/* "5.7.1"; what is none sets class 0. */
struct enhanced_code log_read_dsn(struct span text) MUST_USE;

/* Whether a delivery went to another server, and not to a filter or to mailboxes of ours. `relay` as it
 * stands in the log. */
bool log_is_away(const struct refusal *refusal, struct span relay);

#endif
