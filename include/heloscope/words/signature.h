/*
 * words_signature: why a signature, of DKIM or made like it, has its result. Any thread.
 */
#ifndef HELOSCOPE_WORDS_SIGNATURE_H
#define HELOSCOPE_WORDS_SIGNATURE_H

#include "heloscope/base/strbuf.h"
#include "heloscope/dkim/verify.h"

/* "the body was changed after it was signed, 2048-bit key": what goes behind "the signature of example.org:
 * ", and into a comment. */
void signature_add_reason(const struct dkim_evidence *evidence, struct strbuf *said);

/* The same without what was found besides. */
const char *signature_reason(enum dkim_reason reason);

#endif
