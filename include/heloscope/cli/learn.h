/*
 * cli_learn: the selectors with which a domain signs, from a message of its own or from a log of records.
 *
 * Taken are signatures whose d= is the domain, lies within it or is of its organization, and of records only
 * those that have passed: others may have been made up by anybody. One thread.
 */
#ifndef HELOSCOPE_CLI_LEARN_H
#define HELOSCOPE_CLI_LEARN_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/doctor/exam.h"

/* What was learned. */
struct cli_lesson {
	char (*domains)[DOMAIN_SIZE]; /* given: normalized, about which it is */
	size_t domain_count;
	struct doctor_key keys[DOCTOR_KEYS_MAX]; /* those that were given first; each once */
	size_t key_count;
	size_t left_out; /* selectors for which there was no room */
	size_t learned;  /* signatures of those domains */
	struct doctor_message message;
};

enum lesson_source { LESSON_MESSAGE, LESSON_RECORDS, LESSON_REPORTS };

/* A selector of signatures of `domain`, d=, both normalized: taken when it concerns a domain of the lesson,
 * and is not known yet. */
void cli_learn_selector(struct cli_lesson *lesson, const char *selector, const char *domain,
			enum lesson_source source);

/* From the message at `path`, "-" for standard input, whose signatures are verified, which waits for their
 * keys. `config` has DKIM on. False with the reason. */
bool cli_learn_message(const char *path, struct config *config, struct dns_resolver *resolver,
		       struct cli_lesson *lesson, struct error *error) MUST_USE;

/* From the log of records at `path`, with all its rotated files. False, with the reason on standard error. */
bool cli_learn_records(const char *path, struct cli_lesson *lesson) MUST_USE;

#endif
