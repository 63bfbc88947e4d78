/*
 * addresses: from where mail of the domain goes out.
 */
#ifndef HELOSCOPE_DOCTOR_ADDRESSES_H
#define HELOSCOPE_DOCTOR_ADDRESSES_H

#include "heloscope/doctor/exam.h"

/* Those that were named, and of reports those that SPF allows; else those that MX and SPF show. Into the
 * report. */
void exam_addresses(struct exam *exam);

/* Of the bounce domains that only reports name take the first that has an SPF record, or may have; those
 * before it are told as left out. */
void exam_reported_bounces(struct exam *exam);

#endif
