#include "heloscope/peer/shared.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/peer/store.h"

#define SHOWN_OCTETS 16 /* of the hash */
#define MATERIAL_SIZE 80

bool
shared_name(const struct ipaddr *address, uint16_t port, char name[SHARED_NAME_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char material[MATERIAL_SIZE], text[IPADDR_TEXT_SIZE], *at = name;
	const int length = snprintf(material, sizeof material, PEER_STORE_FORMAT " %u %s", port,
				    ipaddr_format(address, text));

	name[0] = '\0';
	if (length < 0 || (size_t)length >= sizeof material
	    || EVP_Digest(material, (size_t)length, digest, NULL, EVP_sha256(), NULL) != 1)
		return false;
	at = stpcpy(at, "peer:");
	for (int i = 0; i < SHOWN_OCTETS; i++, at += 2)
		(void)snprintf(at, 3, "%02x", digest[i]);
	return true;
}

static bool
greets_as(const char *line, const char *host)
{
	char name[DOMAIN_SIZE];

	peer_host_name(line, name);
	return strcmp(name, host) == 0;
}

/* Whether no check fails by it. */
static bool
is_good(const struct peer *peer, const char *host)
{
	return host[0] != '\0' && peer->outcome == PEER_ANSWERS && peer->starttls == STARTTLS_WORKS
	       && peer->dane != DANE_MISMATCH && peer->dane != DANE_FAULT && !peer->injects
	       && (greets_as(peer->greeting, host) || greets_as(peer->ehlo, host));
}

char *
shared_make(const struct ipaddr *address, const char *host, const struct peer *peer)
{
	return is_good(peer, host) ? peer_store_line(address, peer) : NULL;
}

bool
shared_take(struct span value, int64_t ttl_ms, const struct ipaddr *address, const char *host, int64_t now,
	    struct peer *peer)
{
	struct ipaddr told;
	struct peer found;
	int64_t left_s = ttl_ms / 1000;

	if (value.at == NULL || !peer_store_read_line(value, &told, &found) || !ipaddr_equals(&told, address)
	    || !is_good(&found, host))
		return false;
	if (left_s > peer_ttl_s(&found))
		left_s = peer_ttl_s(&found);
	found.looked_at = now - (peer_ttl_s(&found) - left_s);
	*peer = found;
	return true;
}
