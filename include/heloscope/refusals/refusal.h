/*
 * refusal: what became of one message for one recipient at a server that is not ours, as somebody wrote it
 * down: a log, a bounce, or who pasted the reply.
 *
 * Readers of logs and bounces fill it and hand it to a callback; what the reply means is found by
 * refusals/recognize.h. Plain data. All spans are the reader's and good until the callback returns; they may
 * hold any octets, and are escaped by who shows them.
 */
#ifndef HELOSCOPE_REFUSALS_REFUSAL_H
#define HELOSCOPE_REFUSALS_REFUSAL_H

#include <time.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/span.h"

#define REFUSAL_NO_TIME ((time_t)-1)

/* What the client had said when the server answered so. */
enum refusal_stage {
	REFUSAL_STAGE_NONE, /* not known, or no server answered */
	REFUSAL_STAGE_CONNECT,
	REFUSAL_STAGE_GREETING,
	REFUSAL_STAGE_HELO,
	REFUSAL_STAGE_MAIL,
	REFUSAL_STAGE_RCPT,
	REFUSAL_STAGE_DATA,
	REFUSAL_STAGE_END_OF_DATA,
	REFUSAL_STAGES
};

/* What the sending server made of it. */
enum refusal_status {
	REFUSAL_STATUS_NONE, /* not said: somebody pasted a reply */
	REFUSAL_DELIVERED,
	REFUSAL_DEFERRED, /* will be tried again */
	REFUSAL_REFUSED,  /* will not */
	REFUSAL_EXPIRED,  /* was deferred for too long */
	REFUSAL_STATUSES
};

/* An enhanced status code (RFC 3463); class 0: none. */
struct enhanced_code {
	unsigned class, subject, detail; /* 2, 4 or 5; 0 to 999; 0 to 999 */
};

struct refusal {
	/* What was answered: the receiver's words with their codes, lines joined by line ends or blanks, or
	 * what the sending server says instead ("connect to ...: Connection timed out"). Words that a program
	 * puts around them may be left ("host H[A] said: ... (in reply to RCPT TO command)"). Of more than
	 * BOUND_REFUSAL_TEXT octets the first count. Empty when nothing was said. */
	struct span text;

	struct span host;      /* name of the server that answered; empty: not known */
	struct ipaddr address; /* its address; length 0: not known */
	enum refusal_stage stage;
	unsigned code;                 /* reply code, 200 to 599, when it stands beside the text; else 0 */
	struct enhanced_code enhanced; /* likewise: dsn=, Status: */

	struct span sender, recipient; /* addresses without brackets; a sender that is known and null is "<>";
					* empty: not known */
	struct ipaddr client;          /* our address from which it was sent; length 0: not known */
	struct span queue_id;          /* empty: none */
	time_t time;                   /* seconds since 1970, UTC; or REFUSAL_NO_TIME */
	enum refusal_status status;

	struct span file;   /* where it stands, as it was named; empty: standard input */
	unsigned long line; /* of that, from 1; 0: not counted */
};

/* A refusal of which nothing is known but the text. */
struct refusal refusal_of_text(struct span text);

/* Takes note of one; what it wants to keep it copies. */
typedef void refusal_taker(void *context, const struct refusal *refusal);

/* The tokens of what was done and when: "delivered", "end-of-data"; of the first ones NULL. */
const char *refusal_status_token(enum refusal_status status);
const char *refusal_stage_token(enum refusal_stage stage);

#endif
