#include "heloscope/page/listen.h"

#include <string.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/daemon/local_socket.h"

#define SOCKET_MODE 0660

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

int
page_listen(const char *listen, const struct service_account *account, struct error *error)
{
	return local_socket_make(
		&(struct listener_wish){ .listen = listen, .mode = SOCKET_MODE, .clients = "www-data" },
		account, error);
}
