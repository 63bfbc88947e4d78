/*
 * words_spf_refusal: what a refusal for SPF says. Only words/ includes this. Any thread.
 */
#ifndef HELOSCOPE_WORDS_SPF_REFUSAL_H
#define HELOSCOPE_WORDS_SPF_REFUSAL_H

#include "heloscope/base/strbuf.h"
#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"

/* struct telling's refuse() for the sender's domain, and for the HELO name. */
void spf_refuse(const struct config *config, const struct facts *facts, struct strbuf *text);
void spf_refuse_helo(const struct config *config, const struct facts *facts, struct strbuf *text);

#endif
