/*
 * dkim: the keys of DKIM (RFC 6376).
 */
#ifndef HELOSCOPE_DOCTOR_DKIM_H
#define HELOSCOPE_DOCTOR_DKIM_H

#include "heloscope/doctor/exam.h"

/* Whether signatures of `domain`, d=, tell something about `examined`: it is the same, lies within it, or is
 * of the same organization. Both normalized. */
bool doctor_key_concerns(const char *domain, const char *examined);

/* Choose those of the order that are looked at for this domain. */
void exam_choose_keys(struct exam *exam);

/* The name of the record of a key, in the arena. */
const char *exam_key_name(struct exam *exam, const struct doctor_key *key);

/* All keys that were chosen, and the message, if there is one; what of them counts goes into the report. */
void exam_dkim(struct exam *exam);

#endif
