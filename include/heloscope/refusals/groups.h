/*
 * groups: refusals of one kind, counted, so that a log with a thousand of them is told in a few lines.
 *
 * Of one kind are those with the same entry of the catalogue and the same operator; of those in no entry,
 * with the same codes, operator, and words but for digits. Of each kind the first is kept. Bounded by
 * BOUND_REFUSAL_KINDS: what is beyond is counted as one. Not for sharing between threads.
 */
#ifndef HELOSCOPE_REFUSALS_GROUPS_H
#define HELOSCOPE_REFUSALS_GROUPS_H

#include "heloscope/refusals/recognize.h"

struct refusal_group {
	struct table_link link;
	struct span key;
	/* The first one; what it points to lies in the groups' memory. Its status is that of one that
	 * expired, if any did: mail that waited for it is lost. */
	struct refusal refusal;
	struct recognition known;
	struct span common; /* the end of its server's name, whole labels, that all of them have; or empty */
	bool is_of_several_servers; /* others than its own refused so, too */
	unsigned long count;
	unsigned long number; /* in the order in which the kinds came, from 0 */
};

struct refusal_groups {
	struct arena arena;
	struct table table;
	struct refusal_group **items;
	unsigned long beyond; /* refusals of kinds for which there was no room */
};

/* Begin. False when memory ran out; groups_clear() is allowed all the same. */
bool groups_init(struct refusal_groups *groups) MUST_USE;
void groups_clear(struct refusal_groups *groups);

/* Count one. Returns its kind; NULL when it was counted as beyond. */
const struct refusal_group *groups_add(struct refusal_groups *groups, const struct refusal *refusal,
				       const struct recognition *known);

/* Put the kinds into the order in which they are told: those that came most often first. Returns how many
 * there are, in `items`. */
size_t groups_sort(struct refusal_groups *groups);

#endif
