#include "heloscope/share/server.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/regular_file.h"
#include "heloscope/base/span.h"

#define UNIX "unix:"

bool
share_is_built(void)
{
#ifdef HAVE_HIREDIS
	return true;
#else
	return false;
#endif
}

static bool
parse_unix(const char *path, struct share_server *server)
{
	if (path[0] != '/' || strlen(path) > SHARE_PATH_MAX)
		return false;
	*server = (struct share_server){ .is_unix = true };
	(void)snprintf(server->path, sizeof server->path, "%s", path);
	return true;
}

bool
share_server_parse(const char *text, struct share_server *server)
{
	const char *colon = strrchr(text, ':');
	struct span host = { text, colon != NULL ? (size_t)(colon - text) : 0 };
	struct ipaddr address;
	unsigned port;
	bool is_bracketed;

	if (strncmp(text, UNIX, strlen(UNIX)) == 0)
		return parse_unix(text + strlen(UNIX), server);
	if (colon == NULL || !span_to_number(span_of(colon + 1), 1, 65535, &port))
		return false;
	is_bracketed = host.length > 2 && host.at[0] == '[' && host.at[host.length - 1] == ']';
	if (is_bracketed)
		host = (struct span){ host.at + 1, host.length - 2 };
	if (!ipaddr_parse(host, &address) || (memchr(host.at, ':', host.length) != NULL) != is_bracketed)
		return false;
	*server = (struct share_server){ .address = address, .port = (uint16_t)port };
	return true;
}

bool
share_prefix_is_good(const char *prefix)
{
	if (strlen(prefix) > SHARE_PREFIX_MAX)
		return false;
	for (; *prefix != '\0'; prefix++)
		if (!ascii_is_alnum(*prefix) && !ascii_is_among(*prefix, ".-_:"))
			return false;
	return true;
}

void
share_key(const char *prefix, const char *what, char key[SHARE_KEY_SIZE])
{
	(void)snprintf(key, SHARE_KEY_SIZE, "%shs1:%s", prefix, what);
}

bool
share_password(const char *path, char password[SHARE_PASSWORD_SIZE], struct error *error)
{
	struct file_lines lines;
	struct error reason;
	FILE *file;
	bool is_read;

	password[0] = '\0';
	if (path == NULL)
		return true;
	file = regular_file_open(path, LINKS_FOLLOWED, NULL, &reason);
	if (file == NULL) {
		error_set(error, "the password-file %s cannot be read: %.200s", path, reason.text);
		return false;
	}
	file_lines_init(&lines, file);
	is_read = file_lines_next(&lines) == LINE_READ && lines.line.length > 0
		  && lines.line.length < SHARE_PASSWORD_SIZE;
	if (is_read)
		memcpy(password, lines.line.at, lines.line.length + 1);
	else
		error_set(error, "the first line of the password-file %s is no password", path);
	file_lines_clear(&lines);
	(void)fclose(file);
	return is_read;
}
