/*
 * words_signature: why a signature, of DKIM or made like it, has its result. Any thread.
 */
#ifndef HELOSCOPE_WORDS_SIGNATURE_H
#define HELOSCOPE_WORDS_SIGNATURE_H

#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/dkim/verify.h"

/* "the body was changed after it was signed, 2048-bit key": what goes behind "the signature of example.org:
 * ", and into a comment. */
void signature_add_reason(const struct dkim_evidence *evidence, struct strbuf *said);

/* The same without what was found besides. */
const char *signature_reason(enum dkim_reason reason);

/* A line of a story: the key that was looked for, and what stands there; nothing when none was. */
void signature_put_key(const struct dkim_evidence *evidence, const char *selector, const char *domain,
		       struct output *out);

#endif
