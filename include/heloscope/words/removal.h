/*
 * words_removal: what somebody who is on a blocklist should do first, and where to ask for removal then. Any
 * thread.
 */
#ifndef HELOSCOPE_WORDS_REMOVAL_H
#define HELOSCOPE_WORDS_REMOVAL_H

#include "heloscope/base/strbuf.h"
#include "heloscope/facts/facts.h"

/*
 * Add sentences of a refusal, as struct telling's refuse() does. What is done first depends on what the
 * catalogue says of the answer (list_finding.meaning); of one that says nothing known, on the subject alone.
 */
void removal_add(const struct list_finding *finding, enum list_subject subject, struct strbuf *text);

#endif
