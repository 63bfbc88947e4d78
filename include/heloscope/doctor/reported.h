/*
 * doctor_reported: what only the reports of receivers name, addresses and selectors. Anybody can write a
 * report, so that the domain itself has to show that it is its own; what it does not is left out, and told.
 */
#ifndef HELOSCOPE_DOCTOR_REPORTED_H
#define HELOSCOPE_DOCTOR_REPORTED_H

#include "heloscope/doctor/exam.h"

#define REPORTED_TEXT_SIZE 600 /* octets of names of one kind that are told */
#define REPORTED_TOLD 8        /* and how many names */

/* Names of one kind. */
struct reported_names {
	char memory[REPORTED_TEXT_SIZE];
	struct strbuf text;
	size_t count;
};

void reported_init(struct reported_names *names);
void reported_add(struct reported_names *names, const char *name);

/* Tell from where they were taken: "the reports of google.com: bounce domain D; address A". */
void reported_tell_taken(struct exam *exam, const struct reported_names *names, const char *one,
			 const char *several);

/* Tell that they are left out; `why` goes on behind them, `option` is with what they can be given. */
void reported_tell_left_out(struct exam *exam, const struct reported_names *names, const char *why,
			    const char *option);

/* Once all is told: in the report it stands around what was taken from elsewhere. */
void reported_end(struct exam *exam);

#endif
