/*
 * running: the checks of an inquiry run, again and again; why, stands in running.c. The inquiry is locked.
 */
#ifndef HELOSCOPE_CHECKS_RUNNING_H
#define HELOSCOPE_CHECKS_RUNNING_H

#include "heloscope/checks/holding.h"

/* Run all checks that can be run and are not done. */
void inquiry_run(struct inquiry *inquiry);

/* The same for dns_resolver.after_answers(), unless another has the lock, who will then; gives back a
 * reference. */
void inquiry_run_scheduled(void *inquiry);

/* Lock it, and unlock it again by who has a reference: then the checks are run for the answers that came
 * meanwhile. */
void inquiry_lock(struct inquiry *inquiry);
void inquiry_unlock(struct inquiry *inquiry);

bool inquiry_wants(const struct inquiry *inquiry, const struct check *check);

/* The checks of `stage` and later, as bits. */
uint32_t inquiry_checks_since(const struct inquiry *inquiry, enum stage stage);

/* Whether all checks of the stages that have come are done for all readings. */
bool inquiry_has_all(const struct inquiry *inquiry);

#endif
