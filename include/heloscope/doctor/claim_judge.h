/*
 * claim_judge: what an examination says of a refusal: whether it is so now, what to do, and in which rows one
 * domain differs from others.
 *
 * No state, asks nothing; any thread.
 */
#ifndef HELOSCOPE_DOCTOR_CLAIM_JUDGE_H
#define HELOSCOPE_DOCTOR_CLAIM_JUDGE_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/doctor/claim_subject.h"
#include "heloscope/doctor/report.h"

enum claim_state {
	CLAIM_NOT_TESTED,    /* nothing was asked, or there is nothing that the DNS could show */
	CLAIM_CONFIRMED,     /* it is so now */
	CLAIM_NOT_CONFIRMED, /* the DNS says otherwise now */
	CLAIM_NOT_TESTABLE,  /* this cannot be seen from here */
	CLAIM_STATES
};

struct claim {
	enum claim_state state;
	const char *finding; /* what the DNS says, or why it was not asked and what to look at instead; "" */
	const char *publish; /* records, each whole on a line of a zone file, with "\n" between; or NULL */
};

/* Whether it cannot be seen from here, as something is not known that would have to be asked for: then
 * `claim` says so. `text` must stay. */
bool claim_is_untestable(const struct claim_subject *subject, struct strbuf *text,
			 struct claim *claim) MUST_USE;

/* Whether it is so, by the examination of that subject. What comes back lies in `text` and in the report. */
struct claim claim_judge(const struct doctor_report *report, const struct claim_subject *subject,
			 struct strbuf *text);

/* The worst finding in one of `rows`, the first of those that are as bad; NULL: there is none. */
const struct doctor_finding *claim_worst_in(const struct doctor_report *report, unsigned rows);

/* Whether what is to be done about it has to do with an address or a name that only the reply names. */
bool claim_rests_on_reply(const struct claim_subject *subject, const struct doctor_finding *finding);

/* A row in which a domain is worse off than others. */
struct claim_row {
	enum doctor_row row;
	enum doctor_severity refused, delivered; /* delivered: the worst of the others */
	const struct doctor_finding *finding;    /* of the one that is refused */
	bool is_named;                           /* by the refusal */
};

/*
 * The rows in which `refused` is worse off than each of `count` others: those first that refusals of that
 * kind name, then by what they cost, the worst first. What was not found out about one of them makes no
 * difference. Returns how many.
 */
size_t claim_compare(const struct doctor_report *refused, const struct doctor_report *const *delivered,
		     size_t count, const struct claim_kind *kind, struct claim_row rows[DOCTOR_ROWS]);

#endif
