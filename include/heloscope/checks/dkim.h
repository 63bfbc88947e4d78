/*
 * check_dkim: the signatures of the message (RFC 6376), and whose it is by its From field.
 *
 * The key of a signature is asked for as soon as its field has come, and the body is hashed as it passes by.
 * Of more than BOUND_SIGNATURES signatures those are left out that are not of the author's domain, from
 * below. The result is that of the best signature.
 */
#ifndef HELOSCOPE_CHECKS_DKIM_H
#define HELOSCOPE_CHECKS_DKIM_H

#include "heloscope/checks/check.h"

extern const struct check check_dkim;

#endif
