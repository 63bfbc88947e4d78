#include "heloscope/wiring/reach.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "heloscope/daemon/listener.h"
#include "heloscope/daemon/rights.h"

#define PATH_SIZE 1024
#define ACCOUNT_MEMORY 16384 /* octets: a line of passwd(5), or of group(5) with its members */

static bool
find_user(const char *name, struct rights *user)
{
	struct service_account account;
	struct error unused;

	return service_find_account(name, NULL, "", &account, &unused) && rights_of_account(&account, user);
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

struct walker {
	const struct rights *rights;
	mode_t unsafe;
};

/* The first `length` octets of the path, of which the last is looked at: a directory, or the socket. */
static enum reach
look_at(const char *path, size_t length, const struct walker *walker, struct strbuf *found,
	struct strbuf *where)
{
	const bool is_last = path[length] == '\0';
	struct stat status;

	strbuf_shorten(where, 0);
	strbuf_add_span(where, (struct span){ path, length });
	if (stat(where->text, &status) != 0) {
		strbuf_printf(found, "%s: %s", where->text, strerror(errno));
		return errno == EACCES ? REACH_UNSEEN : REACH_MISSING;
	}
	if (is_last && !S_ISSOCK(status.st_mode)) {
		strbuf_printf(found, "%s is not a socket", path);
		return REACH_MISSING;
	}
	if (!is_last && (status.st_mode & walker->unsafe) != 0) {
		tell_access(where->text, &status, found);
		return REACH_UNSAFE;
	}
	if (rights_allow(walker->rights, &status, is_last ? MAY_WRITE : MAY_ENTER))
		return REACH_GOOD;
	tell_access(where->text, &status, found);
	return is_last || strchr(path + length + 1, '/') == NULL ? REACH_CLOSED : REACH_SHUT;
}

static enum reach
walk(const char *path, const struct walker *walker, struct strbuf *found, struct strbuf *where)
{
	const size_t all = strlen(path);
	enum reach reach = REACH_GOOD;

	for (size_t length = 1; length <= all && reach == REACH_GOOD; length++)
		if (path[length] == '/' || path[length] == '\0')
			reach = look_at(path, length, walker, found, where);
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
reach_look(const char *listen, const struct caller *caller, struct strbuf *found, struct strbuf *where)
{
	const char *path = listener_path(listen);
	struct rights rights;
	enum reach reach = REACH_GOOD;

	if (path != NULL && path[0] == '/' && strlen(path) < PATH_SIZE && find_user(caller->user, &rights))
		reach = walk(path, &(struct walker){ &rights, caller->unsafe }, found, where);
	return reach == REACH_GOOD ? knock(listen, found) : reach;
}
