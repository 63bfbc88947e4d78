#include "heloscope/dkim/key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "heloscope/base/base64.h"
#include "heloscope/dkim/rsa.h"
#include "heloscope/dkim/tags.h"

#define ED25519_BITS 256
#define KEY_OCTETS_MAX (DKIM_KEY_TEXT_MAX / 4 * 3)

enum { TAG_V, TAG_H, TAG_K, TAG_P, TAG_S, TAG_T, TAGS };

static const char *const tag_names[TAGS] = { "v", "h", "k", "p", "s", "t" };

static const char *const type_words[] = {
	[DKIM_KEY_UNKNOWN] = "", [DKIM_KEY_RSA] = "rsa", [DKIM_KEY_ED25519] = "ed25519"
};

const char *
dkim_key_type_word(enum dkim_key_type type)
{
	return type_words[type];
}

static enum dkim_key_type
type_of(struct span word)
{
	for (int type = DKIM_KEY_RSA; type <= DKIM_KEY_ED25519; type++)
		if (span_equals_nocase(word, span_of(type_words[type])))
			return (enum dkim_key_type)type;
	return DKIM_KEY_UNKNOWN;
}

/* Where there is a version, it stands first and is ours (3.6.1). */
static bool
has_good_version(struct span text, const struct dkim_tag *version)
{
	const char *first = memchr(text.at, '=', text.length);

	return !version->is_there
	       || (first != NULL && version->place.at == first + 1
		   && span_equals(version->value, SPAN("DKIM1")));
}

static bool
allows(const struct dkim_tag *list, struct span word)
{
	return !list->is_there || dkim_list_has(list->value, word);
}

static enum dkim_reason
judge(struct span text, enum dkim_tags_form form, const struct dkim_tag *tags, const struct dkim_key *key)
{
	if (form != DKIM_TAGS_GOOD || !tags[TAG_P].is_there)
		return DKIM_KEY_SYNTAX;
	if (!has_good_version(text, &tags[TAG_V]))
		return DKIM_KEY_VERSION;
	if (key->data.length == 0)
		return DKIM_KEY_REVOKED;
	if (key->type == DKIM_KEY_UNKNOWN)
		return DKIM_KEY_TYPE;
	if (!key->allows_sha256)
		return DKIM_KEY_HASH;
	return key->allows_mail ? DKIM_NONE : DKIM_KEY_SERVICE;
}

struct dkim_key
dkim_key_read(struct span text)
{
	struct dkim_tag tags[TAGS];
	const enum dkim_tags_form form = dkim_tags_read(text, tag_names, tags, TAGS);
	struct dkim_key key = {
		.type_word = tags[TAG_K].is_there ? tags[TAG_K].value : SPAN("rsa"),
		.data = tags[TAG_P].is_there ? tags[TAG_P].value : SPAN(""),
		.allows_sha256 = allows(&tags[TAG_H], SPAN("sha256")),
		.allows_mail = allows(&tags[TAG_S], SPAN("*")) || allows(&tags[TAG_S], SPAN("email")),
		.is_testing = tags[TAG_T].is_there && dkim_list_has(tags[TAG_T].value, SPAN("y")),
		.is_strict = tags[TAG_T].is_there && dkim_list_has(tags[TAG_T].value, SPAN("s")),
	};

	key.type = type_of(key.type_word);
	key.reason = judge(text, form, tags, &key);
	return key;
}

/* OpenSSL takes numbers in the order of the machine, lowest octet first here. */
static OSSL_PARAM
number_param(const char *name, struct span number, unsigned char *memory)
{
	for (size_t i = 0; i < number.length; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		memory[number.length - 1 - i] = (unsigned char)number.at[i];
#else
		memory[i] = (unsigned char)number.at[i];
#endif
	return OSSL_PARAM_construct_BN(name, memory, number.length);
}

static EVP_PKEY *
make_rsa(const struct dkim_rsa *rsa)
{
	unsigned char modulus[KEY_OCTETS_MAX], exponent[KEY_OCTETS_MAX];
	OSSL_PARAM params[] = { number_param(OSSL_PKEY_PARAM_RSA_N, rsa->modulus, modulus),
				number_param(OSSL_PKEY_PARAM_RSA_E, rsa->exponent, exponent),
				OSSL_PARAM_construct_end() };
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
		(void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *
open_rsa(struct span octets, unsigned *bits, enum dkim_reason *reason)
{
	struct dkim_rsa rsa;
	EVP_PKEY *key;

	*reason = DKIM_KEY_DATA;
	if (!dkim_rsa_read(octets, &rsa))
		return NULL;
	*bits = rsa.bits;
	*reason = rsa.bits < DKIM_RSA_BITS_MIN ? DKIM_KEY_SHORT : DKIM_KEY_LONG;
	if (rsa.bits < DKIM_RSA_BITS_MIN || rsa.bits > DKIM_RSA_BITS_MAX)
		return NULL;
	key = make_rsa(&rsa);
	*reason = key != NULL ? DKIM_NONE : DKIM_NO_MEMORY;
	return key;
}

static EVP_PKEY *
open_ed25519(struct span octets, unsigned *bits, enum dkim_reason *reason)
{
	EVP_PKEY *key;

	*reason = DKIM_KEY_DATA;
	if (octets.length != DKIM_ED25519_OCTETS)
		return NULL;
	*bits = ED25519_BITS;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)octets.at,
					  octets.length);
	*reason = key != NULL ? DKIM_NONE : DKIM_NO_MEMORY;
	return key;
}

static bool
decode(const struct dkim_key *key, unsigned char memory[KEY_OCTETS_MAX], size_t *length)
{
	return key->data.length <= DKIM_KEY_TEXT_MAX
	       && base64_decode(key->data, memory, KEY_OCTETS_MAX, length);
}

bool
dkim_key_has_long_exponent(const struct dkim_key *key)
{
	unsigned char memory[KEY_OCTETS_MAX];
	size_t length = 0;
	struct dkim_rsa rsa = { .has_long_exponent = false };

	return key->type == DKIM_KEY_RSA && decode(key, memory, &length)
	       && !dkim_rsa_read((struct span){ (const char *)memory, length }, &rsa)
	       && rsa.has_long_exponent;
}

EVP_PKEY *
dkim_key_open(const struct dkim_key *key, unsigned *bits, size_t *octets, enum dkim_reason *reason)
{
	unsigned char memory[KEY_OCTETS_MAX];
	size_t length = 0;
	const bool is_base64 = decode(key, memory, &length);
	const struct span held = { (const char *)memory, length };

	*bits = 0;
	if (octets != NULL)
		*octets = length;
	*reason = key->type == DKIM_KEY_UNKNOWN ? DKIM_KEY_TYPE : DKIM_KEY_DATA;
	if (!is_base64 || key->type == DKIM_KEY_UNKNOWN)
		return NULL;
	return key->type == DKIM_KEY_RSA ? open_rsa(held, bits, reason) : open_ed25519(held, bits, reason);
}
