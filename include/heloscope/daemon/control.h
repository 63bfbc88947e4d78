/*
 * control: the filter's own socket, over which whoever runs it sees what it does: /metrics for Prometheus,
 * /status as JSON; and POST /forget, which has a finding of the look-back dropped.
 *
 * HTTP on a thread with an event loop of its own, which waits for nobody and holds no lock that mail waits
 * for any longer than it takes to read a number. One in a process.
 */
#ifndef HELOSCOPE_DAEMON_CONTROL_H
#define HELOSCOPE_DAEMON_CONTROL_H

#include <stdbool.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"

/* Start on a socket that listens, which is taken, once there is a runtime (milter_use()). `file`: of the
 * configuration; kept. False with the reason. */
bool control_start(int fd, const char *file, struct error *error) MUST_USE;

/* End the thread. Does nothing when it was not started. */
void control_stop(void);

#endif
