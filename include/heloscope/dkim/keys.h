/*
 * dkim_keys: the keys of one message, each record read and opened once for all signatures that name it; and
 * the work that may be done with them.
 *
 * Work is counted, so that it does not rest on the machine: in verifications by an RSA key of 2048 bits,
 * about 30 us each. One thread at a time.
 */
#ifndef HELOSCOPE_DKIM_KEYS_H
#define HELOSCOPE_DKIM_KEYS_H

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/dkim/key.h"
#include "heloscope/dns/dns.h"

#define DKIM_KEY_RECORDS_MAX 3 /* of one selector that are tried */

/* A record of a selector. */
struct dkim_record {
	struct span text;
	struct dkim_key key;
	bool is_opened;             /* or it was tried: */
	struct evp_pkey_st *opened; /* NULL: */
	enum dkim_reason reason;    /* why it could not be */
	unsigned bits;              /* as dkim_key_open() has them */
};

struct dkim_selector {
	struct dkim_selector *next;
	const struct dns_answer *answer;
	struct dkim_record records[DKIM_KEY_RECORDS_MAX];
	size_t count;
	size_t good; /* the one that verified last, which is tried first */
};

struct dkim_keys {
	struct arena memory;
	struct dkim_selector *selectors;
	unsigned work; /* that is left */
};

/* Begin, for so much work. Ends with dkim_keys_clear(). */
void dkim_keys_init(struct dkim_keys *keys, unsigned work);
void dkim_keys_clear(struct dkim_keys *keys);

/* The records of an answer, which stays as it is and where it is until the end. NULL when memory ran out. */
struct dkim_selector *dkim_keys_of(struct dkim_keys *keys, const struct dns_answer *answer) MUST_USE;

/* Its key, which stays the record's; NULL: `reason` says why. */
struct evp_pkey_st *dkim_record_open(struct dkim_record *record) MUST_USE;

/* Take the work of verifying once with a record that was opened. False, and nothing taken, when less is left.
 */
bool dkim_keys_take(struct dkim_keys *keys, const struct dkim_record *record) MUST_USE;

/* Take the work of hashing a header, that was done: `octets` of it, by `names` of h=. */
void dkim_keys_take_header(struct dkim_keys *keys, uint64_t octets, size_t names);

#endif
