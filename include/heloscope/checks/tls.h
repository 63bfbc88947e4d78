/*
 * check_tls: TLS of the client's session, and what the server at its address offers when it receives.
 */
#ifndef HELOSCOPE_CHECKS_TLS_H
#define HELOSCOPE_CHECKS_TLS_H

#include "heloscope/checks/check.h"

extern const struct check check_tls;
extern const struct check check_peer_tls;

#endif
