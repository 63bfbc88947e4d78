/*
 * tell: the reports of an examination, for people and for programs.
 *
 * One thread.
 */
#ifndef HELOSCOPE_DOCTOR_TELL_H
#define HELOSCOPE_DOCTOR_TELL_H

#include "heloscope/base/arena.h"
#include "heloscope/base/output.h"
#include "heloscope/doctor/report.h"

/*
 * The answer; the findings of all domains, the costliest first, with records that begin a line and are never
 * broken, to be pasted into a zone file; the table; the evidence; what large receivers ask for. Takes memory
 * from `arena`.
 */
void doctor_put(const struct doctor_report *reports, size_t count, struct arena *arena, struct output *out);

/* An array of reports, as heloscope(1) says; findings in the order of their cost. */
void doctor_put_json(const struct doctor_report *reports, size_t count, struct arena *arena,
		     struct output *out);

#endif
