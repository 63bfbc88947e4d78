/*
 * words_refusal: what another server's refusal means, for people.
 *
 * The sentences of the catalogue are its own; here are those for what only codes tell, and what stands around
 * both. Any thread.
 */
#ifndef HELOSCOPE_WORDS_REFUSAL_H
#define HELOSCOPE_WORDS_REFUSAL_H

#include "heloscope/base/output.h"
#include "heloscope/refusals/recognize.h"

/* What it means and what to do about it: the entry's words, else those of the codes. Never NULL. */
const char *refusal_meaning(const struct recognition *known);
const char *refusal_remedy(const struct recognition *known);

/* All of it, the answer first, on lines of 80 columns; ends with a line end. `count`: so many came of its
 * kind. */
void refusal_tell(const struct refusal *refusal, const struct recognition *known, unsigned long count,
		  struct output *out);

#endif
