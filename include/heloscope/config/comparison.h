/*
 * config_comparison: what the tests of rules are compared with, by their names, and what is said of one that
 * is written otherwise.
 *
 * For the modules that read a configuration only.
 */
#ifndef HELOSCOPE_CONFIG_COMPARISON_H
#define HELOSCOPE_CONFIG_COMPARISON_H

#include "heloscope/config/reader.h"

/* What a name takes, as bits; 0: there is no such test. */
enum {
	TAKES_RESULTS = 1,  /* of a check */
	TAKES_NUMBER = 2,   /* a quantity */
	TAKES_PATTERNS = 4, /* in quotes */
	TAKES_WORDS = 8,    /* a subject that has some */
	TAKES_NETWORKS = 16,
	TAKES_ZONES = 32,  /* in quotes */
	STANDS_ALONE = 64, /* it is true or false by itself */
};

unsigned config_takes(const char *name);

/* What comes next is a value of the test `name`, or one of these words: a syntax error will say so. */
void config_offer_values(struct config_reader *reader, const char *name);
void config_offer_words(struct config_reader *reader, const char *const *words, size_t count);

#define CONFIG_OFFER(reader, table) config_offer_words((reader), (table), sizeof(table) / sizeof((table)[0]))

/* "there is no test NAME of this form", with the name that is near, or else what was expected. */
void config_complain_of_test(struct config_reader *reader, struct word name, const char *expected);

/* The test stands alone, but needs a comparison. */
void config_complain_of_bare_test(struct config_reader *reader, struct word name);

/* `found` stands behind the name of the test that was read last, and is neither a sign nor what follows a
 * test. */
void config_complain_of_comparison(struct config_reader *reader, struct place place, const char *found);

#endif
