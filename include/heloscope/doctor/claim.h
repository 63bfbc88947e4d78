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
#include "heloscope/doctor/claim_judge.h"
#include "heloscope/refusals/recognize.h"

struct claims;

/* A reference to `config`, whose resolver is asked, is taken; of what a refusal does not tell that of `given`
 * counts. NULL when memory ran out. */
struct claims *claims_new(struct config *config, const struct claim_subject *given) MUST_USE;
void claims_free(struct claims *claims); /* NULL is allowed */

/* `tell` is called from now on whenever a domain or an address has been examined. */
void claims_watch(struct claims *claims, void (*tell)(void *context), void *context);

/* Whose domain or which address can be tested for that refusal. False: it says nothing that the DNS could
 * show. */
bool claims_find_subject(const struct claims *claims, const struct refusal *refusal,
			 const struct recognition *known, struct claim_subject *subject) MUST_USE;

/* Test now whether it is so of `subject`, which claims_find_subject() has found. What comes back is good
 * until the next call. Waits for the DNS, at most DOCTOR_TOTAL_MS in all calls together. */
struct claim claims_test(struct claims *claims, const struct claim_subject *subject);

/*
 * The rows of the doctor's examinations in which the domain of `subject`, of whatever kind, is worse off than
 * all of these domains, whose mail from the same address is accepted: as an array, those first that the
 * refusal names. JSON null when they cannot be examined. Waits, likewise.
 */
json_t *claims_compare(struct claims *claims, const struct claim_subject *subject, const char *const *domains,
		       size_t count) MUST_USE;

#endif
