/*
 * advise: what the sender's side can do about what was found in a message, from its record.
 */
#ifndef HELOSCOPE_WORDS_ADVISE_H
#define HELOSCOPE_WORDS_ADVISE_H

#include <jansson.h>
#include <stdbool.h>

#include "heloscope/base/output.h"

/* Whether there is anything to do. */
bool advise_is_needed(const json_t *record);

/* Write it, a point each, with the records to publish. */
void advise(const json_t *record, struct output *out);

#endif
