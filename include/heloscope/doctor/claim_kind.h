/*
 * claim_kind: of which categories of refusals the DNS can show whether it is so, and in which rows of an
 * examination.
 *
 * A table, no state; any thread.
 */
#ifndef HELOSCOPE_DOCTOR_CLAIM_KIND_H
#define HELOSCOPE_DOCTOR_CLAIM_KIND_H

#include "heloscope/doctor/claim_subject.h"
#include "heloscope/doctor/row.h"
#include "heloscope/refusals/recognize.h"

/* Rows are bits of a number: 1 << row. */
#define CLAIM_ROW(name) (1U << DOCTOR_##name)

/* In sentences "%d" is the domain, "%a" the address. */
struct claim_kind {
	enum claim_about about; /* nothing: all else is 0 */
	unsigned rows;          /* what a warning or an error in confirms it */
	unsigned well;          /* what must be good for the opposite; 0: nothing shows that */
	bool needs_address;     /* without it nothing can be said of them */
	const char *otherwise;  /* what the DNS says when it is not so */
	const char *shown;      /* part of the records that show it */
	const char *instead;    /* what to look at when it cannot be seen from here */
};

/* Of a reply that is not in the catalogue: nothing. */
const struct claim_kind *claim_kind_of(const struct recognition *known);

#endif
