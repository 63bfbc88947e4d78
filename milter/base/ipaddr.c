#include "heloscope/base/ipaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "heloscope/base/strbuf.h"

struct ipaddr
ipaddr_from_octets(const void *octets, size_t length)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct ipaddr address = { .length = (unsigned char)length };

	if (length == 16 && memcmp(octets, mapped, sizeof mapped) == 0)
		return ipaddr_from_octets((const unsigned char *)octets + sizeof mapped, 4);
	memcpy(address.octets, octets, length);
	return address;
}

struct ipaddr
ipaddr_from_ipv4(uint32_t address)
{
	const uint32_t octets = htonl(address);

	return ipaddr_from_octets(&octets, sizeof octets);
}

uint32_t
ipaddr_to_ipv4(const struct ipaddr *address)
{
	uint32_t octets;

	memcpy(&octets, address->octets, sizeof octets);
	return ntohl(octets);
}

bool
ipaddr_from_sockaddr(const struct sockaddr *socket_address, struct ipaddr *address, uint16_t *port)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (socket_address == NULL)
		return false;
	if (socket_address->sa_family == AF_INET) {
		memcpy(&ipv4, socket_address, sizeof ipv4);
		*address = ipaddr_from_octets(&ipv4.sin_addr, 4);
		if (port != NULL)
			*port = ntohs(ipv4.sin_port);
		return true;
	}
	if (socket_address->sa_family == AF_INET6) {
		memcpy(&ipv6, socket_address, sizeof ipv6);
		*address = ipaddr_from_octets(&ipv6.sin6_addr, 16);
		if (port != NULL)
			*port = ntohs(ipv6.sin6_port);
		return true;
	}
	return false;
}

socklen_t
ipaddr_to_sockaddr(const struct ipaddr *address, uint16_t port, struct sockaddr_storage *storage)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof *storage);
	if (address->length == 4) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons(port);
		memcpy(&ipv4->sin_addr, address->octets, 4);
		return sizeof *ipv4;
	}
	ipv6->sin6_family = AF_INET6;
	ipv6->sin6_port = htons(port);
	memcpy(&ipv6->sin6_addr, address->octets, 16);
	return sizeof *ipv6;
}

bool
ipaddr_parse(struct span text, struct ipaddr *address)
{
	char copy[IPADDR_TEXT_SIZE];
	unsigned char octets[16];

	if (text.length >= sizeof copy || memchr(text.at, '\0', text.length) != NULL)
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	if (inet_pton(AF_INET, copy, octets) == 1) {
		*address = ipaddr_from_octets(octets, 4);
		return true;
	}
	if (inet_pton(AF_INET6, copy, octets) == 1) {
		*address = ipaddr_from_octets(octets, 16);
		return true;
	}
	return false;
}

static void
add_digit(struct strbuf *buffer, unsigned digit)
{
	strbuf_add_char(buffer, "0123456789abcdef"[digit]);
}

static void
add_octet(struct strbuf *buffer, unsigned octet)
{
	if (octet >= 100)
		add_digit(buffer, octet / 100);
	if (octet >= 10)
		add_digit(buffer, octet / 10 % 10);
	add_digit(buffer, octet % 10);
}

/* Addresses are written for each list and message, without the machinery of formats. */
static void
format_ipv4(const unsigned char *octets, char *text)
{
	struct strbuf buffer;

	strbuf_init(&buffer, text, IPADDR_TEXT_SIZE);
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			strbuf_add_char(&buffer, '.');
		add_octet(&buffer, octets[i]);
	}
}

const char *
ipaddr_format(const struct ipaddr *address, char *text)
{
	text[0] = '\0';
	if (address->length == 4)
		format_ipv4(address->octets, text);
	else if (address->length > 0)
		(void)inet_ntop(AF_INET6, address->octets, text, IPADDR_TEXT_SIZE);
	return text;
}

bool
ipaddr_equals(const struct ipaddr *a, const struct ipaddr *b)
{
	return a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

bool
ipaddr_matches(const struct ipaddr *a, const struct ipaddr *b, unsigned prefix)
{
	const unsigned octets = prefix / 8, bits = prefix % 8;

	if (a->length != b->length || prefix > a->length * 8U || memcmp(a->octets, b->octets, octets) != 0)
		return false;
	return bits == 0 || ((a->octets[octets] ^ b->octets[octets]) >> (8 - bits)) == 0;
}

int
ipaddr_compare(const struct ipaddr *a, const struct ipaddr *b)
{
	return a->length != b->length ? (int)a->length - (int)b->length
				      : memcmp(a->octets, b->octets, sizeof a->octets);
}

struct span
ipaddr_common(const struct ipaddr *address, enum ipaddr_reach reach)
{
	static const size_t octets[][2] = {
		[REACH_CLIENT] = { 4, 8 }, [REACH_NETWORK] = { 3, 6 }, [REACH_PROVIDER] = { 2, 4 }
	};

	return (struct span){ (const char *)address->octets, octets[reach][address->length != 4] };
}

bool
ipaddr_is_loopback(const struct ipaddr *address)
{
	const struct ipaddr ipv6_loopback = { .octets = { [15] = 1 }, .length = 16 };

	return (address->length == 4 && address->octets[0] == 127) || ipaddr_equals(address, &ipv6_loopback);
}

/* "99.2.0.192.SUFFIX" */
static void
add_reversed(struct strbuf *buffer, const struct ipaddr *address, const char *suffix)
{
	for (size_t i = address->length; i-- > 0;) {
		const unsigned octet = address->octets[i];

		if (address->length == 4) {
			add_octet(buffer, octet);
		} else {
			add_digit(buffer, octet & 15);
			strbuf_add_char(buffer, '.');
			add_digit(buffer, octet >> 4);
		}
		strbuf_add_char(buffer, '.');
	}
	strbuf_add(buffer, suffix);
}

bool
ipaddr_list_name(const struct ipaddr *address, const char *zone, char *name, size_t size)
{
	struct strbuf buffer;

	strbuf_init(&buffer, name, size);
	add_reversed(&buffer, address, zone);
	if (buffer.is_cut)
		name[0] = '\0';
	return !buffer.is_cut;
}

const char *
ipaddr_reverse_name(const struct ipaddr *address, char name[IPADDR_REVERSE_SIZE])
{
	struct strbuf buffer;

	strbuf_init(&buffer, name, IPADDR_REVERSE_SIZE);
	add_reversed(&buffer, address, address->length == 4 ? "in-addr.arpa" : "ip6.arpa");
	return name;
}

static bool
has_host_bits(const struct network *network)
{
	for (unsigned bit = network->prefix; bit < network->address.length * 8U; bit++)
		if (network->address.octets[bit / 8] & (0x80U >> bit % 8))
			return true;
	return false;
}

bool
network_parse(struct span text, struct network *network, const char **reason)
{
	const char *slash = memchr(text.at, '/', text.length);
	const size_t length = slash != NULL ? (size_t)(slash - text.at) : text.length;
	struct network parsed;

	if (!ipaddr_parse((struct span){ text.at, length }, &parsed.address)) {
		*reason = "is not an IPv4 or IPv6 address";
		return false;
	}
	parsed.prefix = parsed.address.length * 8U;
	if (slash != NULL && !span_to_number(span_from(text, length + 1), 0, parsed.prefix, &parsed.prefix)) {
		*reason = parsed.address.length == 4 ? "has a prefix that is not 0 to 32"
						     : "has a prefix that is not 0 to 128";
		return false;
	}
	if (has_host_bits(&parsed)) {
		*reason = "has bits set after its prefix";
		return false;
	}
	*network = parsed;
	return true;
}

bool
network_contains(const struct network *network, const struct ipaddr *address)
{
	return ipaddr_matches(&network->address, address, network->prefix);
}

/* Network sets. Two networks are apart, or one lies within the other: so a sorted set needs no tree. */

/* The wider of two that begin alike comes first. */
static int
compare_networks(const void *left, const void *right)
{
	const struct network *a = left, *b = right;
	const int order = ipaddr_compare(&a->address, &b->address);

	return order != 0 ? order : (int)a->prefix - (int)b->prefix;
}

void
network_set_sort(struct network_set *set)
{
	size_t kept = 0;

	if (set->count > 0)
		qsort(set->items, set->count, sizeof *set->items, compare_networks);
	for (size_t i = 0; i < set->count; i++)
		if (kept == 0 || !network_contains(&set->items[kept - 1], &set->items[i].address))
			set->items[kept++] = set->items[i];
	set->count = kept;
}

bool
network_set_contains(const struct network_set *set, const struct ipaddr *address)
{
	size_t low = 0, high = set->count;

	while (low < high) { /* to the first network behind the address */
		const size_t middle = low + (high - low) / 2;

		if (ipaddr_compare(&set->items[middle].address, address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && network_contains(&set->items[low - 1], address);
}

bool
network_set_equals(const struct network_set *a, const struct network_set *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].prefix != b->items[i].prefix
		    || !ipaddr_equals(&a->items[i].address, &b->items[i].address))
			return false;
	return true;
}
