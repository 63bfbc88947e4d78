/*
 * ipaddr_scope: from where an address can be reached, by the registries of special addresses (RFC 6890).
 *
 * Of IPv6 only what is allocated as global unicast counts (RFC 4291, 2.4). Addresses that hold an IPv4
 * address (RFC 6052, 2.1; RFC 3056) reach no further than that one. Pure.
 */
#ifndef HELOSCOPE_BASE_IPADDR_SCOPE_H
#define HELOSCOPE_BASE_IPADDR_SCOPE_H

#include "heloscope/base/ipaddr.h"

/* From the widest to the narrowest. */
enum ipaddr_scope {
	SCOPE_WORLD,
	SCOPE_TRANSITION, /* from where an old way of crossing between IPv4 and IPv6 still works */
	SCOPE_EXAMPLE,    /* of documentation and benchmarks */
	SCOPE_NETWORK,    /* from within a network of one's own: private, shared, unique local */
	SCOPE_NOWHERE, /* from no other host: loopback, link-local, unspecified, multicast, reserved; and of
			  no address (length 0) */
};

enum ipaddr_scope ipaddr_scope(const struct ipaddr *address);

#endif
