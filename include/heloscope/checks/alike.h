/*
 * alike: whether the end of a message, for which there is one answer, comes out the same for two recipients.
 * Pure.
 *
 * For two whose verdicts are held up at RCPT (checks/policy.h), and so rest on what is still to come. Never
 * true where it may come out differently; false also for some that would not in the end. Any thread.
 */
#ifndef HELOSCOPE_CHECKS_ALIKE_H
#define HELOSCOPE_CHECKS_ALIKE_H

#include <stdbool.h>

#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"
#include "heloscope/wire/readings.h"

/* For each reading of the sender, and of both recipients. */
bool alike_recipients(const struct config *config, const struct facts *facts, const struct readings *a,
		      const struct readings *b);

#endif
