/*
 * addresses: from where mail of the domain goes out.
 */
#ifndef HELOSCOPE_DOCTOR_ADDRESSES_H
#define HELOSCOPE_DOCTOR_ADDRESSES_H

#include "heloscope/doctor/exam.h"

/* Those that were named, else those that MX and SPF show; into the report. */
void exam_addresses(struct exam *exam);

#endif
