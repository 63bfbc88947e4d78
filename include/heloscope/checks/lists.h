/*
 * check_lists: DNS lists: who lists the client, its names, the sender's domain? (RFC 5782, RFC 8904)
 *
 * One question for each list and subject, all at once; the list's TXT reason only when it lists.
 * Only answers in 127.0.0.0/8 that the list's entry counts are listings; 127.255.255.0/24 and
 * addresses elsewhere are faults of the list. Private addresses are never asked about.
 */
#ifndef HELOSCOPE_CHECKS_LISTS_H
#define HELOSCOPE_CHECKS_LISTS_H

#include "heloscope/checks/check.h"

extern const struct check check_list_client; /* by address */
extern const struct check check_list_ptr;    /* by verified reverse name */
extern const struct check check_list_helo;
extern const struct check check_list_sender;
/* What follows from all of these. */
extern const struct check check_dnsbl;
extern const struct check check_dnswl;

#endif
