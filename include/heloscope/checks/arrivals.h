/*
 * arrivals: answers on their way to an inquiry, and who waits for them.
 *
 * Whoever brings an answer, which is mostly the thread of the resolver that all sessions have in common, does
 * not wait for the lock of the inquiry: that is held while its checks run, and they may take long. The answer
 * is left here, and who has the lock, or comes next, takes it.
 */
#ifndef HELOSCOPE_CHECKS_ARRIVALS_H
#define HELOSCOPE_CHECKS_ARRIVALS_H

#include <time.h>

#include "heloscope/checks/holding.h"

/* Leave an answer, NULL for want of memory. Any thread, without the lock. True when a run has to be
 * scheduled, for which a reference was taken. */
bool arrivals_leave(struct request *request, struct dns_answer *answer);

/* The scheduled run has begun. */
void arrivals_begin_run(struct inquiry *inquiry);

/* Whether answers lie here that no scheduled run will take. Without the lock. */
bool arrivals_are_left(struct inquiry *inquiry);

/* Take all that have come. Locked, by who has a reference. Returns whether there was one. */
bool arrivals_take(struct inquiry *inquiry);

/* Keep an answer, also one that was at hand. Locked. */
void arrivals_keep(struct inquiry *inquiry, struct lookup *lookup, struct dns_answer *answer);

/* What an answer to that check for which there is no room counts as. Locked. */
enum dns_status arrivals_without_room(const struct inquiry *inquiry, size_t check, bool is_of_list,
				      size_t octets);

/* Wake who waits, for there is something to do or to see. Any thread. */
void arrivals_tell(struct inquiry *inquiry);

/* Wait, with the lock given back, until somebody tells or an answer is left. False when the deadline, by
 * clock_deadline(), has passed. Locked. */
bool arrivals_wait(struct inquiry *inquiry, const struct timespec *deadline);

#endif
