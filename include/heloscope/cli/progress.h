/*
 * progress: on a terminal, one line that tells how far long work has come.
 *
 * It comes after two seconds, is written again at most five times a second, by a thread of its own, so that
 * it also comes while something is waited for, and is erased in the end. It is written to standard error, and
 * never when that is no terminal, nor when standard output is a pipe, whose reader may use the same terminal.
 * The numbers may be told by any thread; the rest is for one. NULL stands for one that is not shown.
 */
#ifndef HELOSCOPE_CLI_PROGRESS_H
#define HELOSCOPE_CLI_PROGRESS_H

#include <stdint.h>

#include "heloscope/base/must_use.h"

struct progress;

/* `command`, as "why", must stay. `total`: octets that are to be read; 0: not known. NULL when it is not to
 * be shown, or memory ran out. */
struct progress *progress_new(const char *command, int64_t total) MUST_USE;

/* Erase it, for good. */
void progress_free(struct progress *progress);

/* So many more octets were read, of what there was to read; refusals found; domains or addresses tested. */
void progress_add_octets(struct progress *progress, int64_t octets);
void progress_add_refusal(struct progress *progress);
void progress_add_test(struct progress *progress);

/* Erase it, and write it no more until progress_resume(): so that lines can be written to standard error. */
void progress_pause(struct progress *progress);
void progress_resume(struct progress *progress);

#endif
