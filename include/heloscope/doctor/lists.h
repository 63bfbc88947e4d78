/*
 * lists: which lists have the domain, or an address of the report.
 */
#ifndef HELOSCOPE_DOCTOR_LISTS_H
#define HELOSCOPE_DOCTOR_LISTS_H

#include "heloscope/doctor/exam.h"

/* Ask all of them at once: a hundred that do not answer are waited for no longer than one. */
void exam_want_lists(struct exam *exam);

/* Wait, and tell. */
void exam_lists(struct exam *exam);

#endif
