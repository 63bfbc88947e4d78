/*
 * service: what a daemon needs of the system: descriptors, its socket, its user, its manager.
 *
 * For the main program, before it has threads. Functions say in `error` what failed.
 */
#ifndef HELOSCOPE_SERVICE_H
#define HELOSCOPE_SERVICE_H

#include <stdbool.h>

#include "heloscope/error.h"

/*
 * Raise the limit of open descriptors to the hard limit: libmilter spins when it runs out of
 * them. Returns the limit that now holds.
 */
unsigned long service_raise_descriptors(void);

/*
 * Make way for a socket at `listen` ("unix:/path" or "local:/path"; anything else is left
 * alone). A socket that nobody answers on is removed. False when another program answers there,
 * when what lies there is no socket, or when its folder does not exist.
 */
bool service_clear_socket(const char *listen, struct error *error);

/*
 * Give the unix socket at `listen` its owner, group (names; NULL leaves them) and mode. Does
 * nothing for other sockets.
 */
bool service_set_socket_access(const char *listen, const char *owner, const char *group, unsigned mode,
			       struct error *error);

/* The descriptor of the socket that this process listens on, or -1: libmilter keeps it to itself. */
int service_find_listener(void);

/*
 * Send replies at once on connections to come: sets TCP_NODELAY on the listening TCP socket, which
 * accepted ones inherit. libmilter writes the edits of a message and its reply apart, and keeps its
 * socket to itself; without this each message waits some 40 ms for a delayed acknowledgement.
 */
void service_send_at_once(void);

/*
 * Become `user` and, with its group or `group`, lose root for good: supplementary groups are
 * those of the user, and going back must fail. Does nothing when not root, or when `user` is
 * "root", which is for containers.
 */
bool service_drop_privileges(const char *user, const char *group, struct error *error);

/* Tell the service manager a state (sd_notify(3)), as "READY=1"; nothing without $NOTIFY_SOCKET. */
void service_notify(const char *state);

#endif
