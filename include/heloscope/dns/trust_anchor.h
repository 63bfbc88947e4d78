/*
 * trust_anchor: which keys of the root stand in a file of DS and DNSKEY records, as the setting trust-anchor
 * names it.
 *
 * libunbound reads the file once and never asks for newer keys (RFC 5011): a file that lacks the key with
 * which the root is signed makes every signed name bogus. Reads as much of the format of zones (RFC
 * 1035, 5.1) as such files have. Any thread.
 */
#ifndef HELOSCOPE_DNS_TRUST_ANCHOR_H
#define HELOSCOPE_DNS_TRUST_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define TRUST_ANCHOR_KEYS_MAX 16
#define TRUST_ANCHOR_ROOT_KEY 38696 /* with which the root is signed since 2026-10-11 */

struct trust_anchor {
	uint16_t keys[TRUST_ANCHOR_KEYS_MAX]; /* key tags of the root (RFC 4034, appendix B), each once */
	size_t count;
	bool lacks_root_key; /* there are keys of the root, and that one is none of them */
};

/* The tag of a key from its DNSKEY data (RFC 4034, appendix B). */
uint16_t trust_anchor_key_tag(const unsigned char *data, size_t length);

/* Whether the root's key of this tag is in it. */
bool trust_anchor_has(const struct trust_anchor *anchor, uint16_t tag);

/* Read such text. What cannot be read is passed over: libunbound says what it refuses. */
struct trust_anchor trust_anchor_parse(struct span text) MUST_USE;

/* The same for a file. False when it cannot be read. */
bool trust_anchor_read(const char *path, struct trust_anchor *anchor) MUST_USE;

#endif
