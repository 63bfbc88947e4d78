/*
 * server: the mail servers of a domain, looked at from outside.
 */
#ifndef HELOSCOPE_DOCTOR_SERVER_H
#define HELOSCOPE_DOCTOR_SERVER_H

#include "heloscope/doctor/exam.h"

/* The mail servers: banner, TLS, DANE and, where that is asked for, relaying. */
void exam_servers(struct exam *exam);

#endif
