/*
 * config_expected: what a syntax error says could have stood there.
 *
 * Kinds of values first, then words by the alphabet, each once, then signs. Names are kept, not copied.
 */
#ifndef HELOSCOPE_CONFIG_EXPECTED_H
#define HELOSCOPE_CONFIG_EXPECTED_H

#include <stdbool.h>

#include "heloscope/base/strbuf.h"

#define EXPECTED_MAX 60 /* what does not fit is not told */

struct expected {
	const char *names[EXPECTED_MAX];
	bool are_words[EXPECTED_MAX]; /* to be written so: in quotes */
	int count, first_word;
};

/* To be called in this order: all values, all words, all signs. */
void config_expect_value(struct expected *expected, const char *kind);
void config_expect_word(struct expected *expected, const char *word);
void config_expect_sign(struct expected *expected, const char *sign);

/* Add `; expected the end of file, a string, "audit" or '}'`, and the word that is near to `found`. */
void config_add_expected(struct strbuf *message, const struct expected *expected, const char *found);

#endif
