/*
 * spf: the SPF record, and whether it lets an address pass.
 */
#ifndef HELOSCOPE_DOCTOR_SPF_H
#define HELOSCOPE_DOCTOR_SPF_H

#include "heloscope/doctor/exam.h"

/* What it says in general. */
void exam_spf_record(struct exam *exam);

/* And of one address, of which the filter's checks found `facts`. */
void exam_spf_pass(struct exam *exam, const struct ipaddr *address, const struct facts *facts);

#endif
