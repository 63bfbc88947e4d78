/*
 * child: another program that is run: no shell, no environment but PATH.
 *
 * The only module that runs one (tests/check-calls.sh): sendmail(1), for heloscope(1) to hand over a message,
 * and postconf(1), to be read. Descriptors but the three first must be closed by exec (O_CLOEXEC). One
 * thread.
 */
#ifndef HELOSCOPE_BASE_CHILD_H
#define HELOSCOPE_BASE_CHILD_H

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"

/* Start the program at `path`; `arguments` begin with its name and end with NULL. `actions`: on descriptors.
 * 0, or why it does not run (errno(3)). */
int child_start(const char *path, char *const arguments[], const posix_spawn_file_actions_t *actions,
		pid_t *pid) MUST_USE;

/* Wait for its end, and take its exit status. False, with the reason, when it has none: a signal ended it. */
bool child_wait(pid_t pid, int *status, struct error *error) MUST_USE;

/* Whether it has ended, or ends within some milliseconds; child_wait() then waits no longer. */
bool child_ends(pid_t pid, int patience_ms) MUST_USE;

#endif
