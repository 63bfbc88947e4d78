/*
 * message: one message with all its parts (MIME), and what it tells of refusals.
 *
 * By gmime, within bounds: of parts, of their depth, of what is decoded; what is beyond is passed over. A
 * bounce may also stand in an attachment or in the body of a message that forwards it. One thread at a time.
 */
#ifndef HELOSCOPE_MAILS_MESSAGE_H
#define HELOSCOPE_MAILS_MESSAGE_H

#include <stdbool.h>

#include "heloscope/mails/attachment.h"
#include "heloscope/refusals/refusal.h"

/* Who gets what is read, and where it stands. */
struct message_taker {
	refusal_taker *refusal;
	void *context;
	struct span file;                   /* as refusals name it */
	unsigned long line;                 /* where the message begins in it, from 1 */
	const struct report_taker *reports; /* NULL: reports of receivers are passed over */
	bool is_alone; /* it was given by itself, not in a folder with others: what it says of replies counts,
			* even if it is no bounce by its look */
};

/* Read a message (RFC 5322) of whatever octets. Returns how many refusals it told. */
size_t message_read(struct span octets, const struct message_taker *taker) MUST_USE;

/* The same of text that is no message, but what somebody copied out of a bounce: what it says of
 * recipients by name, or in fields of RFC 3464. Replies without are left to mails/text.h. */
size_t message_read_text(struct span text, const struct message_taker *taker) MUST_USE;

#endif
