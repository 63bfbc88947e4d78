#include "heloscope/page/listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heloscope/base/ipaddr.h"

#define WAITING 128
#define SOCKET_MODE 0660

static int made = -1; /* by listener_make(), which calls back without a context */

/* "127.0.0.1:8893" or "[::1]:8893". */
static bool
read_port(const char *listen, struct ipaddr *address, unsigned *port)
{
	const char *colon = strrchr(listen, ':');
	struct span host = { listen, colon != NULL ? (size_t)(colon - listen) : 0 };

	if (host.length > 1 && host.at[0] == '[' && host.at[host.length - 1] == ']')
		host = (struct span){ host.at + 1, host.length - 2 };
	return colon != NULL && ipaddr_parse(host, address)
	       && span_to_number(span_of(colon + 1), 1, 65535, port);
}

bool
page_listen_read(const char *listen, struct strbuf *out, struct error *error)
{
	char text[IPADDR_TEXT_SIZE];
	struct ipaddr address;
	unsigned port;

	if (strncmp(listen, "unix:/", 6) == 0) {
		strbuf_add(out, listen);
		return true;
	}
	if (!read_port(listen, &address, &port)) {
		error_set(error, "\"%.60s\" is no place to listen on; expected unix:/PATH or 127.0.0.1:PORT",
			  listen);
		return false;
	}
	if (!ipaddr_is_loopback(&address)) {
		error_set(
			error,
			"\"%.60s\" is not an address of loopback: only the web server of this host may reach the page; expected unix:/PATH or 127.0.0.1:PORT",
			listen);
		return false;
	}
	strbuf_printf(out, "%s:%u@%s", address.length == 4 ? "inet" : "inet6", port,
		      ipaddr_format(&address, text));
	return true;
}

static bool
open_socket(const char *place, struct error *error)
{
	const int yes = 1;
	struct listener_address address;

	if (!listener_find_address(place, &address, error))
		return false;
	made = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made >= 0)
		(void)setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (made >= 0 && bind(made, (const struct sockaddr *)&address.storage, address.length) == 0
	    && listen(made, WAITING) == 0)
		return true;
	error_set(error, "cannot listen on \"%.200s\": %s", place, strerror(errno));
	if (made >= 0)
		(void)close(made);
	made = -1;
	return false;
}

int
page_listen(const char *listen, const struct service_account *account, struct error *error)
{
	const struct listener_wish wish = { .listen = listen, .mode = SOCKET_MODE, .open = open_socket };

	return listener_make(&wish, account, error) ? made : -1;
}
