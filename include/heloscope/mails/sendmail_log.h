/*
 * sendmail_log: deliveries in a log of Sendmail, by any of its names (sendmail, sm-mta).
 *
 * Of a reply of several lines Sendmail writes the first one, or words of its own ("Service unavailable"), or
 * none. What it refuses itself is not read: there we are the receiver.
 */
#ifndef HELOSCOPE_MAILS_SENDMAIL_LOG_H
#define HELOSCOPE_MAILS_SENDMAIL_LOG_H

#include "heloscope/mails/log_line.h"

bool sendmail_log_is_program(struct span program);

/* Read a line of such a program, and hand over what it tells of each recipient. */
void sendmail_log_take(struct log_state *state, const struct log_line *line);

/* Whether a message tells who sent or got one. */
bool sendmail_log_is_line(struct span message);

#endif
