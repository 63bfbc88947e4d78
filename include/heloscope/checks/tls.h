/*
 * check_tls: TLS of the client's session, and what the server at its address offers when it receives.
 */
#ifndef HELOSCOPE_CHECKS_TLS_H
#define HELOSCOPE_CHECKS_TLS_H

#include <stdbool.h>

#include "heloscope/checks/check.h"

/* Whether a version, as OpenSSL and MTAs call it, is one that nobody should use any more (RFC 8996). */
bool tls_is_old(const char *version);

extern const struct check check_tls;
extern const struct check check_peer_tls;

#endif
