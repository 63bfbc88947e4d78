/*
 * local_socket: a socket for HTTP that only this host reaches: a unix socket, or a port of loopback, made
 * with all the care of daemon/listener.
 */
#ifndef HELOSCOPE_DAEMON_LOCAL_SOCKET_H
#define HELOSCOPE_DAEMON_LOCAL_SOCKET_H

#include "heloscope/base/must_use.h"
#include "heloscope/daemon/listener.h"

/* Listen where `wish`, whose open() does not count, says; `account` as for listener_make(). The descriptor,
 * or -1 with the reason. Once in a process. */
int local_socket_make(const struct listener_wish *wish, const struct service_account *account,
		      struct error *error) MUST_USE;

#endif
