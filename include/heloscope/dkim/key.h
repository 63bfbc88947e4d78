/*
 * dkim_key: the record of a public key (RFC 6376, 3.6.1; RFC 8301; RFC 8463), read and opened.
 *
 * Any thread. The one reader of such records, for the filter and for doctor.
 */
#ifndef HELOSCOPE_DKIM_KEY_H
#define HELOSCOPE_DKIM_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/dkim/reason.h"

#define DKIM_RSA_BITS_MIN 1024     /* verifiers must not take shorter ones (RFC 8301, 3.2) */
#define DKIM_RSA_BITS_MAX 8192     /* nor have to take longer ones than 4096 */
#define DKIM_RSA_BITS_ADVISED 2048 /* for signers */
#define DKIM_ED25519_OCTETS 32
#define DKIM_KEY_TEXT_MAX 4096 /* octets of p= that are read */

enum dkim_key_type { DKIM_KEY_UNKNOWN, DKIM_KEY_RSA, DKIM_KEY_ED25519 };

struct dkim_key {
	enum dkim_reason
		reason; /* why no signature of this key counts; DKIM_NONE: the record is well formed */
	enum dkim_key_type type;
	struct span type_word; /* as it is written; "rsa" where it is not */
	struct span data;      /* p=, as it stands there */
	bool allows_sha256, allows_mail;
	bool is_testing; /* t=y */
	bool is_strict;  /* t=s: i= must be of the very domain */
};

/* Read a record. Its spans point into `text`. */
struct dkim_key dkim_key_read(struct span text) MUST_USE;

/*
 * Open the key itself, for EVP_PKEY_free(). NULL with the reason. `bits` is that of an RSA key, also of one
 * that is too short or too long, 256 of an Ed25519 one, else 0; `octets`, or NULL: how many p= holds, 0 when
 * it is no base64.
 */
struct evp_pkey_st *dkim_key_open(const struct dkim_key *key, unsigned *bits, size_t *octets,
				  enum dkim_reason *reason) MUST_USE;

/* Whether it is an RSA key, and not opened because its exponent is larger than 65537. */
bool dkim_key_has_long_exponent(const struct dkim_key *key) MUST_USE;

/* "rsa", "ed25519" or "". */
const char *dkim_key_type_word(enum dkim_key_type type);

#endif
