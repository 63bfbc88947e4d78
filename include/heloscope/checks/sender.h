/*
 * check_sender: can the sender's domain receive a bounce?
 *
 * pass: it has an MX record, or without one an address (RFC 5321, 5.1); fail: it has neither, or
 * says that it takes no mail (RFC 7505); none: there is no domain; permerror: no valid address.
 */
#ifndef HELOSCOPE_CHECKS_SENDER_H
#define HELOSCOPE_CHECKS_SENDER_H

#include "heloscope/checks/inquiry.h"

extern const struct check check_sender;

#endif
