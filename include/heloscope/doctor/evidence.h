/*
 * evidence: the records on which an examination rests, as the DNS has them.
 */
#ifndef HELOSCOPE_DOCTOR_EVIDENCE_H
#define HELOSCOPE_DOCTOR_EVIDENCE_H

#include "heloscope/doctor/exam.h"

/* Into the report, each on a line: "example.org MX 10 mail.example.org". All of it was looked up before, but
 * for what the filter's own checks asked. */
void exam_evidence(struct exam *exam);

/* Those of the addresses alone. */
void exam_address_evidence(struct exam *exam);

#endif
