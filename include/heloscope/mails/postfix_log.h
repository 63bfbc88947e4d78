/*
 * postfix_log: deliveries in a log of Postfix, by any of its names (postfix-out/smtp, server1-1/lmtp, ...).
 *
 * What Postfix's own servers refuse (smtpd, cleanup, postscreen) is not read: there we are the receiver.
 */
#ifndef HELOSCOPE_MAILS_POSTFIX_LOG_H
#define HELOSCOPE_MAILS_POSTFIX_LOG_H

#include "heloscope/mails/log_line.h"

/* What a program's name is about. */
enum postfix_program {
	POSTFIX_NONE,   /* nothing of Postfix */
	POSTFIX_OTHER,  /* nothing that delivers: smtpd, cleanup */
	POSTFIX_QUEUE,  /* the queue manager, which names senders */
	POSTFIX_CLIENT, /* tells of deliveries */
};

enum postfix_program postfix_log_program(struct span program);

/* Read a line of such a program, and hand over what it tells of a recipient. */
void postfix_log_take(struct log_state *state, const struct log_line *line, enum postfix_program program);

/* Whether a message tells of a delivery: "4FXY: to=<...>, ... status=bounced (...)", as people also quote it
 * alone. */
bool postfix_log_is_delivery(struct span message);

#endif
