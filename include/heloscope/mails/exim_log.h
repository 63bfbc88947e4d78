/*
 * exim_log: deliveries in Exim's main log, as a file of its own or by syslog.
 *
 * Read are "<=" (who sent), "=>", "->" and ">>" (delivered), "**" (failed) and "==" (deferred) with ids of
 * either length and the words about SMTP errors in both orders. A deferral for which nothing was tried
 * ("retry time not reached") is passed over.
 */
#ifndef HELOSCOPE_MAILS_EXIM_LOG_H
#define HELOSCOPE_MAILS_EXIM_LOG_H

#include "heloscope/mails/log_line.h"

/*
 * Read a line from its own time stamp or id on, and hand over what it tells of a recipient. False when it is
 * no line about a message. `line` has the host; its time counts where the text has none.
 */
bool exim_log_take(struct log_state *state, const struct log_line *line, struct span text);

/* Whether a line, with the time in front, tells who sent a message, or of an attempt to deliver it. */
bool exim_log_is_line(struct span text);

#endif
