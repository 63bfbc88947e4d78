/*
 * second_writer: whether another filter writes Authentication-Results in the name of ours.
 *
 * Read are configurations in the form of OpenDKIM's and OpenDMARC's: a line each, a word and its value.
 */
#ifndef HELOSCOPE_WIRING_SECOND_WRITER_H
#define HELOSCOPE_WIRING_SECOND_WRITER_H

#include "heloscope/wiring/judge.h"

/* Of the file at `path`; one that cannot be read tells nothing. `mta_name`: what the MTA calls itself, which
 * such a filter takes where it has no other; may be empty. */
void wiring_judge_second_writer(struct wiring *wiring, const char *path, const char *mta_name);

#endif
