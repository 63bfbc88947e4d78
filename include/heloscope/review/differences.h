/*
 * differences: where one sender's domain is refused at a receiver that takes mail of another at about the
 * same time, why, and what the DNS says of both.
 *
 * One thread.
 */
#ifndef HELOSCOPE_REVIEW_DIFFERENCES_H
#define HELOSCOPE_REVIEW_DIFFERENCES_H

#include "heloscope/base/must_use.h"
#include "heloscope/doctor/claim.h"
#include "heloscope/review/pair.h"

/*
 * An array, as "differences" of etc/why.schema.json: those that last first, of them those of most refusals.
 * `all`: in the order of pair_compare(). `claims` tests the first of them, and waits for it; NULL: none.
 */
json_t *differences_json(struct pair *const *all, size_t all_count, struct claims *claims) MUST_USE;

#endif
