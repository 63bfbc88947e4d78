/*
 * check_counts: what is counted of checks. See heloscope/base/counter.h.
 */
#ifndef HELOSCOPE_CHECKS_COUNTS_H
#define HELOSCOPE_CHECKS_COUNTS_H

#include "heloscope/base/counter.h"
#include "heloscope/facts/facts.h"

/* Where a message is held up. */
enum held_up { HELD_UP_AT_RCPT, HELD_UP_AT_END, HELD_UPS };

struct check_counts {
	/* From what the client said last of that which the check needs, to its result. */
	struct histogram seconds[METHODS];
	struct counter results[METHODS][RESULT_PERMERROR + 1];
	struct counter deadlines[HELD_UPS]; /* that passed while something was missing */
};
extern struct check_counts check_counts;

/* Count the results of a message. */
void check_counts_take(const struct facts *facts);

#endif
