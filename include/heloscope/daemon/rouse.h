/*
 * rouse: sees to it that nobody waits for a session but that session.
 *
 * libmilter hands sessions that have become ready at the same time to its idle worker, one or two, and
 * while that waits for the DNS they all wait behind it. For a connection it starts a worker when none is
 * idle, and a worker takes whatever is left when its own session has nothing to do. So whoever is about to
 * wait has a connection made to the filter's own socket, which is dropped at once: it costs a few dozen
 * microseconds. One listening socket, one process.
 */
#ifndef HELOSCOPE_DAEMON_ROUSE_H
#define HELOSCOPE_DAEMON_ROUSE_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"

/* Start the thread that connects, once the socket listens. False with the reason. */
bool rouse_start(struct error *error) MUST_USE;

/* A callback is about to wait. Returns at once; any thread. */
void rouse(void);

/* End the thread. Does nothing when it was not started. */
void rouse_stop(void);

#endif
