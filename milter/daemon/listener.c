#include "heloscope/daemon/listener.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/base/symlink.h"

const char *
listener_path(const char *listen)
{
	if (strncmp(listen, "unix:", 5) == 0)
		return listen + 5;
	return strncmp(listen, "local:", 6) == 0 ? listen + 6 : NULL;
}

/* Whether something else than a file of that name lies in a directory, or that cannot be seen. */
static bool
holds_others(const char *directory, const char *name)
{
	DIR *opened = opendir(directory);
	bool found = false;

	if (opened == NULL)
		return errno != ENOENT;
	for (const struct dirent *entry; !found && (entry = readdir(opened)) != NULL;)
		found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0
			&& strcmp(entry->d_name, name) != 0;
	(void)closedir(opened);
	return found;
}

/* /run/heloscope is the filter's, whatever it has put there. */
static bool
is_named_ours(const char *directory)
{
	return strcmp(strrchr(directory, '/') + 1, "heloscope") == 0;
}

bool
listener_own_directory(const char *path, char directory[LISTENER_PATH_SIZE])
{
	const char *slash = strrchr(path, '/');
	const int length = slash != NULL ? (int)(slash - path) : 0;

	(void)snprintf(directory, LISTENER_PATH_SIZE, "%.*s", length, path);
	if (length > 0 && (is_named_ours(directory) || !holds_others(directory, slash + 1)))
		return true;
	(void)snprintf(directory, LISTENER_PATH_SIZE, "%.*s/heloscope", length > 0 ? length : 4,
		       length > 0 ? path : "/run");
	return false;
}

/* Reasons, and what can be done about them. */

/* How the directory is made; of a directory of others, one below it is. None where a link has its name. */
static void
advise_directory(const struct listener_wish *wish, const char *user, struct strbuf *advice)
{
	const char *path = listener_path(wish->listen), *slash = strrchr(path, '/');
	char directory[LISTENER_PATH_SIZE], link[LISTENER_PATH_SIZE];
	struct strbuf link_text = STRBUF_OVER(link);
	const bool is_own = listener_own_directory(path, directory);

	if (symlink_tell(directory, &link_text)) {
		strbuf_printf(advice, ", and %s is %s; make a directory in its place", directory, link);
		return;
	}
	strbuf_printf(advice, ": install -d -o %.40s -g %s -m 2750 ", user,
		      wish->clients != NULL ? wish->clients : "postfix");
	strbuf_add_shell_word(advice, directory);
	if (!is_own)
		strbuf_printf(advice, ", and use unix:%s/%s, for others need the directory that was given",
			      directory, slash != NULL ? slash + 1 : path);
}

void
listener_advise_read_only(const char *path, struct strbuf *advice)
{
	const char *slash = strrchr(path, '/');

	strbuf_printf(
		advice,
		"; a service of systemd may write only where its unit says so: run \"systemctl edit heloscope-milter\", add the lines \"[Service]\" and \"ReadWritePaths=%.*s\", and restart it",
		slash != NULL ? (int)(slash - path) : 0, path);
}

/* The reason with what can be done about it; `user` is whom the program runs as. */
static void
explain(const struct listener_wish *wish, const char *user, int reason, struct error *error)
{
	static const struct {
		int reason;
		bool is_unix, wants_directory;
		const char *advice;
	} table[] = {
		{ EADDRINUSE, false, false,
		  "; another program listens there: end it, or choose another port" },
		{ EADDRNOTAVAIL, false, false,
		  "; expected an address of this host (\"ip address\" shows them), or 0.0.0.0 or :: for all" },
		{ EACCES, false, false,
		  "; ports below 1024 are root's: choose another, or start as root, or give the service CAP_NET_BIND_SERVICE" },
		{ EAFNOSUPPORT, false, false, "; this host does not have addresses of this family" },
		{ EADDRINUSE, true, false, "; something lies there that is not a dead socket" },
		{ ENOENT, true, true, "; make its directory" },
		{ ENOTDIR, true, false, "; a part of the path is not a directory" },
		{ EACCES, true, true, "; its directory must belong to the user that listens" },
		{ EROFS, true, false, "" },
	};
	const bool is_unix = listener_path(wish->listen) != NULL;
	char memory[4 * LISTENER_PATH_SIZE];
	struct strbuf advice = STRBUF_OVER(memory);
	size_t row = 0;

	while (row < sizeof table / sizeof table[0]
	       && (table[row].reason != reason || table[row].is_unix != is_unix))
		row++;
	if (row < sizeof table / sizeof table[0]) {
		strbuf_add(&advice, table[row].advice);
		if (table[row].wants_directory)
			advise_directory(wish, user, &advice);
		if (reason == EROFS)
			listener_advise_read_only(listener_path(wish->listen), &advice);
	}
	error_set(error, "cannot listen on \"%.200s\": %s%s", wish->listen, strerror(reason), memory);
}

/* Addresses. */

static bool
unix_address(const char *path, struct listener_address *address, struct error *error)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&address->storage;

	if (strlen(path) >= sizeof un->sun_path) {
		error_set(error,
			  "the socket path %.200s is longer than the %zu octets that a socket may have", path,
			  sizeof un->sun_path - 1);
		return false;
	}
	*address = (struct listener_address){ .length = sizeof *un };
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, strlen(path));
	return true;
}

/* "inet:PORT@ADDRESS" or "inet6:PORT". False for a name, which libmilter looks up by itself. */
static bool
tcp_address(const char *listen, struct listener_address *address)
{
	const struct span rest = span_from(span_of(listen), strcspn(listen, ":") + 1);
	const size_t digits = strspn(rest.at, "0123456789");
	const bool is_ipv6 = strncmp(listen, "inet6:", 6) == 0;
	struct span host = span_from(rest, digits + 1);
	struct ipaddr ip = { .length = is_ipv6 ? 16 : 4 };
	unsigned port;

	if (host.length > 1 && host.at[0] == '[')
		host = (struct span){ host.at + 1, host.length - 2 };
	if (!span_to_number((struct span){ rest.at, digits }, 1, 65535, &port)
	    || (host.length > 0 && !ipaddr_parse(host, &ip)))
		return false;
	address->length = ipaddr_to_sockaddr(&ip, (uint16_t)port, &address->storage);
	return true;
}

bool
listener_find_address(const char *listen, struct listener_address *address, struct error *error)
{
	const char *path = listener_path(listen);

	if (path != NULL)
		return unix_address(path, address, error);
	error_set(error, "\"%.200s\" has no address", listen);
	return tcp_address(listen, address);
}

/* Trying. */

/* Listen there, and stop at once: libmilter does not say why it cannot. 0, or the reason. */
static int
try_to_listen(const struct listener_address *address)
{
	const int yes = 1, fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int reason = fd < 0 ? errno : 0;

	if (fd < 0)
		return reason;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (const struct sockaddr *)&address->storage, address->length) != 0 || listen(fd, 1) != 0)
		reason = errno;
	else if (address->storage.ss_family == AF_UNIX)
		(void)unlink(((const struct sockaddr_un *)&address->storage)->sun_path);
	(void)close(fd);
	return reason;
}

int
listener_try(const struct listener_address *address)
{
	const struct timeval patience = { .tv_sec = 2 };
	const int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int reason = 0;

	if (fd >= 0) /* which connect(2) heeds, too */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address->storage, address->length) != 0)
		reason = errno;
	if (fd >= 0)
		(void)close(fd);
	return reason == EAGAIN ? 0 : reason; /* its queue is full */
}

/* Remove a socket that nobody answers on. */
static bool
clear_away(const char *path, const struct listener_address *address, struct error *error)
{
	struct stat status;
	int reason;

	if (lstat(path, &status) != 0)
		return true; /* nothing there, or no way there: that shows when the socket is made */
	if (!S_ISSOCK(status.st_mode)) {
		error_set(error, "%s exists and is not a socket; it is left alone", path);
		return false;
	}
	reason = listener_try(address);
	if (reason == 0)
		error_set(error, "another program listens on %s", path);
	else if (reason != ECONNREFUSED && reason != ENOENT)
		error_set(error, "whether somebody listens on %s cannot be found out: %s; remove it if not",
			  path, strerror(reason));
	else if (unlink(path) != 0 && errno != ENOENT)
		error_set(error, "the old socket %s cannot be removed: %s", path, strerror(errno));
	else
		return true;
	return false;
}

static bool
try(const struct listener_wish *wish, const char *user, struct error *error)
{
	const char *listen = wish->listen, *path = listener_path(listen);
	struct listener_address address;
	int reason = 0;

	if (path != NULL && (!unix_address(path, &address, error) || !clear_away(path, &address, error)))
		return false;
	if (path != NULL || tcp_address(listen, &address))
		reason = try_to_listen(&address);
	if (reason != 0)
		explain(wish, user, reason, error);
	return reason == 0;
}

/* Giving away. */

struct ids {
	uid_t user;
	gid_t group;
};

static bool
find_ids(const struct listener_wish *wish, struct ids *ids, struct error *error)
{
	*ids = (struct ids){ (uid_t)-1, (gid_t)-1 };
	if (wish->owner != NULL && !service_find_user(wish->owner, &ids->user)) {
		error_set(error, "there is no user \"%s\" to own the socket", wish->owner);
		return false;
	}
	if (wish->group != NULL && !service_find_group(wish->group, &ids->group)) {
		error_set(error, "there is no group \"%s\" for the socket", wish->group);
		return false;
	}
	return true;
}

/* A descriptor of the socket that was just made, as whoever made it; -1 when something else lies there now.
 */
static int
take_hold(const char *path, struct stat *status)
{
	const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0
	    || (fstat(fd, status) == 0 && S_ISSOCK(status->st_mode) && status->st_nlink == 1
		&& status->st_uid == geteuid()))
		return fd;
	(void)close(fd);
	errno = EEXIST;
	return -1;
}

/* Takes `fd`. Without a wish no call: chown(2) is forbidden to a service that is well shut in. */
static bool
give_away(int fd, const struct stat *status, const struct ids *ids)
{
	const bool is_right = (ids->user == (uid_t)-1 || ids->user == status->st_uid)
			      && (ids->group == (gid_t)-1 || ids->group == status->st_gid);
	const bool is_given = is_right || fchownat(fd, "", ids->user, ids->group, AT_EMPTY_PATH) == 0;
	const int reason = errno;

	(void)close(fd);
	errno = reason;
	return is_given;
}

static bool
make_as_it_should_be(const struct listener_wish *wish, const struct service_account *account,
		     struct error *error)
{
	const mode_t before = umask(~(mode_t)wish->mode & 0777);
	const struct passwd *self = account == NULL ? getpwuid(geteuid()) : NULL; /* threads come later */
	const char *user = account != NULL ? account->name : self != NULL ? self->pw_name : "USER";
	const bool is_made = try(wish, user, error) && wish->open(wish->listen, error);

	(void)umask(before);
	return is_made;
}

bool
listener_make(const struct listener_wish *wish, const struct service_account *account, struct error *error)
{
	const char *path = listener_path(wish->listen);
	const struct service_account *maker = path != NULL ? account : NULL;
	struct stat status;
	struct ids ids;
	bool is_made;
	int fd = -1;

	if ((path != NULL && !find_ids(wish, &ids, error)) || !service_step_down(maker, error))
		return false;
	is_made = make_as_it_should_be(wish, account, error);
	if (is_made && path != NULL)
		fd = take_hold(path, &status);
	if (!service_step_up(maker, error))
		return false;
	if (!is_made || path == NULL)
		return is_made;
	if (fd >= 0 && give_away(fd, &status, &ids))
		return true;
	error_set(
		error, "the access to %s cannot be set: %s%s", path, strerror(errno),
		errno == EPERM
			? "; owner and group take a filter that starts as root: leave them out, and let who is to connect be a member of the filter's group"
			: "");
	if (fd >= 0)
		(void)unlink(path);
	return false;
}

void
listener_unmake(const char *listen)
{
	const char *path = listener_path(listen);

	if (path != NULL)
		(void)unlink(path);
}
