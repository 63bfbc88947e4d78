/*
 * reasons: which tests of a rule's condition made it true, for those who put a refusal into words. Pure.
 *
 * A reason holds all that words need of its test, so that it can be kept in a record and read back. Any
 * thread; keeps pointers into the configuration, owns nothing.
 */
#ifndef HELOSCOPE_CHECKS_REASONS_H
#define HELOSCOPE_CHECKS_REASONS_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"

#define REASONS_MAX 16 /* tests that are kept; of those that join more the first */

struct reason {
	enum condition_kind kind; /* of the test: no AND, OR or NOT */
	bool holds;               /* what it asks for is so: false behind "not" and for "!=" */
	bool is_enough;           /* if it were otherwise, the condition would not be true */
	enum method method;       /* RESULT: whose result it is; else METHODS */
	enum quantity quantity;   /* QUANTITY: what is compared; else QUANTITIES */
	bool is_by_listing;       /* and it would compare otherwise if no list had listed anything */
	enum subject subject;     /* TEXT: what is matched; else SUBJECTS */
	const char *zone;         /* LISTED: one that lists something, else the first it names; else NULL */
	const char *name; /* TEXT, client-name: the verified name that fits, lies in the facts; or NULL */
};

#define REASONS_JOINED_MAX 64 /* operands and operators */

struct reasons {
	struct reason items[REASONS_MAX];
	size_t count;
	bool is_cut; /* there were more */

	/* How they make the condition true, operators behind their operands: the index of a reason, or an
	 * operator of reasons.c. None where it is not known. */
	unsigned char joined[REASONS_JOINED_MAX];
	size_t joined_count;
};

/*
 * The tests that made `condition` true for that reading of the message and of the recipient, in the order in
 * which they are written: never none when truth_of() calls it true. NULL has none.
 */
struct reasons reasons_of(const struct condition *condition, const struct facts *facts,
			  const struct mailbox *recipient);

/*
 * Whether the condition would still be true without some of its reasons: bit i of `gone` for items[i]. Where
 * it is not known how they are joined, or not all are kept, true when it may be.
 */
bool reasons_remain(const struct reasons *reasons, unsigned gone);

#define REASONS_JOINED_SIZE (6 * REASONS_JOINED_MAX) /* octets of what follows, with its end */

/* How they are joined, as a record has it: "0 1 and 2 or". Nothing when it is not known. */
void reasons_write_joined(const struct reasons *reasons, struct strbuf *text);

/* Read that, behind the reasons themselves. False, with nothing known, when it does not fit them. */
bool reasons_read_joined(struct reasons *reasons, struct span text) MUST_USE;

bool reasons_equal(const struct reasons *a, const struct reasons *b);

#endif
