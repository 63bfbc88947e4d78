/*
 * comparison: deliveries counted by domains of senders and by receivers, and where one domain is refused at a
 * receiver that takes mail of another.
 *
 * A receiver is an operator of the catalogue, or all servers below one registered name; a recipient's domain
 * at which no server was reached belongs to the receiver at which one was reached before. Holds no more than
 * BOUND_COMPARED pairs of both, and of each the reasons that were given most often. One thread.
 */
#ifndef HELOSCOPE_REVIEW_COMPARISON_H
#define HELOSCOPE_REVIEW_COMPARISON_H

#include <jansson.h>

#include "heloscope/base/must_use.h"
#include "heloscope/doctor/claim.h"

struct comparison;

/* `recognizer`, which is asked whose servers are, must outlive it. NULL when memory ran out. */
struct comparison *comparison_new(struct recognizer *recognizer) MUST_USE;
void comparison_free(struct comparison *comparison); /* NULL is allowed */

/* Count what a log tells of a recipient. `known`: what the refusal is; NULL for one that was delivered. */
void comparison_take(struct comparison *comparison, const struct refusal *refusal,
		     const struct recognition *known);

/*
 * As an object for json_decref(), as etc/why.schema.json has it: "differences", those of most refusals first,
 * and "domains", a row for each domain, receiver and client address. `claims` tests what the DNS says of the
 * first differences, and waits for it; NULL: nothing is asked.
 */
json_t *comparison_json(struct comparison *comparison, struct claims *claims);

#endif
