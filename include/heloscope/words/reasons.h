/*
 * words_reasons: why a rule refuses, in words: each test that a rule can hold, and each outcome of it.
 *
 * A row for each kind of test (config/config.h: CONDITION_TEST_ROWS), so that there is no reason without a
 * sentence. Only words/ includes this. Any thread.
 */
#ifndef HELOSCOPE_WORDS_REASONS_H
#define HELOSCOPE_WORDS_REASONS_H

#include "heloscope/checks/reasons.h"
#include "heloscope/words/telling.h"

/* When it is told, among several. */
enum telling_rank reason_rank(const struct reason *reason, const struct facts *facts);

/* What a refusal for it says, as struct telling's refuse() does; never nothing. */
void reason_refuse(const struct reason *reason, const struct config *config, const struct facts *facts,
		   struct strbuf *text);

/* What the sender can do about a policy besides asking for an exception. False: nothing. */
bool reason_advise(const struct reason *reason, const struct facts *facts, struct strbuf *text);

#endif
