/*
 * words_lists: what DNS lists say, and why nothing follows from one, in words. Any thread.
 */
#ifndef HELOSCOPE_WORDS_LISTS_H
#define HELOSCOPE_WORDS_LISTS_H

#include "heloscope/base/strbuf.h"
#include "heloscope/facts/facts.h"

/* Of a finding in the state LIST_FAULT: "suspended: it lists everything". */
const char *list_fault_text(const struct list_finding *finding);

/* What a refusal says, as struct telling's refuse() does: for one listing; for all of block or allow lists,
 * the heaviest first; for those that list nothing. */
void lists_refuse_finding(const struct list_finding *finding, enum list_subject subject, struct strbuf *text);
void lists_refuse_listed(const struct facts *facts, bool is_allow, struct strbuf *text);
void lists_refuse_unlisted(const struct facts *facts, bool is_allow, struct strbuf *text);

#endif
