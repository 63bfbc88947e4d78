#include "heloscope/wiring/reach.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "heloscope/daemon/listener.h"

#define GROUPS_MAX 256
#define PATH_SIZE 1024
#define ACCOUNT_MEMORY 16384 /* octets: a line of passwd(5), or of group(5) with its members */

struct user {
	uid_t id;
	gid_t groups[GROUPS_MAX];
	int group_count;
};

static bool
find_user(const char *name, struct user *user)
{
	char memory[ACCOUNT_MEMORY];
	struct passwd entry, *found = NULL;

	user->group_count = GROUPS_MAX;
	if (getpwnam_r(name, &entry, memory, sizeof memory, &found) != 0 || found == NULL)
		return false;
	user->id = entry.pw_uid;
	return getgrouplist(name, entry.pw_gid, user->groups, &user->group_count) >= 0;
}

/* Whether the bits (4 read, 2 write, 1 search) are set for that user; root may do everything. */
static bool
may(const struct user *user, const struct stat *status, unsigned bits)
{
	if (user->id == 0)
		return true;
	if (user->id == status->st_uid)
		return (status->st_mode >> 6 & bits) == bits;
	for (int i = 0; i < user->group_count; i++)
		if (user->groups[i] == status->st_gid)
			return (status->st_mode >> 3 & bits) == bits;
	return (status->st_mode & bits) == bits;
}

/* "drwx------ heloscope:heloscope" */
static void
tell_access(const char *path, const struct stat *status, struct strbuf *found)
{
	static const char letters[] = "rwxrwxrwx";
	char memory[ACCOUNT_MEMORY];
	struct passwd user, *owner = NULL;
	struct group group, *owners = NULL;

	strbuf_printf(found, "%s %c", path, S_ISDIR(status->st_mode) ? 'd' : 's');
	for (int i = 0; i < 9; i++)
		strbuf_add_char(found, (status->st_mode >> (8 - i) & 1) != 0 ? letters[i] : '-');
	if (getpwuid_r(status->st_uid, &user, memory, sizeof memory, &owner) == 0 && owner != NULL)
		strbuf_printf(found, " %s:", owner->pw_name);
	else
		strbuf_printf(found, " %lu:", (unsigned long)status->st_uid);
	if (getgrgid_r(status->st_gid, &group, memory, sizeof memory, &owners) == 0 && owners != NULL)
		strbuf_add(found, owners->gr_name);
	else
		strbuf_printf(found, "%lu", (unsigned long)status->st_gid);
}

/* The first `length` octets of the path, of which the last is looked at: a directory, or the socket. */
static enum reach
look_at(const char *path, size_t length, const struct user *user, struct strbuf *found)
{
	const bool is_last = path[length] == '\0';
	char part[PATH_SIZE];
	struct strbuf name = STRBUF_OVER(part);
	struct stat status;

	strbuf_add_span(&name, (struct span){ path, length });
	if (stat(part, &status) != 0) {
		strbuf_printf(found, "%s: %s", part, strerror(errno));
		return errno == EACCES ? REACH_UNSEEN : REACH_MISSING;
	}
	if (is_last && !S_ISSOCK(status.st_mode)) {
		strbuf_printf(found, "%s is not a socket", path);
		return REACH_MISSING;
	}
	if (may(user, &status, is_last ? 2 : 1))
		return REACH_GOOD;
	tell_access(part, &status, found);
	return REACH_CLOSED;
}

static enum reach
walk(const char *path, const struct user *user, struct strbuf *found)
{
	const size_t all = strlen(path);
	enum reach reach = REACH_GOOD;

	for (size_t length = 1; length <= all && reach == REACH_GOOD; length++)
		if (path[length] == '/' || path[length] == '\0')
			reach = look_at(path, length, user, found);
	return reach;
}

static enum reach
knock(const char *listen, struct strbuf *found)
{
	struct listener_address address;
	int reason;

	if (!listener_find_address(listen, &address, NULL))
		return REACH_GOOD; /* a name, which is not looked up */
	reason = listener_try(&address);
	if (reason == 0 || reason == EAGAIN)
		return REACH_GOOD;
	strbuf_printf(found, "%s: %s", listen, strerror(reason));
	return reason == EACCES || reason == EPERM ? REACH_UNSEEN : REACH_NOBODY;
}

enum reach
reach_look(const char *listen, const char *user, struct strbuf *found)
{
	const char *path = listener_path(listen);
	struct user connects;
	enum reach reach = REACH_GOOD;

	if (path != NULL && path[0] == '/' && strlen(path) < PATH_SIZE && find_user(user, &connects))
		reach = walk(path, &connects, found);
	return reach == REACH_GOOD ? knock(listen, found) : reach;
}
