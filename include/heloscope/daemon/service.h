/*
 * service: what a daemon needs of the system: descriptors, its user, its manager.
 *
 * For the main program, before it has threads. Functions say in `error` what failed.
 */
#ifndef HELOSCOPE_DAEMON_SERVICE_H
#define HELOSCOPE_DAEMON_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"

/*
 * Raise the limit of open descriptors to the hard limit: libmilter spins when it runs out of
 * them. Returns the limit that now holds.
 */
unsigned long service_raise_descriptors(void);

/* The descriptor of the socket that this process listens on, or -1: libmilter keeps it to itself. */
int service_find_listener(void) MUST_USE;

/* Move a socket of ours that listens, too, to where that does not find it. The descriptor, or -1 with errno
 * and `fd` closed. */
int service_put_aside(int fd) MUST_USE;

/*
 * Send replies at once on connections to come: sets TCP_NODELAY on the listening TCP socket, which
 * accepted ones inherit. libmilter writes the edits of a message and its reply apart, and keeps its
 * socket to itself; without this each message waits some 40 ms for a delayed acknowledgement.
 */
void service_send_at_once(void);

/* Whom the process becomes. `name` is the caller's. */
struct service_account {
	const char *name;
	uid_t user_id;
	gid_t group_id;
};

#define SERVICE_USER_SETTING "the setting \"user\"" /* with which the filter's are named */

bool service_find_user(const char *name, uid_t *id) MUST_USE;
bool service_find_group(const char *name, gid_t *id) MUST_USE;

/* The account of `user` with its own group or `group`, which may be NULL; `named_by`: with what they are
 * named, for the reason when there is none. */
bool service_find_account(const char *user, const char *group, const char *named_by,
			  struct service_account *account, struct error *error) MUST_USE;

/* For a while, as root: what is done to files is done as `account`; and back. NULL: nothing changes. */
bool service_step_down(const struct service_account *account, struct error *error) MUST_USE;
bool service_step_up(const struct service_account *account, struct error *error) MUST_USE;

/*
 * As root: become `account` and lose root for good. Supplementary groups are those of the user, and going
 * back must fail.
 */
bool service_drop_privileges(const struct service_account *account, struct error *error) MUST_USE;

/* Tell the service manager a state (sd_notify(3)), as "READY=1"; nothing without $NOTIFY_SOCKET. */
void service_notify(const char *state);

#endif
