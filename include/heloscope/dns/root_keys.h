/*
 * root_keys: with which keys the root of the DNS is signed, as an answer to a question for them says.
 *
 * Nothing of it is validated: that is libunbound's. It tells which key a trust anchor lacks. Pure.
 */
#ifndef HELOSCOPE_DNS_ROOT_KEYS_H
#define HELOSCOPE_DNS_ROOT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/dns/trust_anchor.h"

#define ROOT_KEYS_MAX 8

/* Tags of keys (RFC 4034, appendix B). */
struct key_tags {
	uint16_t items[ROOT_KEYS_MAX];
	size_t count;
};

struct root_keys {
	struct key_tags signers;   /* of the keys themselves: an anchor needs one of these */
	struct key_tags published; /* that are for anchors (SEP) and not revoked (RFC 5011, 2.1) */
};

/* Read the answer to "." DNSKEY, a DNS message. False when there are no keys in it. */
bool root_keys_read(const unsigned char *answer, size_t length, struct root_keys *keys) MUST_USE;

/* Those of `tags` that the anchor lacks. */
struct key_tags root_keys_lacking(const struct trust_anchor *anchor, const struct key_tags *tags) MUST_USE;

#endif
