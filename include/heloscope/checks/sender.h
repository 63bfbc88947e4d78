/*
 * check_sender: can the sender's domain receive a bounce?
 *
 * pass: it has an MX host, or without MX an address itself (RFC 5321, 5.1), that mail can get to
 * (heloscope/dns/mail_way.h); fail: it has neither, is localhost, or says that it takes no mail (RFC 7505);
 * none: there is no domain; permerror: no valid address; temperror: a fault of the DNS hides whether one of
 * the hosts is well. Private addresses in trust { networks } are near, and count. Of the MX hosts the best
 * BOUND_SENDER_HOSTS are looked at.
 */
#ifndef HELOSCOPE_CHECKS_SENDER_H
#define HELOSCOPE_CHECKS_SENDER_H

#include "heloscope/checks/check.h"

extern const struct check check_sender;

#endif
