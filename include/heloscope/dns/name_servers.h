/*
 * name_servers: which name servers a resolver asks, and whether they answer at all, so that their silence is
 * not taken for the fault of a domain. Any thread.
 */
#ifndef HELOSCOPE_DNS_NAME_SERVERS_H
#define HELOSCOPE_DNS_NAME_SERVERS_H

#include "heloscope/dns/probe.h"
#include "heloscope/dns/resolver.h"
#include "heloscope/base/strbuf.h"

#define NAME_SERVERS_MAX 8

enum name_servers_state {
	NAME_SERVERS_ANSWER, /* one at least does, or they cannot be known: a resolver that begins at the root
			      */
	NAME_SERVERS_FAIL,   /* what answers says SERVFAIL even of the root */
	NAME_SERVERS_SILENT,
};

/* The first servers that it forwards to, of which there are none when it begins at the root. */
size_t name_servers_list(const struct resolver_settings *settings,
			 struct name_server servers[NAME_SERVERS_MAX]);

/* Add "192.0.2.53", or "2001:db8::53 port 5353". */
void name_server_add_to(const struct name_server *server, struct strbuf *text);

/*
 * Ask each over UDP for the root's name servers, three times at most, and wait for the first that answers, at
 * most `timeout_ms`. Adds to `named` who was asked, "192.0.2.53, 2001:db8::53 port 5353".
 */
enum name_servers_state name_servers_look(const struct resolver_settings *settings, unsigned timeout_ms,
					  struct strbuf *named);

#endif
