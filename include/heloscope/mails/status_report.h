/*
 * status_report: the fields of a delivery status notification (RFC 3464), as servers write them.
 *
 * Read are also fields of unknown types or none, folded, not folded at all, or broken by quoted-printable,
 * that contradict each other, and blocks that lack what the RFC wants. Text only; one thread.
 */
#ifndef HELOSCOPE_MAILS_STATUS_REPORT_H
#define HELOSCOPE_MAILS_STATUS_REPORT_H

#include "heloscope/mails/findings.h"

/* Note what the fields say; `text` must stay. Returns how many recipients they tell of. */
size_t status_report_read(struct span text, struct findings *findings) MUST_USE;

/* Whether a line begins a field of such a report. */
bool status_report_has_field(struct span line);

/* A date of RFC 5322, in seconds since 1970, or REFUSAL_NO_TIME. */
time_t status_report_time(struct span date);

#endif
