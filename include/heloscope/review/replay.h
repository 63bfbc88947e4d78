/*
 * replay: judges a recorded message again, under another configuration.
 *
 * The facts are those of its record (heloscope/records/record.h); weights, operators and what counts
 * as listed are those of the new configuration. What it asks and the record lacks is awaited in vain, as the
 * filter awaits what of a message is still to come: a verdict that is pending for it is unknown, never
 * guessed.
 */
#ifndef HELOSCOPE_REVIEW_REPLAY_H
#define HELOSCOPE_REVIEW_REPLAY_H

#include <stdbool.h>

#include "heloscope/base/arena.h"
#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"
#include "heloscope/checks/policy.h"
#include "heloscope/records/record.h"

struct replay {
	const struct config *config;
	struct facts facts;   /* by one reading of the sender; facts.other is NULL */
	struct replay *other; /* by the next one, or NULL */
	unsigned lacks;       /* bits 1 << enum method: not checked then, or not all of its lists asked */
	bool is_complete;     /* replay_complete() was called */
};

/* Begin with a record, for `config`; both and `arena`, which has the memory, must outlive `replay`. False
 * when memory ran out. */
bool replay_begin(const struct message_record *record, const struct config *config, struct arena *arena,
		  struct replay *replay);

/* The verdict for one recipient. False when it is unknown. */
bool replay_judge(const struct replay *replay, const struct readings *recipient, struct verdict *verdict);

/*
 * Take from `facts`, which are found now for the same client, names and sender, what the record lacks, and
 * nothing else; what could not be found out now either stays unknown. `facts` must outlive `replay`.
 */
void replay_complete(struct replay *replay, const struct facts *facts);

#endif
