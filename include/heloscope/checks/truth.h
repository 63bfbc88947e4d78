/*
 * truth: what a condition of a rule comes to, for one reading of the message and of the recipient. Pure.
 *
 * True, false or unknown: see checks/policy.h. Any thread.
 */
#ifndef HELOSCOPE_CHECKS_TRUTH_H
#define HELOSCOPE_CHECKS_TRUTH_H

#include <stdbool.h>

#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"

enum truth { TRUTH_FALSE, TRUTH_UNKNOWN, TRUTH_TRUE };

/* What tests are taken for whose answers were withheld, are still to come, or never come: of a check that is
 * not made for this message. */
struct guess {
	enum truth withheld, awaited, unmade;
};

/* What a rule acts on now. What no check will tell does not keep it undecided: it never acts on that. */
#define GUESS_NOW ((struct guess){ TRUTH_UNKNOWN, TRUTH_UNKNOWN, TRUTH_FALSE })

/* What it comes to. */
enum truth truth_of(const struct condition *condition, const struct facts *facts,
		    const struct mailbox *recipient);

/* What it comes to by that guess; under "not" the guess is the other way round. */
enum truth truth_by_guess(const struct condition *condition, const struct facts *facts,
			  const struct mailbox *recipient, struct guess guess);

/* The bound, the first of several, for which a test of the condition is unknown; DNS_NOERROR: none. */
enum dns_status truth_withheld(const struct condition *condition, const struct facts *facts,
			       const struct mailbox *recipient);

/* Whether a number compares so. */
bool truth_compares(unsigned value, enum compare compare, unsigned number);

/* The verified reverse DNS name of the client that fits a text of `test`, which is about it; NULL: none does.
 * It lies in `facts`. */
const char *truth_client_name(const struct condition *test, const struct facts *facts);

#endif
