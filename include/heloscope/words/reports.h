/*
 * words_reports: what receivers reported, for people: which sources pass DMARC, which do not, and what to do
 * before the policy is raised; which TLS sessions failed, and why. Any thread.
 */
#ifndef HELOSCOPE_WORDS_REPORTS_H
#define HELOSCOPE_WORDS_REPORTS_H

#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/mails/summary.h"

#define REPORTS_REMEDY_SIZE 1200

/* All that was reported, of which the sources are in order. */
void reports_tell(const struct summary *summary, struct output *out);

/* What is to be done about a source; nothing when all its mail passes. */
void reports_remedy(const struct summary_source *source, struct strbuf *words);

/* What is to be done about a kind of failure of TLS. */
const char *reports_tls_remedy(const char *result_type);

#endif
