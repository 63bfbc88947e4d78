/*
 * prober: looks at the mail servers of hosts that send mail, in the background, and keeps what it
 * finds. A peer_source.
 *
 * One thread with an event loop; each probe is an smtp_probe. However many hosts are wanted, so many
 * and no more are looked at: see struct prober_settings.
 */
#ifndef HELOSCOPE_PEER_PROBER_H
#define HELOSCOPE_PEER_PROBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/error.h"
#include "heloscope/peer/peer.h"

struct prober;

struct prober_settings {
	const char *ehlo_name; /* who we are */
	const char *why;       /* what we want, for a postmaster to read; printable, without line ends */
	const char *file;      /* where findings are kept across restarts, or NULL */
	uint16_t port;
	unsigned timeout_ms;        /* for a whole probe */
	unsigned at_a_time;         /* probes under way */
	unsigned per_minute;        /* that begin; 0: no limit, and none for networks and special addresses
				       (heloscope/base/ipaddr_scope.h) either */
	struct network_set allowed; /* special and own addresses that may be looked at nevertheless */
	struct network_set trusted; /* never */
};

/*
 * Start. `settings` is copied but for its strings and networks, which must outlive the prober, as
 * must `resolver`. Takes over what `previous`, which may be NULL, knows and has used of its limits; else
 * loads the file. NULL with the reason when it cannot start.
 */
struct prober *prober_new(const struct prober_settings *settings, struct dns_resolver *resolver,
			  struct prober *previous, struct error *error) MUST_USE;

/* End the thread and every probe, and save the file. NULL is allowed. */
void prober_free(struct prober *prober);

/* Save the file now, if there is one. Any thread. */
void prober_save(struct prober *prober);

struct peer_source *prober_source(struct prober *prober);

/* Wait until nothing is under way, at most `timeout_ms`. */
void prober_settle(struct prober *prober, unsigned timeout_ms);

/*
 * For the command line: begin to look at one server, whatever was known before; and wait for what is found.
 * `tls_max`: see smtp_probe.h. NULL when memory ran out. prober_end() takes each probe that was begun; false,
 * and `peer` as it was, when it did not end within `timeout_ms`.
 */
struct probe *prober_begin(struct prober *prober, const struct ipaddr *address, const char *name,
			   int tls_max) MUST_USE;
bool prober_end(struct probe *probe, struct peer *peer, unsigned timeout_ms);

#endif
