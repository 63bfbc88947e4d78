/*
 * check_spf: SPF for the sender's domain and, as a second result, for the HELO name.
 *
 * RFC 7208 through heloscope/spf/spf.h, reported as RFC 8601, 2.7.2 asks. The null sender stands for
 * postmaster at the HELO name (RFC 7208, 2.4) and so has no result of its own.
 */
#ifndef HELOSCOPE_CHECKS_SPF_H
#define HELOSCOPE_CHECKS_SPF_H

#include "heloscope/checks/check.h"

extern const struct check check_spf_helo;
extern const struct check check_spf;

#endif
