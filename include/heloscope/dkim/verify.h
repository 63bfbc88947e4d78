/*
 * dkim_verify: a signature against the message, with the evidence (RFC 6376, 6.1).
 *
 * Knows no resolver: who calls has the answer. Any thread; strings live in the caller's arena.
 */
#ifndef HELOSCOPE_DKIM_VERIFY_H
#define HELOSCOPE_DKIM_VERIFY_H

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/dkim/body.h"
#include "heloscope/dkim/header.h"
#include "heloscope/dkim/keys.h"
#include "heloscope/dkim/signature.h"
#include "heloscope/dns/dns.h"

/* What a signature is verified with. */
struct dkim_case {
	const struct dkim_signature *signature;
	const struct dkim_field *own; /* in which it stands */
	struct dkim_header *header;   /* all of it; not looked at for a seal */
	const unsigned char
		*sealed_hash;   /* of a seal, by dkim_header_hash_sealed(); NULL: there was no memory */
	struct dkim_keys *keys; /* of the message */
	const struct dkim_mark *body_hash; /* of what it signs of the body */
	uint64_t body_octets;              /* of the canonical body */
	const struct dns_answer *answer;   /* TXT records at dkim_signature_key_name() */
	int64_t now;                       /* seconds since 1970 */
};

struct dkim_evidence {
	enum dkim_reason reason; /* DKIM_NONE: it verifies */
	enum dkim_reason meant;  /* what a key for tests (t=y) hides: for DKIM_TESTING; else `reason` */
	enum dns_status key_status;
	bool is_key_secure;     /* the answer was signed, and is valid */
	size_t key_records;     /* at the selector */
	const char *key_record; /* raw: the one that counted, or NULL */
	enum dkim_key_type key_type;
	unsigned key_bits; /* 0: not known */
	bool is_testing;   /* t=y */
	bool has_hashes;   /* the header was hashed and the body's hash compared: */
	bool header_verifies, body_verifies;
	unsigned char body_hash[DKIM_HASH_OCTETS]; /* that was computed, when there is one */
	bool has_body_hash;
	uint64_t body_octets, unsigned_octets; /* of the canonical body; of it, those that l= leaves open */
	const char *missing, *uncovered, *filled; /* as struct dkim_coverage has them; "" for none */
};

/* For a temperror: the fault of the lookup of the key, or DNS_NO_MEMORY. */
enum dns_status dkim_evidence_fault(const struct dkim_evidence *evidence);

/* The name at which its key is asked for, in `name` of DOMAIN_SIZE octets, or NULL when nothing is to be
 * asked: it is invalid in itself, or expired. */
const char *dkim_verify_asks(const struct dkim_signature *signature, int64_t now, char *name);

/* Verify. Whatever goes wrong is a reason. */
struct dkim_evidence dkim_verify(const struct dkim_case *of, struct arena *arena);

#endif
