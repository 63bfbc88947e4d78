/*
 * reflect_demands: what large receivers ask for, as far as one message and its record show it. Nothing is
 * asked.
 */
#ifndef HELOSCOPE_REFLECT_DEMANDS_H
#define HELOSCOPE_REFLECT_DEMANDS_H

#include "heloscope/base/output.h"
#include "heloscope/facts/facts.h"
#include "heloscope/reflect/letter.h"

/* A section of text; only a sentence where SPF or DKIM were not looked at. `letter`: that which has these
 * facts. */
void reflect_put_demands(const struct letter *letter, const struct facts *facts, struct output *out);

#endif
