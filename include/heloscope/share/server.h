/*
 * share_server: the Redis server that hosts of a site have in common: how it is named, and what is kept there
 * under which name.
 *
 * Every name begins with the prefix and "hs1:", the version of what stands there: another version has names
 * of its own, and reads nothing of this. Any thread.
 */
#ifndef HELOSCOPE_SHARE_SERVER_H
#define HELOSCOPE_SHARE_SERVER_H

#include <stdbool.h>

#include "heloscope/base/error.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"

#define SHARE_PREFIX_MAX 60
#define SHARE_PATH_MAX 107 /* octets: what sockaddr_un has room for */
#define SHARE_KEY_SIZE 160
#define SHARE_RECORDS "records"
#define SHARE_LOST "lost" /* how many were dropped before anybody collected them, as is known */

struct share_settings {
	const char *server;        /* "unix:/PATH" or "ADDRESS:PORT"; NULL: nothing is shared */
	const char *password_file; /* or NULL; read for each connection */
	const char *prefix;
	unsigned stream_length; /* records that are kept there for who collects them, about */
};

struct share_server {
	bool is_unix;
	char path[SHARE_PATH_MAX + 1]; /* of the socket */
	struct ipaddr address;         /* else */
	uint16_t port;                 /* host order */
};

/* Whether this build has what it takes. */
bool share_is_built(void);

/* Read "unix:/PATH", "192.0.2.1:6379" or "[2001:db8::1]:6379": no name, for nobody here waits for the DNS.
 * False, with `server` untouched, for anything else. */
bool share_server_parse(const char *text, struct share_server *server) MUST_USE;

/* Whether it can stand before names: letters, digits, dots, hyphens, underscores and colons, at most
 * SHARE_PREFIX_MAX. */
bool share_prefix_is_good(const char *prefix);

/* The name of `what`, which is short and ours. */
void share_key(const char *prefix, const char *what, char key[SHARE_KEY_SIZE]);

#define SHARE_PASSWORD_SIZE 512

/* The first line of the file; "" without a file. False with the reason when it cannot be read, or is too
 * long. */
bool share_password(const char *file, char password[SHARE_PASSWORD_SIZE], struct error *error) MUST_USE;

#endif
