/*
 * config_words: the words that stand for values in heloscope.conf(5), for reading and for showing.
 */
#ifndef HELOSCOPE_CONFIG_WORDS_H
#define HELOSCOPE_CONFIG_WORDS_H

#include "heloscope/config/config.h"

#define CONFIG_SUBJECT_WORDS_MAX 4

/* The words that stand for values, in the order of their enums. */
extern const char *const config_modes[2];
extern const char *const config_recipients[2];
extern const char *const config_server_modes[2]; /* of enum resolver_mode, but for addresses */
extern const char *const config_log_targets[2];
extern const char *const config_log_levels[3];
extern const char *const config_spf_engines[SPF_ENGINES];
extern const char *const config_flags[2];
extern const char *const config_list_states[3];
extern const char *const config_quantities[QUANTITIES];
extern const char *const config_subjects[SUBJECTS];

/* The words that a subject can be, in the order of enum author_kind, enum dmarc_policy or enum arc_standing;
 * NULL at the end, and for a subject that has none. */
extern const char *const config_subject_words[SUBJECTS][CONFIG_SUBJECT_WORDS_MAX];

/* The method that finds what a subject is compared with; METHODS for what was said. */
enum method config_subject_method(enum subject subject);

/* The methods, as bits, on whose results a condition, which is a test, rests. */
unsigned config_test_methods(const struct condition *test);

/* These begin with the second value: the first stands for what is not said. */
extern const char *const config_list_kinds[2];
extern const char *const config_list_takes[3];
extern const char *const config_list_ipv6[3];

extern const char *const config_no_test_entries[1];

#endif
