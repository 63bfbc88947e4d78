/*
 * group: the findings of several domains together: what is the same of several is one, and the costliest
 * stands first.
 *
 * One thread.
 */
#ifndef HELOSCOPE_DOCTOR_GROUP_H
#define HELOSCOPE_DOCTOR_GROUP_H

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/doctor/report.h"

/* A finding, and whose it is. */
struct doctor_group {
	const struct doctor_finding *finding; /* of the first of them */
	size_t number;                        /* in the order in which they were found */
	enum doctor_cost cost;
	const size_t *domains; /* numbers of reports, ascending */
	size_t domain_count;
	const char *publish; /* the records of all of them, each on a line; or NULL */
};

struct doctor_groups {
	struct doctor_group *items; /* by cost, then by severity, then in the order of the table */
	size_t count;
};

/* Group the findings of all; memory of `arena`, which must outlive the groups as `reports` must. What does
 * not fit there is left out. */
struct doctor_groups doctor_group_findings(const struct doctor_report *reports, size_t count,
					   struct arena *arena) MUST_USE;

/* Add `text` with the subject of a finding in place of each "%s". */
void doctor_add_filled(struct strbuf *out, const char *text, const char *subject);

/* Add what to do about it, a sentence; nothing when there is nothing to do. */
void doctor_add_remedy(struct strbuf *out, const struct doctor_group *group);

#endif
