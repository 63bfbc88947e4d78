/*
 * check_iprev: does the client's reverse DNS name lead back to it? (RFC 8601, section 3)
 *
 * Asks PTR, then the addresses of at most 10 names at once, in alphabetical order so that the
 * outcome does not depend on how a server turns its answer. pass: a name resolves to the client;
 * fail: none does; permerror: there is no name; temperror: the DNS did not tell.
 */
#ifndef HELOSCOPE_CHECKS_IPREV_H
#define HELOSCOPE_CHECKS_IPREV_H

#include "heloscope/checks/check.h"

extern const struct check check_iprev;

#endif
