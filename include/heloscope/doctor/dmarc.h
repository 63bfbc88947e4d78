/*
 * dmarc: the DMARC record (RFC 9989).
 */
#ifndef HELOSCOPE_DOCTOR_DMARC_H
#define HELOSCOPE_DOCTOR_DMARC_H

#include "heloscope/doctor/exam.h"

void exam_dmarc(struct exam *exam);

/*
 * Whether DMARC lets a pass for `domain` count for the author's (RFC 9989, 4.4): strictly, the very same;
 * else of the same organization. Of what SPF passes, else of a signature.
 */
enum exam_alignment { EXAM_ALIGNED, EXAM_UNALIGNED, EXAM_ALIGNMENT_UNKNOWN };
enum exam_alignment exam_align(struct exam *exam, const char *domain, bool is_spf);

/* Show in `row` that it aligns, or tell that it is not known. */
void exam_set_alignment(struct exam *exam, enum doctor_row row, const char *domain,
			enum exam_alignment alignment);

#endif
