/*
 * name_servers: whether the name servers that a resolver asks answer at all, so that their silence is not
 * taken for the fault of a domain. For the command line.
 */
#ifndef HELOSCOPE_DNS_NAME_SERVERS_H
#define HELOSCOPE_DNS_NAME_SERVERS_H

#include "heloscope/dns/resolver.h"
#include "heloscope/base/strbuf.h"

enum name_servers_state {
	NAME_SERVERS_ANSWER, /* one at least does, or they cannot be known: a resolver that begins at the root
			      */
	NAME_SERVERS_FAIL,   /* what answers says SERVFAIL even of the root */
	NAME_SERVERS_SILENT,
};

/*
 * Ask each over UDP for the root's name servers, three times at most, and wait for the first that answers, at
 * most `timeout_ms`. Adds to `named` who was asked, "192.0.2.53, 2001:db8::53 port 5353".
 */
enum name_servers_state name_servers_look(const struct resolver_settings *settings, unsigned timeout_ms,
					  struct strbuf *named);

#endif
