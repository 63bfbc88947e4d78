/*
 * notice: what a sending server writes to people about mail that was not delivered, read out of its text.
 *
 * Postfix, Exim, Sendmail, qmail, Courier, OpenSMTPD, Exchange and Microsoft 365, Gmail, GMX and whoever
 * writes alike; quoted ("> "), indented, wrapped anywhere; with the fields of a delivery status notification
 * in it, where somebody has pasted them. It is read by its shape: a recipient, then what is said of him, up
 * to the message that is returned. Text only; one thread.
 */
#ifndef HELOSCOPE_MAILS_NOTICE_H
#define HELOSCOPE_MAILS_NOTICE_H

#include "heloscope/mails/findings.h"

/* Note what it says; `text` must stay. Returns what stands behind it: the message that is returned, or
 * nothing. */
struct span notice_read(struct span text, struct findings *findings) MUST_USE;

#endif
