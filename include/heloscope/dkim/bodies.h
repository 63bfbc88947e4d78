/*
 * dkim_bodies: one body in each canonical form that signatures of a message need, hashed as it comes.
 *
 * Only those forms are made that a signature needs. One thread at a time.
 */
#ifndef HELOSCOPE_DKIM_BODIES_H
#define HELOSCOPE_DKIM_BODIES_H

#include "heloscope/base/arena.h"
#include "heloscope/dkim/body.h"

struct dkim_form {
	bool is_begun;
	struct dkim_body *body;  /* in the arena of the marks; NULL: none is wanted, or memory ran out */
	struct dkim_mark *marks; /* in ascending order */
	size_t mark_count;
	uint64_t octets; /* of the canonical body, once it is finished */
};

/* All zero: nothing is wanted. */
struct dkim_bodies {
	struct dkim_form forms[DKIM_RELAXED + 1];
};

/* Have made what a signature needs, in `arena`. Before dkim_bodies_begin(). */
void dkim_bodies_want(struct dkim_bodies *bodies, const struct dkim_signature *signature,
		      struct arena *arena);

/* Begin. Ends with dkim_bodies_clear(), whatever happened. */
void dkim_bodies_begin(struct dkim_bodies *bodies);
void dkim_bodies_clear(struct dkim_bodies *bodies);

void dkim_bodies_add(struct dkim_bodies *bodies, struct span octets);
void dkim_bodies_finish(struct dkim_bodies *bodies);

/* What was found for a signature: the hash of what it signs, NULL when none was wanted, and how many octets
 * the canonical body has. */
const struct dkim_mark *dkim_bodies_hash(const struct dkim_bodies *bodies,
					 const struct dkim_signature *signature);
uint64_t dkim_bodies_octets(const struct dkim_bodies *bodies, const struct dkim_signature *signature);

#endif
