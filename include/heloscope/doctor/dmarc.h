/*
 * dmarc: the DMARC record (RFC 9989).
 */
#ifndef HELOSCOPE_DOCTOR_DMARC_H
#define HELOSCOPE_DOCTOR_DMARC_H

#include "heloscope/doctor/exam.h"

void exam_dmarc(struct exam *exam);

/*
 * Whether DMARC lets a pass for `domain` count for the author's: strictly, the very same; else of the same
 * organization. Of what SPF passes, else of a signature.
 */
bool exam_is_aligned(struct exam *exam, const char *domain, bool is_spf);

#endif
