/*
 * resolver: the dns_resolver of heloscope/dns/dns.h that asks the DNS, with libunbound.
 *
 * One thread with an event loop and libunbound's cache; any number of questions in flight.
 * Questions are taken from any thread and return at once. Deadlines are the asker's: libunbound
 * goes on, and what comes late still fills the cache.
 */
#ifndef HELOSCOPE_DNS_RESOLVER_H
#define HELOSCOPE_DNS_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/error.h"

enum resolver_mode {
	RESOLVER_SYSTEM,    /* forward to the servers of /etc/resolv.conf */
	RESOLVER_RECURSIVE, /* ask from the root down */
	RESOLVER_SERVERS,   /* forward to `servers` */
};

/* How texts for administrators name whom it asks. */
#define RESOLVER_SERVERS_TEXT                                                                                \
	"the servers that \"resolver\" in the configuration names (\"system\": those of /etc/resolv.conf, which is read at the start and at each reload)"

/* A zone that is asked at servers of its own: a mirror of a list, an internal zone. */
struct resolver_zone {
	const char *name;
	const char *server; /* as in resolver_settings; one entry for each server */
};

struct resolver_settings {
	enum resolver_mode mode;
	const char *const *servers; /* "192.0.2.53" or "192.0.2.53@5353"; for RESOLVER_SERVERS */
	size_t server_count;
	const struct resolver_zone *zones;
	size_t zone_count;
	const char *trust_anchor; /* file of DS or DNSKEY records to validate with, or NULL: no DNSSEC */
};

/*
 * Start the thread. Returns the interface to ask through, or NULL with the reason. The thread
 * takes no signals. `settings` is not kept.
 */
struct dns_resolver *resolver_new(const struct resolver_settings *settings, struct error *error) MUST_USE;

/*
 * End the thread. Every question in flight is first called back with DNS_TIMEOUT. Not from
 * within a callback. NULL is allowed.
 */
void resolver_free(struct dns_resolver *resolver);

#endif
