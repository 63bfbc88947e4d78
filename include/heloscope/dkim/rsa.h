/*
 * dkim_rsa: RSA public keys in DER, read without OpenSSL's decoders, which take longer than to verify a
 * signature. Any thread; no allocation.
 */
#ifndef HELOSCOPE_DKIM_RSA_H
#define HELOSCOPE_DKIM_RSA_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

/* Both positive, as big-endian octets without leading zeros, within what was read. */
struct dkim_rsa {
	struct span modulus, exponent;
	unsigned bits;          /* of the modulus */
	bool has_long_exponent; /* also when it is not taken: because the exponent is larger than 65537 */
};

/*
 * Read a SubjectPublicKeyInfo (RFC 5280, 4.1), which is what is published, or a bare RSAPublicKey (RFC 8017,
 * A.1.1), which is what RFC 6376, 3.6.1 says. Nothing may stand behind it. False when it is neither, or when
 * modulus or exponent are even or too small to be any, or the exponent has more bits than 65537.
 */
bool dkim_rsa_read(struct span octets, struct dkim_rsa *key) MUST_USE;

#endif
