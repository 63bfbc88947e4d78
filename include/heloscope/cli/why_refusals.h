/*
 * why_refusals: the refusals of heloscope why: as JSON each at once, so that nothing is held; for people
 * those of one kind together, at the end.
 */
#ifndef HELOSCOPE_CLI_WHY_REFUSALS_H
#define HELOSCOPE_CLI_WHY_REFUSALS_H

#include "heloscope/doctor/claim.h"
#include "heloscope/doctor/claim_cases.h"
#include "heloscope/refusals/groups.h"

struct why_refusals {
	struct claims *claims; /* NULL: nothing is asked */
	bool is_json;
	unsigned long told, unknown;  /* unknown: not in the catalogue */
	struct refusal_groups groups; /* unless as JSON, as the next */
	struct claim_cases cases;     /* of their numbers */
};

/* `claims` must outlive it. False when memory ran out; why_refusals_clear() is allowed all the same. */
bool why_refusals_init(struct why_refusals *refusals, struct claims *claims, bool is_json) MUST_USE;
void why_refusals_clear(struct why_refusals *refusals);

/* Take one; as JSON it is printed, behind a comma where it is not the first. */
void why_refusals_add(struct why_refusals *refusals, const struct refusal *refusal,
		      const struct recognition *known);

/* For people: test all that were taken, which waits for the DNS; afterwards nothing that is told of them
 * does. */
void why_refusals_test(struct why_refusals *refusals);

/* For people: print all that were taken. */
void why_refusals_end(struct why_refusals *refusals);

/*
 * The same as an array, an object for each kind, those that came most often first: its first refusal as in
 * etc/why.schema.json, "count", and "cases": whose domain or which address it is about ("whose", "domain",
 * "client", "count") with "claim", "finding" and "records". For json_decref(). Waits for the DNS, unless all
 * was tested.
 */
json_t *why_refusals_groups(struct why_refusals *refusals) MUST_USE;

#endif
