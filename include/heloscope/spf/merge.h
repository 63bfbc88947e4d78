/*
 * spf_merge: one SPF record made of several of the same domain, of which only one is allowed (RFC 7208, 3.2).
 *
 * For people, who publish it. Any thread.
 */
#ifndef HELOSCOPE_SPF_MERGE_H
#define HELOSCOPE_SPF_MERGE_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/dns/dns.h"

/*
 * Write into `text`, which is empty, what all SPF records of a TXT answer allow, each term once, with the
 * mildest of their "all" at the end, "~all" where there is none; a redirect, whose "all" is not looked up, is
 * an "include:" with "~all"; the first "exp=" stays. Returns false, with `text` empty, when there are not
 * several, or they are not to be merged without judgement: an error, "+all", a term that is as wide by
 * itself, one behind "all" or one that is to fail, more than 10 terms that cause lookups, or more text than
 * room. Nothing is looked up: what the records that it includes need and allow is not known.
 */
bool spf_merge(const struct dns_answer *answer, struct strbuf *text) MUST_USE;

#endif
