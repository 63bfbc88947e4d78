/*
 * intake: lets connections in only while there are file descriptors for them.
 *
 * libmilter, when accept(2) fails for want of descriptors, tries again at once and for ever: it
 * takes a whole processor and answers nobody. So before they run out connections are no longer
 * negotiated, and the MTA does what its default action for filters says; and before even accepting
 * one would fail, the listening socket is set aside: new connections wait in its queue. One
 * listening socket, one process.
 */
#ifndef HELOSCOPE_DAEMON_INTAKE_H
#define HELOSCOPE_DAEMON_INTAKE_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"

/*
 * Watch over `limit` descriptors, once the socket listens and before connections come. Starts a
 * thread that looks once a second. False with the reason.
 */
bool intake_start(unsigned long limit, struct error *error) MUST_USE;

/* Whether a connection that has come in should be served. Any thread. */
bool intake_has_room(void);

/*
 * End the thread, once and before the process ends: libmilter leaves its own threads to exit(), and
 * they may still ask intake_has_room(). Does nothing when it was not started.
 */
void intake_stop(void);

#endif
