/*
 * dkim: the keys of DKIM (RFC 6376).
 */
#ifndef HELOSCOPE_DOCTOR_DKIM_H
#define HELOSCOPE_DOCTOR_DKIM_H

#include "heloscope/doctor/exam.h"

/* The name of the record of a key of the order, in the arena. */
const char *exam_key_name(struct exam *exam, const struct doctor_key *key);

/* All keys of the order; what of them counts goes into the report. */
void exam_dkim(struct exam *exam);

#endif
