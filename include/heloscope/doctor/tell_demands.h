/*
 * tell_demands: what large receivers ask for, and which of the domains does it, for people and for programs.
 *
 * One thread.
 */
#ifndef HELOSCOPE_DOCTOR_TELL_DEMANDS_H
#define HELOSCOPE_DOCTOR_TELL_DEMANDS_H

#include <jansson.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/output.h"
#include "heloscope/doctor/report.h"

/* A title, and a paragraph for each demand but those `left_out`, bits 1 << enum doctor_demand. */
void doctor_put_demands(const struct doctor_report *reports, size_t count, unsigned left_out,
			struct output *out);

/* An array of them, as heloscope(1) says. */
json_t *doctor_demands_json(const struct doctor_report *report) MUST_USE;

#endif
