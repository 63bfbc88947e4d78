/*
 * words_spf_several: the SPF records of a domain that has more than one, of which only one is allowed
 * (RFC 7208, 3.2). Only words/ includes this. Any thread.
 */
#ifndef HELOSCOPE_WORDS_SPF_SEVERAL_H
#define HELOSCOPE_WORDS_SPF_SEVERAL_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/facts/facts.h"

/* Write into `merged`, which is empty, the record that takes the place of all. False, with `merged` empty,
 * when not all of them are among the facts, or spf_merge() does not know. */
bool spf_several_merge(const struct spf_facts *spf, struct strbuf *merged) MUST_USE;

/* Whether a merged record includes others, of which nothing is known here. */
bool spf_several_includes(struct span merged);

/* Whether one of them has these letters, such as "redirect=", which cannot stand beside other terms. */
bool spf_several_have(const struct spf_facts *spf, struct span letters);

/* Add a sentence that quotes them, when they are short and all of them are among the facts. */
void spf_several_quote(const struct spf_facts *spf, struct strbuf *text);

/* Write each whole, on lines of its own; nothing when that is not the problem. */
void spf_several_put(const struct spf_facts *spf, struct output *out);

#endif
