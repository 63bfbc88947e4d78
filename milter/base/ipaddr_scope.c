#include "heloscope/base/ipaddr_scope.h"

/* The first that holds an address counts. */
static const struct {
	struct network network;
	enum ipaddr_scope scope;
} ranges[] = {
	{ { { { 0 }, 4 }, 8 }, SCOPE_NOWHERE },
	{ { { { 10 }, 4 }, 8 }, SCOPE_NETWORK },
	{ { { { 100, 64 }, 4 }, 10 }, SCOPE_NETWORK },
	{ { { { 127 }, 4 }, 8 }, SCOPE_NOWHERE },
	{ { { { 169, 254 }, 4 }, 16 }, SCOPE_NOWHERE },
	{ { { { 172, 16 }, 4 }, 12 }, SCOPE_NETWORK },
	{ { { { 192, 0, 0 }, 4 }, 24 }, SCOPE_NETWORK },
	{ { { { 192, 0, 2 }, 4 }, 24 }, SCOPE_EXAMPLE },
	{ { { { 192, 88, 99 }, 4 }, 24 }, SCOPE_TRANSITION },
	{ { { { 192, 168 }, 4 }, 16 }, SCOPE_NETWORK },
	{ { { { 198, 18 }, 4 }, 15 }, SCOPE_EXAMPLE },
	{ { { { 198, 51, 100 }, 4 }, 24 }, SCOPE_EXAMPLE },
	{ { { { 203, 0, 113 }, 4 }, 24 }, SCOPE_EXAMPLE },
	{ { { { 224 }, 4 }, 3 }, SCOPE_NOWHERE }, /* multicast, reserved, broadcast */
	{ { { { 0 }, 4 }, 0 }, SCOPE_WORLD },
	{ { { { 0x20, 0x01, 0x0d, 0xb8 }, 16 }, 32 }, SCOPE_EXAMPLE },
	{ { { { 0x20, 0x01 }, 16 }, 23 }, SCOPE_TRANSITION }, /* Teredo and others of the IETF */
	{ { { { 0x3f, 0xff }, 16 }, 20 }, SCOPE_EXAMPLE },
	{ { { { 0x20 }, 16 }, 3 }, SCOPE_WORLD },
	{ { { { 0, 0x64, 0xff, 0x9b, 0, 1 }, 16 }, 48 }, SCOPE_NETWORK },
	{ { { { 0xfc }, 16 }, 7 }, SCOPE_NETWORK },
	{ { { { 0xfe, 0xc0 }, 16 }, 10 }, SCOPE_NETWORK },
};

/* Addresses that hold one of IPv4, and behind how many octets. */
static const struct {
	struct network network;
	size_t at;
} holders[] = {
	{ { { { 0x20, 0x02 }, 16 }, 16 }, 2 },           /* 6to4 */
	{ { { { 0, 0x64, 0xff, 0x9b }, 16 }, 96 }, 12 }, /* NAT64 */
};

static enum ipaddr_scope
range_scope(const struct ipaddr *address)
{
	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
		if (network_contains(&ranges[i].network, address))
			return ranges[i].scope;
	return SCOPE_NOWHERE;
}

enum ipaddr_scope
ipaddr_scope(const struct ipaddr *address)
{
	for (size_t i = 0; i < sizeof holders / sizeof holders[0]; i++) {
		if (network_contains(&holders[i].network, address)) {
			const struct ipaddr held = ipaddr_from_octets(address->octets + holders[i].at, 4);
			const enum ipaddr_scope scope = range_scope(&held);

			return scope > SCOPE_TRANSITION ? scope : SCOPE_TRANSITION;
		}
	}
	return range_scope(address);
}
