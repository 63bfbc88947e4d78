/*
 * mx: where mail for the domain goes, and whether bounces come back.
 */
#ifndef HELOSCOPE_DOCTOR_MX_H
#define HELOSCOPE_DOCTOR_MX_H

#include "heloscope/doctor/exam.h"

/* Where mail for the domain goes, and whether bounces come back. */
void exam_mx(struct exam *exam);
void exam_bounces(struct exam *exam);

#endif
