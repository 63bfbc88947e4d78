/*
 * answer: the first sentence of the doctor: which domains pass, why the others do not, and what to do first.
 */
#ifndef HELOSCOPE_DOCTOR_ANSWER_H
#define HELOSCOPE_DOCTOR_ANSWER_H

#include "heloscope/doctor/group.h"

/* What the examination of one domain comes to, by the worst that a finding costs; a token. */
const char *doctor_state_token(const struct doctor_report *report);

/* Add the answer. */
void doctor_answer(const struct doctor_report *reports, size_t count, const struct doctor_groups *groups,
		   struct strbuf *out);

#endif
