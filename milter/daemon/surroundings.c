#include "heloscope/daemon/surroundings.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/daemon/listener.h"
#include "heloscope/daemon/service.h"

#define OWN_USER "heloscope"
#define GROUPS_MAX 256

enum { MAY_READ = 4, MAY_WRITE = 2, MAY_ENTER = 1 }; /* as in the last digit of a mode */

struct look {
	const struct config *config;
	const char *path;
	struct output *messages;
	bool is_starting;
	struct service_account account; /* name NULL: not known */
	gid_t groups[GROUPS_MAX];
	int group_count;
};

static void warn(const struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
warn(const struct look *look, const char *format, ...)
{
	va_list arguments;

	output_put(look->messages, "%s: warning: ", look->path);
	va_start(arguments, format);
	output_arguments(look->messages, format, arguments);
	va_end(arguments);
	output_put(look->messages, "\n");
}

/* Users and groups. */

static void
look_for_user(struct look *look)
{
	const struct config *config = look->config;
	struct error error;

	if (look->is_starting) { /* by now it is who serves, whatever the configuration would have root become
				  */
		look->account = (struct service_account){ config->user, geteuid(), getegid() };
		look->group_count = getgroups(GROUPS_MAX, look->groups);
		return;
	}
	if (service_find_account(config->user, config->group, &look->account, &error)) {
		look->group_count = GROUPS_MAX;
		if (getgrouplist(config->user, look->account.group_id, look->groups, &look->group_count) < 0)
			look->group_count = GROUPS_MAX; /* the first ones */
		return;
	}
	look->account.name = NULL;
	if (strcmp(config->user, OWN_USER) != 0)
		warn(look, "%s", error.text);
}

static void
look_for_socket_access(const struct look *look)
{
	const struct config *config = look->config;
	uid_t user;
	gid_t group;

	if (config->socket_owner != NULL && !service_find_user(config->socket_owner, &user))
		warn(look, "there is no user \"%s\" to own the socket", config->socket_owner);
	if (config->socket_group != NULL && !service_find_group(config->socket_group, &group))
		warn(look, "there is no group \"%s\" for the socket", config->socket_group);
}

/* Files. */

static bool
is_member(const struct look *look, gid_t group)
{
	for (int i = 0; i < look->group_count; i++)
		if (look->groups[i] == group)
			return true;
	return false;
}

/* By owner, group and mode alone: a service may be shut in further. */
static bool
user_may(const struct look *look, const struct stat *status, unsigned rights)
{
	unsigned shift = 0;

	if (look->account.name == NULL || look->account.user_id == 0)
		return true;
	if (status->st_uid == look->account.user_id)
		shift = 6;
	else if (is_member(look, status->st_gid))
		shift = 3;
	return (status->st_mode >> shift & rights) == rights;
}

/* The service of systemd makes these three itself. */
static bool
is_made_by_the_service(const char *directory)
{
	static const char *const made[] = { "/run/heloscope", "/var/log/heloscope", "/var/lib/heloscope" };

	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
		if (strcmp(made[i], directory) == 0)
			return true;
	return false;
}

/* The directory in which `what`, the file at `path`, is to be made. False when it cannot be. */
static bool
look_at_directory(const struct look *look, const char *what, const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[512];
	struct stat status;

	if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof directory)
		return true;
	(void)snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
	if (stat(directory, &status) != 0) {
		if ((errno != ENOENT && errno != ENOTDIR)
		    || (!look->is_starting && is_made_by_the_service(directory)))
			return true; /* it is not known */
		warn(look, "%s %s cannot be made: the directory %s: %s; make it: install -d -o %s %s", what,
		     path, directory, strerror(errno), look->config->user, directory);
		return false;
	}
	if (S_ISDIR(status.st_mode) && user_may(look, &status, MAY_WRITE | MAY_ENTER))
		return true;
	warn(look, "%s %s cannot be made: %s %s; its directory must belong to the user \"%s\"", what, path,
	     directory, S_ISDIR(status.st_mode) ? "belongs to somebody else" : "is not a directory",
	     look->config->user);
	return false;
}

/* A file that the filter appends to or writes anew. */
static void
look_at_written_file(const struct look *look, const char *what, const char *path)
{
	struct stat status;

	if (!look_at_directory(look, what, path) || stat(path, &status) != 0)
		return;
	if (!S_ISREG(status.st_mode))
		warn(look, "%s %s is not a file", what, path);
	else if (!user_may(look, &status, MAY_WRITE))
		warn(look, "%s %s belongs to somebody else: the user \"%s\" may not write it", what, path,
		     look->config->user);
}

/* A file that is read again at a reload, by the filter's user then. */
static void
look_at_read_file(const struct look *look, const char *what, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && !user_may(look, &status, MAY_READ))
		warn(look,
		     "%s %s may not be read by the user \"%s\": a reload would fail; let it belong to the group of that user, with mode 0640",
		     what, path, look->config->user);
}

void
surroundings_check(const struct config *config, const char *path, bool is_starting, struct output *messages)
{
	struct look look = {
		.config = config, .path = path, .messages = messages, .is_starting = is_starting
	};
	const char *socket = listener_path(config->listen);

	look_for_user(&look);
	look_for_socket_access(&look);
	if (socket != NULL)
		(void)look_at_directory(&look, "the socket", socket);
	if (config->records != NULL)
		look_at_written_file(&look, "the log of records", config->records);
	if (config->looks_back && config->look_back.file != NULL)
		look_at_written_file(&look, "the file of findings", config->look_back.file);
	look_at_read_file(&look, "the configuration", path);
	for (size_t i = 0; i < config->lists.count; i++)
		if (config->lists.items[i].key_file != NULL)
			look_at_read_file(&look, "the key file", config->lists.items[i].key_file);
	if (config->resolver.trust_anchor != NULL)
		look_at_read_file(&look, "the trust-anchor", config->resolver.trust_anchor);
}
