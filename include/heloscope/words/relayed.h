/*
 * words_relayed: mail that somebody sent on, and perhaps changed: which checks fail for that, and nobody has
 * to do anything about it. Any thread.
 */
#ifndef HELOSCOPE_WORDS_RELAYED_H
#define HELOSCOPE_WORDS_RELAYED_H

#include "heloscope/base/strbuf.h"
#include "heloscope/facts/facts.h"

/* Add what shows it, a sentence behind a blank, and return the methods, as bits, that failed for it. 0, with
 * nothing added, when nothing shows it. */
unsigned relayed_tell(const struct facts *facts, struct strbuf *text);

#endif
