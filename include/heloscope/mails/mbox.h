/*
 * mbox: messages as they come in pieces: one, or many in an mbox, each read once it is complete.
 *
 * Holds one message, and of one that is too long (BOUND_MAIL_OCTETS, BOUND_MAIL_LINES) the beginning: an mbox
 * of 10 GB takes no more memory than its largest message. One thread.
 */
#ifndef HELOSCOPE_MAILS_MBOX_H
#define HELOSCOPE_MAILS_MBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/mails/message.h"

#define MBOX_LINE 320 /* octets of a line in which the words that part messages are looked for */

struct mbox {
	struct message_taker taker;
	bool is_mbox; /* whether lines with "From " part messages */
	char *memory; /* the message, up to its bounds */
	size_t length, room, lines_kept;
	char line[MBOX_LINE]; /* the beginning of the line that is read, until it is known to be no parting
				 one */
	size_t line_length;
	bool is_inside;            /* that beginning is done, and the line not */
	bool is_behind_empty;      /* the line before was empty */
	bool has_failed;           /* memory ran out: what was too much is missing */
	unsigned long lines;       /* so many have ended */
	size_t messages, refusals; /* read, and told */
};

/* Begin. Keeps what `taker` points to; its `line` and `is_alone` are found here. */
void mbox_init(struct mbox *mbox, bool is_mbox, const struct message_taker *taker);

/* Read some octets; messages that end in them are told. */
void mbox_add(struct mbox *mbox, struct span octets);

/* All has come: the last message is told. Returns how many refusals there were in all. */
size_t mbox_finish(struct mbox *mbox);

/* Free what it holds. */
void mbox_clear(struct mbox *mbox);

#endif
