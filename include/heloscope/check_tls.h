/*
 * check_tls: TLS of the client's session, and what the server at its address offers when it receives.
 */
#ifndef HELOSCOPE_CHECK_TLS_H
#define HELOSCOPE_CHECK_TLS_H

#include "heloscope/check.h"

extern const struct check check_tls;

#endif
