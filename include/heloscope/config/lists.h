/*
 * config_lists: the lists that a configuration asks.
 */
#ifndef HELOSCOPE_CONFIG_LISTS_H
#define HELOSCOPE_CONFIG_LISTS_H

#include "heloscope/config/values.h"

/* Options behind a list's zone. */
struct list_options {
	struct word weight, key, key_file; /* text NULL: not said */
	struct answer_set answers;
	struct test_entry_set test_entries;
	struct value_set on;
	bool has_on;
};

void config_add_answer(struct config_reader *reader, struct answer_set *answers, struct word range,
		       const char *meaning);
void config_add_list(struct config_reader *reader, enum list_subject subject, bool is_allow, struct word zone,
		     const struct list_options *options);

/* What comes next are subjects of a list: a syntax error will say which. */
void config_offer_subjects(struct config_reader *reader);

#endif
