/*
 * verdicts: what was said to the recipients of a message: the different verdicts, their replies, and for log
 * and record who had which.
 *
 * Belongs to a message, and to its thread.
 */
#ifndef HELOSCOPE_DAEMON_VERDICTS_H
#define HELOSCOPE_DAEMON_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/daemon/runtime.h"
#include "heloscope/records/record.h"
#include "heloscope/wire/readings.h"
#include "heloscope/wire/smtp_reply.h"
#include "heloscope/words/compose.h"

struct verdicts {
	const struct runtime *runtime;
	const char *ident; /* of the message */
	struct arena *arena;
	struct told_verdict *items; /* the different ones, at most BOUND_VERDICTS */
	size_t count;
	size_t taken; /* recipients for which the message is to be delivered, whatever comes */
	bool is_quarantined;
	struct arena record_arena;           /* its failure costs the record names, and no mail */
	struct record_recipient *recipients; /* for log and record */
	size_t recipient_count, recipient_total;
	struct smtp_reply *reply; /* to a recipient whose verdict is none of those; NULL: there was none */
};

/* To whoever cannot be judged for lack of memory. */
extern const struct smtp_reply verdicts_no_memory;

/* None yet. All arguments are kept, and outlive them. */
void verdicts_init(struct verdicts *verdicts, const struct runtime *runtime, const char *ident,
		   struct arena *arena);

/* A recipient has its verdict, which log and record tell. Returns the reply when it is refused, which is good
 * until the next call. */
const struct smtp_reply *verdicts_settle(struct verdicts *verdicts, const struct envelope_address *recipient,
					 const struct verdict *verdict);

/* For the queue of the MTA, when one of them is quarantine; else NULL. */
const char *verdicts_quarantine_reason(const struct verdicts *verdicts);

void verdicts_clear(struct verdicts *verdicts);

#endif
