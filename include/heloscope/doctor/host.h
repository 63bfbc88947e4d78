/*
 * host: where the mail comes from: reverse DNS and HELO of an address.
 */
#ifndef HELOSCOPE_DOCTOR_HOST_H
#define HELOSCOPE_DOCTOR_HOST_H

#include "heloscope/doctor/exam.h"

/* A name of the reverse DNS that leads back to the address, or ""; in the arena. */
const char *exam_verified_name(struct exam *exam, const struct ipaddr *address);

/* What the filter's checks found of it: reverse DNS and, where one was named, HELO. */
void exam_host(struct exam *exam, const struct ipaddr *address, const struct facts *facts);

#endif
