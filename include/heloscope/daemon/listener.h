/*
 * listener: makes the socket on which the MTA finds the filter.
 *
 * A unix socket lies in a directory that the filter's user may own, and whoever owns a directory can put
 * symbolic links in every name there, at any moment. So root never follows such a path: the socket is
 * looked for, cleared away and made as the filter's user, with the right mode from its first moment, and
 * what root gives away is an open descriptor of a socket that belongs to that user already. TCP sockets are
 * made as whoever the process is, since low ports are root's. Before there are threads.
 */
#ifndef HELOSCOPE_DAEMON_LISTENER_H
#define HELOSCOPE_DAEMON_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/daemon/service.h"

#define LISTENER_PATH_SIZE                                                                                   \
	256 /* of a directory in advice, with the NUL; a socket's path has 107 octets at most */

struct listener_wish {
	const char *listen;        /* as libmilter takes it; "unix:/path", "local:/path" or of TCP */
	const char *owner, *group; /* of a unix socket, names; NULL: those that it gets by itself */
	unsigned mode;             /* of a unix socket, as for chmod(2) */
	const char *clients; /* the group of those who connect, to be named in advice; NULL: Postfix's */
	/* Makes the socket in earnest, once it has been found that this can be done. */
	bool (*open)(const char *listen, struct error *error);
};

/*
 * Make the socket. `account` is whom the process will become, or NULL when it stays who it is. A unix socket
 * that nobody answers on is removed first; anything else that lies there is left alone. False with the true
 * reason and, where there is one, what can be done about it.
 */
bool listener_make(const struct listener_wish *wish, const struct service_account *account,
		   struct error *error) MUST_USE;

/* Remove a unix socket that was made; by then the process is its user. */
void listener_unmake(const char *listen);

struct listener_address {
	struct sockaddr_storage storage;
	socklen_t length;
};

/* Add what lets the filter write where the file system is read-only, to the directory of `path`. */
void listener_advise_read_only(const char *path, struct strbuf *advice);

/* What bind(2) takes for it. False with the reason, as for a name, which libmilter looks up by itself. */
bool listener_find_address(const char *listen, struct listener_address *address,
			   struct error *error) MUST_USE;

/* What a connection to it comes to: 0 when somebody answers, within two seconds, or the reason. */
int listener_try(const struct listener_address *address);

/* The path of a unix socket, or NULL. */
const char *listener_path(const char *listen);

/*
 * The directory to be made for such a path, and given to whoever listens there. True: its own, which is not
 * there, holds nothing else, or has the filter's name. False: one below it, for others need theirs (/run,
 * /tmp, a queue), and must keep it.
 */
bool listener_own_directory(const char *path, char directory[LISTENER_PATH_SIZE]);

#endif
