/*
 * milter: libmilter's callbacks, each a few lines around heloscope/session.h.
 *
 * Only this module knows libmilter. Stages that no check needs are declined, and replies are
 * given only at RCPT and at the end of a message. libmilter runs the callbacks of one connection
 * on changing threads, one at a time.
 */
#ifndef HELOSCOPE_MILTER_H
#define HELOSCOPE_MILTER_H

#include <stdbool.h>

#include "heloscope/error.h"
#include "heloscope/session.h"

/*
 * Register with libmilter and bind the socket of `runtime`'s configuration. Keeps a reference
 * to `runtime` for connections to come.
 */
bool milter_open(struct runtime *runtime, struct error *error);

/* Connections from now on use `runtime`; takes a reference of its own. Any thread. */
void milter_use(struct runtime *runtime);

/* The runtime in use, with a reference for the caller. Any thread. */
struct runtime *milter_runtime(void);

/* Serve until SIGTERM or SIGINT. Returns false when libmilter failed. */
bool milter_run(void);

/* Give up the runtime in use, once milter_run() has returned. */
void milter_close(void);

#endif
