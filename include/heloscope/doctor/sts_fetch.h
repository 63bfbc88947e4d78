/*
 * sts_fetch: the policy of MTA-STS, fetched as a sender does (RFC 8461, 3.3): by HTTPS with a valid
 * certificate, no redirects, status 200; and from public addresses only, or those that the setting `networks`
 * of the look-back allows.
 */
#ifndef HELOSCOPE_DOCTOR_STS_FETCH_H
#define HELOSCOPE_DOCTOR_STS_FETCH_H

#include "heloscope/base/must_use.h"
#include "heloscope/doctor/exam.h"

/* Fetch it from `host`. NULL, with the text in the arena; or what went wrong, in words, and `policy`
 * untouched. Waits. */
const char *sts_fetch(struct exam *exam, const char *host, struct span *policy) MUST_USE;

#endif
