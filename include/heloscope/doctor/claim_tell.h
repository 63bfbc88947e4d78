/*
 * claim_tell: what came of a test of a refusal, for people and for programs.
 *
 * No state; any thread.
 */
#ifndef HELOSCOPE_DOCTOR_CLAIM_TELL_H
#define HELOSCOPE_DOCTOR_CLAIM_TELL_H

#include <jansson.h>

#include "heloscope/base/output.h"
#include "heloscope/doctor/claim_judge.h"

/* "not-tested", "confirmed", "not-confirmed", "not-testable". */
const char *claim_state_token(enum claim_state state);

/* The same for people, a sentence. */
const char *claim_state_words(enum claim_state state);

/* Two lines or more for people, with `heading`, "In the DNS:", before the first. `whose`: whose claim it is,
 * or
 * "" where that is clear. Nothing when nothing was tested and nobody need know why. */
void claim_tell(const struct claim *claim, const char *heading, const char *whose, struct output *out);

/* Records to publish, as they stand in struct claim, as an array. */
json_t *claim_records_json(const char *publish) MUST_USE;

/* The members "claim", "finding" and "records". */
void claim_set_json(const struct claim *claim, json_t *object);

#endif
