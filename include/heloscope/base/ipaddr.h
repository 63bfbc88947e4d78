/*
 * ipaddr: an IPv4 or IPv6 address, and networks of them.
 *
 * Plain values, no allocation, no DNS; any thread. IPv4-mapped IPv6 addresses
 * (::ffff:0:0/96) are turned into IPv4 on entry, so that every check sees one form of a
 * client.
 */
#ifndef HELOSCOPE_BASE_IPADDR_H
#define HELOSCOPE_BASE_IPADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

/* Octets, with the final NUL, of the longest address as text and of its reverse name. */
#define IPADDR_TEXT_SIZE 46
#define IPADDR_REVERSE_SIZE 74

struct ipaddr {
	unsigned char octets[16]; /* network order; the first 4 hold an IPv4 address, the rest is 0 */
	unsigned char length;     /* in octets: 4 or 16; 0 says that there is no address */
};

struct network {
	struct ipaddr address; /* host bits are 0 */
	unsigned prefix;       /* in bits: 0 to 32 or to 128 */
};

/* Make an address of 4 or 16 octets in network order. */
struct ipaddr ipaddr_from_octets(const void *octets, size_t length);

/* The same from four numbers, most significant first, host order. */
struct ipaddr ipaddr_from_ipv4(uint32_t address);

/* The number of an IPv4 address, host order. */
uint32_t ipaddr_to_ipv4(const struct ipaddr *address);

/*
 * Take the address, and the port in host order when `port` is not NULL, out of a socket
 * address. Returns false for NULL and for any family but AF_INET and AF_INET6.
 */
bool ipaddr_from_sockaddr(const struct sockaddr *socket_address, struct ipaddr *address, uint16_t *port);

/* Write it as a socket address; returns its length. `port`: host order. */
socklen_t ipaddr_to_sockaddr(const struct ipaddr *address, uint16_t port, struct sockaddr_storage *storage);

/* Read all of `text` as inet_pton(3) does: dotted quad or RFC 4291, section 2.2; no scope id. */
bool ipaddr_parse(struct span text, struct ipaddr *address) MUST_USE;

/* Write `address` as text (RFC 5952); `text` takes IPADDR_TEXT_SIZE octets. Returns `text`. */
const char *ipaddr_format(const struct ipaddr *address, char *text);

bool ipaddr_equals(const struct ipaddr *a, const struct ipaddr *b);

/* An order of addresses, as strcmp() tells it: IPv4 first, then by octets. */
int ipaddr_compare(const struct ipaddr *a, const struct ipaddr *b);

/* Whether the first `prefix` bits are the same; addresses of two families never match. */
bool ipaddr_matches(const struct ipaddr *a, const struct ipaddr *b, unsigned prefix);

/* Addresses that count as one when somebody's share is counted. */
enum ipaddr_reach {
	REACH_CLIENT,  /* an IPv4 address; of IPv6 a /64, of which one host may have all */
	REACH_NETWORK, /* a /24, or a /48 */
	REACH_PROVIDER /* a /16, or a /32: what registries give to one provider, or to whoever asks as one */
};

/*
 * The octets that all of them have in common, within `address`: of another number for each family, so that
 * they are a key by themselves, and for clients and networks of either, which may be keys of one table.
 */
struct span ipaddr_common(const struct ipaddr *address, enum ipaddr_reach reach);

/* 127.0.0.0/8 or ::1. */
bool ipaddr_is_loopback(const struct ipaddr *address);

/*
 * Write the name under which an address is looked up in a list (RFC 5782, sections 2.1 and 2.4): 192.0.2.99
 * in "bad.example" -> "99.2.0.192.bad.example". `name` takes at most `size` octets with the final NUL; no
 * final dot. Returns false, with `name` empty, when it does not fit.
 */
bool ipaddr_list_name(const struct ipaddr *address, const char *zone, char *name, size_t size) MUST_USE;

/* Write its name in the reverse tree (RFC 1035, 3.5; RFC 3596, 2.5), which always fits. Returns `name`. */
const char *ipaddr_reverse_name(const struct ipaddr *address, char name[IPADDR_REVERSE_SIZE]);

/*
 * Read "192.0.2.0/24", "2001:db8::/32" or a single address. Host bits must be 0. Returns false
 * with the reason (a literal) in `reason`.
 */
bool network_parse(struct span text, struct network *network, const char **reason) MUST_USE;

bool network_contains(const struct network *network, const struct ipaddr *address);

/* Networks in the order of their addresses, none within another, as network_set_sort() leaves them. */
struct network_set {
	struct network *items;
	size_t count;
};

/* Bring networks into order, and leave out those that lie within another. */
void network_set_sort(struct network_set *set);

/* Whether one of them holds the address: the time grows with the logarithm of their number. */
bool network_set_contains(const struct network_set *set, const struct ipaddr *address);

/* Whether both hold the same networks. */
bool network_set_equals(const struct network_set *a, const struct network_set *b);

#endif
