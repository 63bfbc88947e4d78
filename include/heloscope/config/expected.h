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

#define CONFIG_LIST_MAX 10 /* words that are listed behind a hint; without a hint all are */

/* Add the known word nearest to `word`, as `; did you mean "x"?`, and true; false when none is near. */
bool config_add_nearest(struct strbuf *message, const char *word, const char *const *known, size_t count);

/* The same, and what goes before a list of `count` words: " Expected " behind that, else "; expected ". False
 * when the list is too long to stand behind a hint. */
bool config_add_hint(struct strbuf *message, const char *word, const char *const *known, size_t count);

#endif
