/*
 * check_helo: what the client called itself, against the DNS and its reverse name.
 *
 * pass: the HELO name resolves to the client, equals a verified reverse name, or is the literal
 * of its address; fail: neither; permerror: no valid name (RFC 5321, 4.1.1.1); none: there was no
 * HELO. RFC 5321, 4.1.4 forbids to refuse mail for this alone.
 */
#ifndef HELOSCOPE_CHECKS_HELO_H
#define HELOSCOPE_CHECKS_HELO_H

#include "heloscope/checks/check.h"

extern const struct check check_helo;

#endif
