/*
 * claim: whether what a refusal says of the sender's side is so now, by the DNS, and which record to publish.
 *
 * The checks of the doctor are run on the domain and the address that the refusal is about, once for each
 * pair of them, and BOUND_CLAIM_EXAMS times at most. For the command line; one thread.
 */
#ifndef HELOSCOPE_DOCTOR_CLAIM_H
#define HELOSCOPE_DOCTOR_CLAIM_H

#include <jansson.h>

#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"
#include "heloscope/doctor/claim_subject.h"
#include "heloscope/refusals/recognize.h"

enum claim_state {
	CLAIM_NOT_TESTED,    /* nothing was asked, or there is nothing that the DNS could show */
	CLAIM_CONFIRMED,     /* it is so now */
	CLAIM_NOT_CONFIRMED, /* the DNS says otherwise now */
	CLAIM_NOT_TESTABLE,  /* this cannot be seen from here */
	CLAIM_STATES
};

struct claim {
	enum claim_state state;
	const char *finding; /* what the DNS says, or why it was not asked and what to look at instead; "" */
	const char *publish; /* records, each whole on a line of a zone file, with "\n" between; or NULL */
};

struct claims;

/* A reference to `config`, whose resolver is asked, is taken; of what a refusal does not tell that of `given`
 * counts. NULL when memory ran out. */
struct claims *claims_new(struct config *config, const struct claim_subject *given) MUST_USE;
void claims_free(struct claims *claims); /* NULL is allowed */

/* Whose domain or which address can be tested for that refusal. False: it says nothing that the DNS could
 * show. */
bool claims_find_subject(const struct claims *claims, const struct refusal *refusal,
			 const struct recognition *known, struct claim_subject *subject) MUST_USE;

/* Test now whether it is so of `subject`, which claims_find_subject() has found for a refusal of that kind.
 * What comes back is good until the next call. Waits for the DNS, at most DOCTOR_TOTAL_MS in all calls
 * together. */
struct claim claims_test(struct claims *claims, const struct recognition *known,
			 const struct claim_subject *subject);

/* "not-tested", "confirmed", "not-confirmed", "not-testable". */
const char *claim_state_token(enum claim_state state);

/* Two lines or more for people, with `heading`, "In the DNS:", before the first. `whose`: whose claim it is,
 * or
 * "" where that is clear. Nothing when nothing was tested and nobody need know why. */
void claim_tell(const struct claim *claim, const char *heading, const char *whose, struct output *out);

/* The members "claim", "finding" and "records". */
void claim_set_json(const struct claim *claim, json_t *object);

#endif
