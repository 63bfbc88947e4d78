#include "heloscope/daemon/surroundings.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/regular_file.h"
#include "heloscope/base/symlink.h"
#include "heloscope/daemon/listener.h"
#include "heloscope/daemon/rights.h"
#include "heloscope/words/resolver_words.h"

#define OWN_USER "heloscope"

struct look {
	const struct config *config;
	const char *path;
	struct output *messages;
	bool is_filter;
	bool is_user_known;
	struct rights rights; /* of the user, if that is known */
	bool has_fault;       /* the filter would not start */
};

static void put(const struct look *look, const char *where, const char *severity, const char *format,
		va_list arguments) __attribute__((format(printf, 4, 0)));

/* `where`: the line of the setting, "heloscope.conf:31"; NULL: it is as by default. */
static void
put(const struct look *look, const char *where, const char *severity, const char *format, va_list arguments)
{
	output_put(look->messages, "%s: %s", where != NULL ? where : look->path, severity);
	output_arguments(look->messages, format, arguments);
	output_put(look->messages, "\n");
}

static void warn(const struct look *look, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void complain(struct look *look, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
warn(const struct look *look, const char *where, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put(look, where, "warning: ", format, arguments);
	va_end(arguments);
}

/* Of what keeps the filter from starting. */
static void
complain(struct look *look, const char *where, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put(look, where, "", format, arguments);
	va_end(arguments);
	look->has_fault = true;
}

static const char *
line_of(const struct look *look, const char *setting)
{
	return config_said_at(look->config, setting);
}

/* Users and groups. */

static void
look_for_user(struct look *look)
{
	const struct config *config = look->config;
	struct service_account account;
	struct error error;
	uid_t user;

	look->is_user_known =
		look->is_filter
		|| service_find_account(config->user, config->group, SERVICE_USER_SETTING, &account, &error);
	if (look->is_filter) /* by now it is who serves, whatever the configuration would have root become
			      */
		rights_of_process(&look->rights);
	else if (look->is_user_known)
		(void)rights_of_account(&account, &look->rights);
	else if (strcmp(config->user, OWN_USER) != 0)
		complain(look, line_of(look, service_find_user(config->user, &user) ? "user group" : "user"),
			 "%s", error.text);
}

static void
look_for_socket_access(struct look *look)
{
	const struct config *config = look->config;
	uid_t user;
	gid_t group;

	if (config->socket_owner != NULL && !service_find_user(config->socket_owner, &user))
		complain(look, line_of(look, "owner"), "there is no user \"%s\" to own the socket",
			 config->socket_owner);
	if (config->socket_group != NULL && !service_find_group(config->socket_group, &group))
		complain(look, line_of(look, "group"), "there is no group \"%s\" for the socket",
			 config->socket_group);
	if (config->control_owner != NULL && !service_find_user(config->control_owner, &user))
		warn(look, line_of(look, "control owner"),
		     "there is no user \"%s\" to own the control socket: there will be none",
		     config->control_owner);
	if (config->control_group != NULL && !service_find_group(config->control_group, &group))
		warn(look, line_of(look, "control group"),
		     "there is no group \"%s\" for the control socket: there will be none",
		     config->control_group);
}

/* Files. */

static bool
user_may(const struct look *look, const struct stat *status, unsigned wanted)
{
	return !look->is_user_known || rights_allow(&look->rights, status, wanted);
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

/* Who uses what is made there. */
enum reader { READER_SELF, READER_MTA };

#define SHELL_WORD_SIZE 2000
#define LINK_SIZE 900 /* of what symlink_tell() says */

/* A path as it stands in a command that is to be pasted; of one that is too long there is no use. */
static const char *
quote(const char *path, char word[SHELL_WORD_SIZE])
{
	struct strbuf text;

	strbuf_init(&text, word, SHELL_WORD_SIZE);
	strbuf_add_shell_word(&text, path);
	return text.is_cut ? "FILE" : word;
}

/* The command that makes a directory of the filter's own, or gives it one that is there. */
static void
add_giving(const struct look *look, const char *directory, enum reader reader, bool is_there,
	   struct strbuf *command)
{
	const char *user = look->config->user;
	char memory[SHELL_WORD_SIZE];
	const char *word = quote(directory, memory);

	if (reader == READER_MTA)
		strbuf_printf(command, "install -d -o %s -g postfix -m 2750 %s", user, word);
	else if (is_there)
		strbuf_printf(command, "chown -h %s: %s", user, word);
	else
		strbuf_printf(command, "install -d -m 0750 %s && chown -h %s: %s", word, user, word);
}

/* Of a directory that is there, and belongs to others: they keep it, unless it is made for the filter. What a
 * link leads to is not given away. */
static void
warn_of_others(const struct look *look, const char *where, const char *what, const char *path,
	       enum reader reader)
{
	char own[LISTENER_PATH_SIZE], memory[9 * LISTENER_PATH_SIZE], link[LINK_SIZE];
	struct strbuf command = STRBUF_OVER(memory), link_text = STRBUF_OVER(link);
	const char *name = strrchr(path, '/');
	const bool is_own = listener_own_directory(path, own);

	add_giving(look, own, reader, is_own, &command);
	if (symlink_tell(own, &link_text))
		warn(look, where,
		     "%s %s cannot be made: %s is %s; make a directory of the filter's own in its place",
		     what, path, own, link);
	else if (is_own)
		warn(look, where,
		     "%s %s cannot be made: %s belongs to somebody else; give it to the filter: %s", what,
		     path, own, memory);
	else
		warn(look, where,
		     "%s %s cannot be made: %.*s belongs to somebody else; make a directory for the filter, and write %s%s here: %s",
		     what, path, (int)(name - path), path, own, name, memory);
}

/* In the sandbox of a service, which only the filter itself sees. */
static void
warn_of_read_only(const struct look *look, const char *where, const char *what, const char *path)
{
	char memory[2 * LISTENER_PATH_SIZE];
	struct strbuf advice = STRBUF_OVER(memory);

	listener_advise_read_only(path, &advice);
	warn(look, where, "%s %s cannot be made: %s%s", what, path, strerror(EROFS), memory);
}

/* The directory in which `what`, the file at `path`, is to be made. False when it cannot be. */
static bool
look_at_directory(const struct look *look, const char *where, const char *what, const char *path,
		  enum reader reader)
{
	char memory[9 * LISTENER_PATH_SIZE];
	struct strbuf command = STRBUF_OVER(memory);
	const char *slash = strrchr(path, '/');
	char directory[LISTENER_PATH_SIZE];
	struct stat status;

	if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof directory)
		return true;
	(void)snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
	if (stat(directory, &status) != 0) {
		if ((errno != ENOENT && errno != ENOTDIR)
		    || (!look->is_filter && is_made_by_the_service(directory)))
			return true; /* it is not known */
		add_giving(look, directory, reader, false, &command);
		warn(look, where, "%s %s cannot be made: the directory %s: %s; make it: %s", what, path,
		     directory, strerror(errno), memory);
		return false;
	}
	if (!S_ISDIR(status.st_mode))
		warn(look, where, "%s %s cannot be made: %s is not a directory", what, path, directory);
	else if (!user_may(look, &status, MAY_WRITE | MAY_ENTER))
		warn_of_others(look, where, what, path, reader);
	else if (look->is_filter && access(directory, W_OK) != 0 && errno == EROFS)
		warn_of_read_only(look, where, what, path);
	else
		return true;
	return false;
}

/* A file that the filter appends to or writes anew; `links`: whether it follows one there. */
static void
look_at_written_file(const struct look *look, const char *where, const char *what, const char *path,
		     enum regular_file_links links)
{
	struct stat status;
	char word[SHELL_WORD_SIZE], link[LINK_SIZE];
	struct strbuf link_text = STRBUF_OVER(link);
	const bool is_reached = look_at_directory(look, where, what, path, READER_SELF);
	const bool is_link = is_reached && symlink_tell(path, &link_text);

	if (is_link && links == LINKS_REFUSED)
		warn(look, where, "%s %s is %s, which is not followed there; remove it", what, path, link);
	else if (!is_reached || stat(path, &status) != 0)
		return;
	else if (is_link && !(S_ISREG(status.st_mode) && user_may(look, &status, MAY_WRITE)))
		warn(look, where,
		     "%s %s is %s, which is not a file that the filter may write to; remove the link, or set another path",
		     what, path, link);
	else if (!S_ISREG(status.st_mode))
		warn(look, where, "%s %s is not a file", what, path);
	else if (!user_may(look, &status, MAY_WRITE))
		warn(look, where, "%s %s belongs to somebody else; give it to the filter: chown -h %s: %s",
		     what, path, look->config->user, quote(path, word));
}

/* A file that is read again at a reload, by the filter's user then. */
static void
look_at_read_file(const struct look *look, const char *where, const char *what, const char *path)
{
	struct stat status;
	char link[LINK_SIZE];
	struct strbuf link_text = STRBUF_OVER(link);

	if (stat(path, &status) != 0 || user_may(look, &status, MAY_READ))
		return;
	if (symlink_tell(path, &link_text))
		warn(look, where,
		     "%s %s is %s, which cannot be read by the user \"%s\", so a reload would fail; put the file itself there",
		     what, path, link, look->config->user);
	else
		warn(look, where,
		     "%s %s cannot be read by the user \"%s\", so a reload would fail: give it the group of that user, and mode 0640",
		     what, path, look->config->user);
}

/* What holds a key or a password is a secret, which not everybody on the host may read. */
static void
look_at_secret(const struct look *look, const char *where, const char *what, const char *path)
{
	struct stat status;
	char word[SHELL_WORD_SIZE], link[LINK_SIZE];
	struct strbuf link_text = STRBUF_OVER(link);

	if (stat(path, &status) != 0 || (status.st_mode & S_IROTH) == 0)
		return;
	if (symlink_tell(path, &link_text))
		warn(look, where, "every user of this host can read %s %s, which is %s", what, path, link);
	else
		warn(look, where, "every user of this host can read %s %s: chmod 0640 %s", what, path,
		     quote(path, word));
}

static void
look_at_key_file(const struct look *look, const char *where, const char *what, const char *path)
{
	look_at_read_file(look, where, what, path);
	look_at_secret(look, where, what, path);
}

/* Of who shares: without a password in it, no connection is made. */
static void
look_at_password(const struct look *look)
{
	const char *path = look->config->share.password_file, *where = line_of(look, "password-file");
	char password[SHARE_PASSWORD_SIZE];
	struct error error;

	if (path == NULL)
		return;
	look_at_key_file(look, where, "the password file", path);
	if (!share_password(path, password, &error))
		warn(look, where, "%s", error.text);
	explicit_bzero(password, sizeof password);
}

static void
look_at_lists(const struct look *look)
{
	const struct config *config = look->config;
	bool has_key = false;

	for (size_t i = 0; i < config->lists.count; i++) {
		const struct list *list = &config->lists.items[i];

		has_key = has_key || (list->key != NULL && list->key_file == NULL);
		if (list->key_file != NULL)
			look_at_key_file(look, list->where, "the key file", list->key_file);
	}
	if (has_key)
		look_at_secret(look, NULL, "the key of a list in", look->path);
}

/* Two sockets cannot have one address. */
static void
look_at_control(const struct look *look)
{
	const char *control = look->config->control;
	struct listener_address address, other;
	struct error unused;

	if (control == NULL)
		return;
	if (listener_path(control) != NULL)
		(void)look_at_directory(look, line_of(look, "control"), "the control socket",
					listener_path(control), READER_SELF);
	if (listener_find_address(control, &address, &unused)
	    && listener_find_address(look->config->listen, &other, &unused) && address.length == other.length
	    && memcmp(&address.storage, &other.storage, address.length) == 0)
		warn(look, line_of(look, "control"),
		     "control and listen have the same address: there will be no control socket; give it another");
}

/* At the start the self-test of the resolver tells. */
static void
look_at_anchor(const struct look *look, const char *path)
{
	char said[1000];
	struct strbuf text = STRBUF_OVER(said);

	look_at_read_file(look, line_of(look, "trust-anchor"), "the trust-anchor", path);
	if (!look->is_filter && resolver_words_tell_anchor(&text, path))
		warn(look, line_of(look, "trust-anchor"), "%s", said);
}

bool
surroundings_check(const struct config *config, const char *path, bool is_filter, struct output *messages)
{
	struct look look = { .config = config, .path = path, .messages = messages, .is_filter = is_filter };
	const char *socket = listener_path(config->listen);

	look_for_user(&look);
	look_for_socket_access(&look);
	if (socket != NULL)
		(void)look_at_directory(&look, line_of(&look, "listen"), "the socket", socket, READER_MTA);
	look_at_control(&look);
	if (config->records != NULL)
		look_at_written_file(&look, line_of(&look, "records"), "the log of records", config->records,
				     LINKS_FOLLOWED);
	if (config->looks_back && config->look_back.file != NULL)
		look_at_written_file(&look, line_of(&look, "file"), "the file of findings",
				     config->look_back.file, LINKS_REFUSED);
	look_at_read_file(&look, NULL, "the configuration", path);
	look_at_lists(&look);
	look_at_password(&look);
	if (config->resolver.trust_anchor != NULL)
		look_at_anchor(&look, config->resolver.trust_anchor);
	return !look.has_fault;
}
