#include "heloscope/daemon/service.h"

#include <errno.h>
#include <fcntl.h>
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

#define LISTENERS_BELOW 32 /* at the start few descriptors are in use */

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

int
service_put_aside(int fd)
{
	const int aside = fcntl(fd, F_DUPFD_CLOEXEC, LISTENERS_BELOW);
	const int reason = errno;

	(void)close(fd);
	errno = reason;
	return aside;
}

void
service_send_at_once(void)
{
	const int yes = 1, fd = service_find_listener();

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* fails for unix sockets */
}

/* Accounts. */

#define ACCOUNT_MEMORY 16384 /* octets: a line of passwd(5), or of group(5) with its members */

static bool
find_account(const char *name, struct service_account *account)
{
	char memory[ACCOUNT_MEMORY];
	struct passwd user, *found = NULL;

	if (getpwnam_r(name, &user, memory, sizeof memory, &found) != 0 || found == NULL)
		return false;
	*account = (struct service_account){ name, user.pw_uid, user.pw_gid };
	return true;
}

bool
service_find_user(const char *name, uid_t *id)
{
	struct service_account account;

	if (!find_account(name, &account))
		return false;
	*id = account.user_id;
	return true;
}

bool
service_find_group(const char *name, gid_t *id)
{
	char memory[ACCOUNT_MEMORY];
	struct group group, *found = NULL;

	if (getgrnam_r(name, &group, memory, sizeof memory, &found) != 0 || found == NULL)
		return false;
	*id = group.gr_gid;
	return true;
}

bool
service_find_account(const char *user, const char *group, const char *named_by,
		     struct service_account *account, struct error *error)
{
	if (!find_account(user, account)) {
		error_set(
			error,
			"there is no user \"%s\" to run as; create it (systemd-sysusers does, or useradd --system) or name another with %s",
			user, named_by);
		return false;
	}
	if (group != NULL && !service_find_group(group, &account->group_id)) {
		error_set(error, "there is no group \"%s\" to run as; create it, or name another with %s",
			  group, named_by);
		return false;
	}
	return true;
}

bool
service_step_down(const struct service_account *account, struct error *error)
{
	if (account == NULL
	    || (initgroups(account->name, account->group_id) == 0 && setegid(account->group_id) == 0
		&& seteuid(account->user_id) == 0))
		return true;
	error_set(error, "cannot become user \"%s\": %s", account->name, strerror(errno));
	return false;
}

bool
service_step_up(const struct service_account *account, struct error *error)
{
	if (account == NULL || (seteuid(0) == 0 && setegid(0) == 0))
		return true;
	error_set(error, "cannot become root again: %s", strerror(errno));
	return false;
}

bool
service_drop_privileges(const struct service_account *account, struct error *error)
{
	if (initgroups(account->name, account->group_id) != 0 || setgid(account->group_id) != 0
	    || setuid(account->user_id) != 0) {
		error_set(error, "cannot become user \"%s\": %s", account->name, strerror(errno));
		return false;
	}
	if (account->user_id != 0 && (setuid(0) == 0 || geteuid() == 0)) {
		error_set(error, "still root after becoming user \"%s\"", account->name);
		return false;
	}
	return true;
}

/* The service manager. */

static bool
set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address->sun_path)
		return false;
	memcpy(address->sun_path, path, strlen(path));
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
