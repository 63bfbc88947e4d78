/*
 * sts: what is published about TLS of the servers.
 */
#ifndef HELOSCOPE_DOCTOR_STS_H
#define HELOSCOPE_DOCTOR_STS_H

#include "heloscope/doctor/exam.h"

/* What is published about TLS of the servers: MTA-STS (RFC 8461), reports (RFC 8460). */
void exam_mta_sts(struct exam *exam);
void exam_tls_reports(struct exam *exam);

#endif
