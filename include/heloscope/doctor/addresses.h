/*
 * addresses: from where mail of the domain goes out.
 */
#ifndef HELOSCOPE_DOCTOR_ADDRESSES_H
#define HELOSCOPE_DOCTOR_ADDRESSES_H

#include "heloscope/doctor/exam.h"

/* Those that were named, and of reports those that SPF allows; else those that MX and SPF show. Into the
 * report. */
void exam_addresses(struct exam *exam);

#endif
