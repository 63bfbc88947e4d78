/*
 * shared: what a finding of another host of the site is worth (heloscope/share/share.h).
 *
 * Who can write to the server that hosts share could write findings. So one of another host may spare a
 * visit, and never refuses alone: only those are shared and taken by which no check fails. They tell of a
 * server that greets with the very name that the DNS gives for the address, and whose STARTTLS works.
 * Whatever else is found at a server each host sees with its own eyes before it counts. A forged one can at
 * most keep visits away for a day from a server that greets otherwise: as if it had changed since the last
 * visit. That a rule accepts mail for such a result alone nobody needs, and heloscope.conf(5) says what it
 * would rest on.
 *
 * A finding is of the version of the file of findings (heloscope/peer/store.h), of a port and of an address,
 * and all of that is in its name, as a hash: names tell no address. How old it is the server's clock says,
 * not the other host's. Any thread.
 */
#ifndef HELOSCOPE_PEER_SHARED_H
#define HELOSCOPE_PEER_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/peer/peer.h"

#define SHARED_NAME_SIZE 48

/* Under which name what was found at an address and port is shared. False, with an empty name, when it cannot
 * be told. */
bool shared_name(const struct ipaddr *address, uint16_t port, char name[SHARED_NAME_SIZE]) MUST_USE;

/* What is to be shared of a server of that address and host name, for free(3); NULL: nothing. */
char *shared_make(const struct ipaddr *address, const char *host, const struct peer *peer) MUST_USE;

/* Read what was shared, which is good for `ttl_ms` yet. False, with `peer` untouched, when it is not to be
 * taken. */
bool shared_take(struct span value, int64_t ttl_ms, const struct ipaddr *address, const char *host,
		 int64_t now, struct peer *peer) MUST_USE;

#endif
