#include "unit.h"
#include "signer.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define ED25519_HEAD 12 /* octets of its SubjectPublicKeyInfo before the key */
#define RSA_HEAD_1024 22
#define RSA_HEAD 24

static EVP_PKEY *keys[SIGNER_KEYS];
static char publics[SIGNER_KEYS][2][4096];

static void
add_base64(struct strbuf *out, const unsigned char *octets, size_t length)
{
	unsigned char text[8192];

	assert_true(length < sizeof text / 2);
	(void)EVP_EncodeBlock(text, octets, (int)length);
	strbuf_add(out, (const char *)text);
}

static void
keep_public(enum signer_key key)
{
	unsigned char *octets = NULL;
	const int length = i2d_PUBKEY(keys[key], &octets);
	const size_t heads[SIGNER_KEYS] = { RSA_HEAD, RSA_HEAD_1024, 20, ED25519_HEAD };
	const size_t starts[2] = { key == SIGNER_ED25519 ? ED25519_HEAD : 0, heads[key] };

	assert_true(length > 0);
	for (int i = 0; i < 2; i++) {
		struct strbuf out;

		strbuf_init(&out, publics[key][i], sizeof publics[key][i]);
		add_base64(&out, octets + starts[i], (size_t)length - starts[i]);
	}
	OPENSSL_free(octets);
}

int
signer_begin(void **state)
{
	static const unsigned bits[] = { 2048, 1024, 512 };

	(void)state;
	for (int key = 0; key < SIGNER_KEYS; key++) {
		keys[key] = key == SIGNER_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
						  : EVP_RSA_gen(bits[key]);
		assert_non_null(keys[key]);
		keep_public((enum signer_key)key);
	}
	return 0;
}

int
signer_end(void **state)
{
	(void)state;
	for (int key = 0; key < SIGNER_KEYS; key++)
		EVP_PKEY_free(keys[key]);
	return 0;
}

const char *
signer_public(enum signer_key key, bool is_bare)
{
	return publics[key][is_bare ? 1 : 0];
}

static size_t
digest_of(const char *digest, const char *text, unsigned char *hash)
{
	size_t length;

	assert_int_equal(EVP_Q_digest(NULL, digest, NULL, text, strlen(text), hash, &length), 1);
	return length;
}

void
signer_add_hash(struct strbuf *out, const char *body)
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	add_base64(out, hash, digest_of("SHA256", body, hash));
}

void
signer_add_signature(struct strbuf *out, enum signer_key key, const char *digest, const char *text)
{
	unsigned char hash[EVP_MAX_MD_SIZE], made[1024];
	const size_t hash_length = digest_of(digest, text, hash);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const bool is_ed25519 = key == SIGNER_ED25519;
	size_t length = sizeof made;

	assert_int_equal(
		EVP_DigestSignInit_ex(context, NULL, is_ed25519 ? NULL : digest, NULL, NULL, keys[key], NULL),
		1);
	assert_int_equal(EVP_DigestSign(context, made, &length,
					is_ed25519 ? hash : (const unsigned char *)text,
					is_ed25519 ? hash_length : strlen(text)),
			 1);
	EVP_MD_CTX_free(context);
	add_base64(out, made, length);
}
