/*
 * bounce: the parts of one message that may be a bounce, read together.
 *
 * Who has taken a message to pieces (mails/message.h), or has but text, hands the pieces over; what they say
 * of one recipient becomes one refusal (mails/findings.h), with the sender from the message that is returned.
 * One thread.
 */
#ifndef HELOSCOPE_MAILS_BOUNCE_H
#define HELOSCOPE_MAILS_BOUNCE_H

#include <stdbool.h>

#include "heloscope/mails/findings.h"

/* All spans but `file` must stay until bounce_tell() has returned, best in the arena of the findings. */
struct bounce {
	struct findings findings;
	struct span sender,
		recipient;          /* of the message that came back, from elsewhere than the report; empty */
	enum refusal_status status; /* of those of whom the bounce does not say it */
	time_t time;                /* REFUSAL_NO_TIME: not known */
	bool is_nameless_wanted;    /* what is said of nobody by name is told, too */
	struct span file;           /* for struct refusal */
	unsigned long line;
};

void bounce_init(struct bounce *bounce, struct arena *arena);

/* Read a part message/delivery-status. */
void bounce_read_status(struct bounce *bounce, struct span text);

/* Read the text that people are shown, and the beginning of a message that it ends with. */
void bounce_read_text(struct bounce *bounce, struct span text);

/* Learn the sender from the header of the message that is returned; nothing when there is none. */
void bounce_read_returned(struct bounce *bounce, struct span header);

/* The address that a field of a header names; empty: none. */
struct span bounce_address(struct span value);

/* Hand over what was found and is worth that much. Returns how many there were. */
size_t bounce_tell(struct bounce *bounce, enum worth at_least, refusal_taker *taker, void *context);

#endif
