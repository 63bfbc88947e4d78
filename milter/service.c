#include "heloscope/service.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTENERS_BELOW 64 /* at the start few descriptors are in use */

unsigned long
service_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	return (unsigned long)limit.rlim_cur;
}

/* The path of a unix socket, or NULL. */
static const char *
socket_path(const char *listen)
{
	if (strncmp(listen, "unix:", 5) == 0)
		return listen + 5;
	return strncmp(listen, "local:", 6) == 0 ? listen + 6 : NULL;
}

static bool
set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address->sun_path)
		return false;
	memcpy(address->sun_path, path, strlen(path));
	return true;
}

static bool
answers(const struct sockaddr_un *address)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const bool is_alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

	if (fd >= 0)
		(void)close(fd);
	return is_alive;
}

bool
service_clear_socket(const char *listen, struct error *error)
{
	const char *path = socket_path(listen);
	struct sockaddr_un address;
	struct stat status;

	if (path == NULL)
		return true;
	if (!set_address(&address, path)) {
		error_set(error, "the socket path %s is longer than the %zu octets that a socket may have",
			  path, sizeof address.sun_path - 1);
		return false;
	}
	if (lstat(path, &status) != 0)
		return true; /* nothing there; a missing folder shows when the socket is made */
	if (!S_ISSOCK(status.st_mode)) {
		error_set(error, "%s exists and is no socket; it is left alone", path);
		return false;
	}
	if (answers(&address)) {
		error_set(error, "another program listens on %s", path);
		return false;
	}
	if (unlink(path) != 0) {
		error_set(error, "the old socket %s cannot be removed: %s", path, strerror(errno));
		return false;
	}
	return true;
}

int
service_find_listener(void)
{
	for (int fd = 0; fd < LISTENERS_BELOW; fd++) {
		int is_listening = 0;
		socklen_t length = sizeof is_listening;

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) == 0 && is_listening)
			return fd;
	}
	return -1;
}

void
service_send_at_once(void)
{
	const int yes = 1, fd = service_find_listener();

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* fails for unix sockets */
}

static bool
find_user(const char *name, struct passwd *user, char *memory, size_t size)
{
	struct passwd *found = NULL;

	return getpwnam_r(name, user, memory, size, &found) == 0 && found != NULL;
}

static bool
find_group(const char *name, gid_t *id)
{
	char memory[16384];
	struct group group, *found = NULL;

	if (getgrnam_r(name, &group, memory, sizeof memory, &found) != 0 || found == NULL)
		return false;
	*id = group.gr_gid;
	return true;
}

bool
service_set_socket_access(const char *listen, const char *owner, const char *group, unsigned mode,
			  struct error *error)
{
	const char *path = socket_path(listen);
	char memory[4096];
	struct passwd user = { .pw_uid = (uid_t)-1 };
	gid_t group_id = (gid_t)-1;

	if (path == NULL)
		return true;
	if (owner != NULL && !find_user(owner, &user, memory, sizeof memory)) {
		error_set(error, "there is no user \"%s\" to own the socket", owner);
		return false;
	}
	if (group != NULL && !find_group(group, &group_id)) {
		error_set(error, "there is no group \"%s\" for the socket", group);
		return false;
	}
	/* Without a wish no call: chown(2) is forbidden to a service that is well shut in. */
	if (((owner != NULL || group != NULL) && chown(path, user.pw_uid, group_id) != 0)
	    || chmod(path, (mode_t)mode) != 0) {
		error_set(error, "the access to %s cannot be set: %s", path, strerror(errno));
		return false;
	}
	return true;
}

bool
service_drop_privileges(const char *user, const char *group, struct error *error)
{
	char memory[4096];
	struct passwd account;
	gid_t group_id;

	if (geteuid() != 0 || strcmp(user, "root") == 0)
		return true;
	if (!find_user(user, &account, memory, sizeof memory)) {
		error_set(error,
			  "there is no user \"%s\" to run as; create it (systemd-sysusers does) or name "
			  "another with "
			  "the setting \"user\"",
			  user);
		return false;
	}
	group_id = account.pw_gid;
	if (group != NULL && !find_group(group, &group_id)) {
		error_set(error, "there is no group \"%s\" to run as", group);
		return false;
	}
	if (initgroups(user, group_id) != 0 || setgid(group_id) != 0 || setuid(account.pw_uid) != 0) {
		error_set(error, "cannot become user \"%s\": %s", user, strerror(errno));
		return false;
	}
	if (account.pw_uid != 0 && (setuid(0) == 0 || geteuid() == 0)) {
		error_set(error, "still root after becoming user \"%s\"", user);
		return false;
	}
	return true;
}

void
service_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t length;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') || !set_address(&address, path))
		return;
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, length);
	(void)close(fd);
}
