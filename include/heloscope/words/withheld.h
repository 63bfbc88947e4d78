/*
 * words_withheld: why something was not looked up that a rule asks for, when a bound was reached, in words.
 *
 * A row for each of dns_status_is_withheld(). Only words/ includes this. Any thread.
 */
#ifndef HELOSCOPE_WORDS_WITHHELD_H
#define HELOSCOPE_WORDS_WITHHELD_H

#include "heloscope/base/strbuf.h"
#include "heloscope/facts/facts.h"

/* What a refusal for it says, as struct telling's refuse() does. */
void withheld_refuse(enum dns_status status, const struct facts *facts, struct strbuf *text);

/* Its enhanced status code (RFC 3463). */
const char *withheld_code(enum dns_status status);

/* Sentences for the administrator of this site: why, until when, what can be done. */
const char *withheld_explanation(enum dns_status status);

#endif
