/*
 * check_dmarc: does the domain of the author (From) vouch for the message, and what does it want done with
 * one for which it does not? (RFC 9989)
 *
 * Rests on what SPF of MAIL FROM and DKIM found. A message without exactly one author's domain is permerror,
 * never none; so is a record without a valid policy. All names of a walk are asked for when From has come.
 */
#ifndef HELOSCOPE_CHECKS_DMARC_H
#define HELOSCOPE_CHECKS_DMARC_H

#include "heloscope/checks/check.h"

extern const struct check check_dmarc;

#endif
