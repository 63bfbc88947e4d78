/*
 * said: what a sending server writes around an answer that it got: who answered, and to what.
 *
 * "host mx.example[192.0.2.1] said: 550 ... (in reply to RCPT TO command)" of Postfix, "SMTP error from
 * remote mail server after RCPT TO:<...>: host mx.example [192.0.2.1]: 550 ..." of Exim in all its orders,
 * and their like; in a log on one line, in a bounce on several. Text only; any thread.
 */
#ifndef HELOSCOPE_MAILS_SAID_H
#define HELOSCOPE_MAILS_SAID_H

#include "heloscope/refusals/refusal.h"

/* All within what was read. */
struct said {
	struct span text; /* the answer; all that was read, trimmed, when nobody is said to have given it */
	struct span host; /* empty: not said */
	struct ipaddr address;    /* length 0: not said */
	enum refusal_stage stage; /* NONE: not said */
	bool is_own;              /* whoever answered logged it himself */
	bool is_temporary;        /* he did, and that he refused for now only */
};

struct said said_read(struct span text) MUST_USE;

#endif
