/*
 * milter: libmilter's callbacks, each a few lines around heloscope/daemon/session.h.
 *
 * Only this module knows libmilter. Stages that no check needs are declined, and replies are
 * given only at RCPT and at the end of a message. libmilter runs the callbacks of one connection
 * on changing threads, one at a time.
 */
#ifndef HELOSCOPE_DAEMON_MILTER_H
#define HELOSCOPE_DAEMON_MILTER_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"
#include "heloscope/daemon/session.h"

/* Register with libmilter and listen on its socket, "inet:8891@127.0.0.1" or "unix:/path". */
bool milter_open(const char *listen, struct error *error) MUST_USE;

/* Connections from now on use `runtime`; takes a reference of its own. Any thread. */
void milter_use(struct runtime *runtime);

/* The runtime in use, with a reference for the caller. Any thread. */
struct runtime *milter_runtime(void);

/* Serve, once milter_use() was called, until milter_stop(). Returns false when libmilter failed. */
bool milter_run(void) MUST_USE;

/* libmilter is to end; it sees to that with the next connection, or within five seconds. Any thread. */
void milter_stop(void);

/* Give up the runtime in use, once milter_run() has returned. */
void milter_close(void);

#endif
