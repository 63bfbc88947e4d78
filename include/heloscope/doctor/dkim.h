/*
 * dkim: the key of DKIM (RFC 6376).
 */
#ifndef HELOSCOPE_DOCTOR_DKIM_H
#define HELOSCOPE_DOCTOR_DKIM_H

#include "heloscope/doctor/exam.h"

void exam_dkim(struct exam *exam);

#endif
