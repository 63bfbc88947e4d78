/*
 * serve: the filter from its start to its end.
 *
 * The order of the start matters: the socket first, since low ports need root; then root is given up; and
 * only then is anything opened that the filter's user might have put there. The calling thread waits for
 * signals, since the kernel gives a signal to the first thread of a process when that waits for it, and not
 * to libmilter's, which would end the filter without a word and up to five seconds late.
 */
#ifndef HELOSCOPE_DAEMON_SERVE_H
#define HELOSCOPE_DAEMON_SERVE_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"

/*
 * Read the configuration at `path` and serve with it until SIGTERM, SIGINT or SIGHUP comes. False, with the
 * reason in the log and on stderr, when the filter cannot start, or when libmilter fails. For the first
 * thread, and once.
 */
bool serve(const char *path) MUST_USE;

#endif
