/*
 * dkim_signature: a DKIM-Signature field, read (RFC 6376, 3.5; RFC 8301; RFC 8463; RFC 8616); and those of
 * ARC that are made like it (RFC 8617, 4.1.2 and 4.1.3).
 *
 * Text only; any thread. Nothing is looked up, and nothing verified.
 */
#ifndef HELOSCOPE_DKIM_SIGNATURE_H
#define HELOSCOPE_DKIM_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/dkim/reason.h"

#define DKIM_HASH_OCTETS 32        /* of SHA-256 */
#define DKIM_FIELD_NAMES_MAX 1000  /* in h= */
#define DKIM_SIGNATURE_OCTETS 1024 /* of b=, decoded: that of the longest key */
#define DKIM_CLOCK_SKEW_S 300      /* seconds by which clocks may differ */
#define DKIM_INSTANCES_MAX 50      /* of ARC (RFC 8617, 4.2.1) */

enum dkim_algorithm {
	DKIM_UNKNOWN_ALGORITHM,
	DKIM_RSA_SHA256,
	DKIM_ED25519_SHA256,
	DKIM_RSA_SHA1, /* not valid any more */
};

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };

/*
 * The field that it is. Those of ARC have no version, and i= is the instance. An ARC-Message-Signature need
 * not cover From, and may have empty names, or none, in h=; without c= it is relaxed/relaxed, as the test
 * suite of ARC and other verifiers take it, where RFC 6376 would have simple/simple. An ARC-Seal covers no
 * body and no fields of its choice; of others than i=, a=, b=, d=, s=, t= and cv= nothing is read.
 */
enum dkim_kind {
	DKIM_PLAIN,  /* DKIM-Signature */
	DKIM_OF_ARC, /* ARC-Message-Signature */
	DKIM_SEAL,   /* ARC-Seal */
};

struct dkim_signature {
	struct span value;       /* of the field, which stays where it was */
	struct span value_of_b;  /* what is left out of it when it is verified (3.7) */
	enum dkim_reason reason; /* DKIM_NONE: well formed */
	enum dkim_kind kind;
	enum dkim_algorithm algorithm;
	struct span algorithm_word; /* as it is written */
	enum dkim_canon header_canon, body_canon;
	const char *domain, *selector; /* normalized; "" when they are not there or are none */
	struct span identity;          /* i=, as it stands there; empty without one */
	const char *identity_domain;   /* normalized; `domain` without one */
	struct span field_names;       /* h= */
	size_t field_name_count;
	bool covers_from, covers_seal; /* h= names From; it names ARC-Seal */
	bool has_field_names;          /* h= is there */
	unsigned instance;             /* of ARC: i=; 0 when it is not there or not one of 1 to 50 */
	struct span chain_status;      /* of a seal: cv=, as it stands there */
	struct span signed_data;       /* b=, as it stands there */
	unsigned char body_hash[DKIM_HASH_OCTETS];
	bool has_length, has_time, has_expiry;
	uint64_t length;      /* l=, octets of the canonical body; UINT64_MAX: so many or more */
	int64_t time, expiry; /* t= and x=, seconds since 1970 */
};

/*
 * Read the value of a field, folded with LF or CRLF. What could be read is there even with a reason. Strings
 * lie in `arena`; false when memory ran out.
 */
bool dkim_signature_read(enum dkim_kind kind, struct span value, struct arena *arena,
			 struct dkim_signature *signature) MUST_USE;

/* Read an instance of ARC, 1 to 50 in one or two digits (RFC 8617, 3.9); 0: it is none. */
unsigned dkim_instance_read(struct span text) MUST_USE;

/* Whether it counts at `now`, seconds since 1970; DKIM_NONE when it does. */
enum dkim_reason dkim_signature_judge_times(const struct dkim_signature *signature, int64_t now);

/* The name at which its key is: "selector._domainkey.domain"; NULL when that is too long for the DNS. In
 * `name`, of DOMAIN_SIZE octets. */
const char *dkim_signature_key_name(const struct dkim_signature *signature, char *name);

#endif
