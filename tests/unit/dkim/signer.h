/*
 * signer: keys and signatures of DKIM for tests, made with OpenSSL alone: what is signed is given in its
 * canonical form, so that nothing rests on the code that is tested.
 */
#ifndef TESTS_UNIT_DKIM_SIGNER_H
#define TESTS_UNIT_DKIM_SIGNER_H

#include <stddef.h>

#include "heloscope/base/strbuf.h"

/* Made anew for each run; the first three are RSA keys of that many bits. */
enum signer_key { SIGNER_RSA_2048, SIGNER_RSA_1024, SIGNER_RSA_512, SIGNER_ED25519, SIGNER_KEYS };

/* For cmocka_run_group_tests(), which calls them with its state; they return 0. */
int signer_begin(void **state);
int signer_end(void **state);

/* What stands in p= for it; `is_bare`: as RSAPublicKey. */
const char *signer_public(enum signer_key key, bool is_bare);

/* Add the base64 of the hash of a canonical body. */
void signer_add_hash(struct strbuf *out, const char *body);

/* Add the base64 of the signature, by a digest "SHA256" or "SHA1", of canonical text. */
void signer_add_signature(struct strbuf *out, enum signer_key key, const char *digest, const char *text);

#endif
