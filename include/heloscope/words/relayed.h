/*
 * words_relayed: mail that somebody sent on, and perhaps changed: which checks fail for that, and nobody has
 * to do anything about it. Any thread.
 */
#ifndef HELOSCOPE_WORDS_RELAYED_H
#define HELOSCOPE_WORDS_RELAYED_H

#include "heloscope/base/strbuf.h"
#include "heloscope/facts/facts.h"

/* The methods, as bits, that failed for it; 0 when nothing shows it. */
unsigned relayed_methods(const struct facts *facts);

/* The same, with what shows it added, if anything does: a sentence behind a blank. */
unsigned relayed_tell(const struct facts *facts, struct strbuf *text);

#endif
