#include "heloscope/dkim/verify.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "heloscope/base/base64.h"
#include "heloscope/base/domain.h"

#define LIST_SIZE 512 /* octets of a list of names that is kept */

const char *
dkim_verify_asks(const struct dkim_signature *signature, int64_t now, char *name)
{
	if (signature->reason != DKIM_NONE || dkim_signature_judge_times(signature, now) != DKIM_NONE)
		return NULL;
	return dkim_signature_key_name(signature, name);
}

/* The signature itself. */

static bool
verify_rsa(EVP_PKEY *key, const unsigned char *hash, const unsigned char *signed_data, size_t length)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const bool is_good = context != NULL && EVP_PKEY_verify_init(context) == 1
			     && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
			     && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
			     && EVP_PKEY_verify(context, signed_data, length, hash, DKIM_HASH_OCTETS) == 1;

	EVP_PKEY_CTX_free(context);
	return is_good;
}

/* The hash is what is signed (RFC 8463, 3). */
static bool
verify_ed25519(EVP_PKEY *key, const unsigned char *hash, const unsigned char *signed_data, size_t length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const bool is_good = context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1
			     && EVP_DigestVerify(context, signed_data, length, hash, DKIM_HASH_OCTETS) == 1;

	EVP_MD_CTX_free(context);
	return is_good;
}

static bool
verify_hash(const struct dkim_signature *signature, EVP_PKEY *key, const unsigned char *hash)
{
	unsigned char signed_data[DKIM_SIGNATURE_OCTETS];
	size_t length;
	bool is_good;

	if (!base64_decode(signature->signed_data, signed_data, sizeof signed_data, &length))
		return false;
	is_good = signature->algorithm == DKIM_RSA_SHA256 ? verify_rsa(key, hash, signed_data, length)
							  : verify_ed25519(key, hash, signed_data, length);
	ERR_clear_error(); /* of this thread; it would grow, and mislead others */
	return is_good;
}

/* Keys. */

static enum dkim_key_type
type_of(enum dkim_algorithm algorithm)
{
	return algorithm == DKIM_ED25519_SHA256 ? DKIM_KEY_ED25519 : DKIM_KEY_RSA;
}

/* Whether the key is one for this signature (6.1.2). */
static enum dkim_reason
judge_key(const struct dkim_signature *signature, const struct dkim_key *key)
{
	if (key->reason != DKIM_NONE)
		return key->reason;
	if (key->type != type_of(signature->algorithm))
		return DKIM_KEY_TYPE;
	if (key->is_strict && strcmp(signature->identity_domain, signature->domain) != 0)
		return DKIM_KEY_IDENTITY;
	return DKIM_NONE;
}

static enum dkim_reason
judge_hashes(const struct dkim_evidence *evidence)
{
	if (!evidence->body_verifies)
		return DKIM_BODY_HASH;
	if (!evidence->header_verifies)
		return DKIM_SIGNATURE;
	return evidence->unsigned_octets > 0 ? DKIM_UNSIGNED_OCTETS : DKIM_NONE;
}

/* Verify with one record. */
static void
try_record(const struct dkim_case *of, struct dkim_record *record, const unsigned char *hash,
	   struct dkim_evidence *evidence)
{
	EVP_PKEY *opened;

	evidence->key_record = record->text.at;
	evidence->key_type = record->key.type;
	evidence->is_testing = record->key.is_testing;
	evidence->reason = judge_key(of->signature, &record->key);
	if (evidence->reason != DKIM_NONE)
		return;
	opened = dkim_record_open(record);
	evidence->key_bits = record->bits;
	evidence->reason = record->reason;
	if (opened == NULL)
		return;
	evidence->reason = DKIM_WORK;
	if (!dkim_keys_take(of->keys, record))
		return;
	evidence->has_hashes = true;
	evidence->header_verifies = verify_hash(of->signature, opened, hash);
	evidence->reason = judge_hashes(evidence);
}

/* How far a record led: no key, a key that cannot be used, one that was used, one that might verify, one that
 * does. */
static int
reach_of(const struct dkim_evidence *evidence)
{
	if (evidence->key_record == NULL)
		return 0;
	if (evidence->reason == DKIM_WORK)
		return 4;
	if (!evidence->has_hashes)
		return evidence->reason == DKIM_KEY_SYNTAX ? 1 : 2;
	return evidence->header_verifies ? 5 : 3;
}

/* There may be several records, in no order: the one that leads farthest counts (6.1.2). The one that
 * verified another signature comes first. */
static void
try_records(const struct dkim_case *of, const unsigned char *hash, struct dkim_evidence *evidence)
{
	struct dkim_selector *selector = dkim_keys_of(of->keys, of->answer);
	struct dkim_evidence best = *evidence;

	if (selector == NULL)
		best.reason = DKIM_NO_MEMORY;
	for (size_t i = 0; selector != NULL && i < selector->count && !best.header_verifies; i++) {
		const size_t next = (selector->good + i) % selector->count;
		struct dkim_evidence tried = *evidence;

		try_record(of, &selector->records[next], hash, &tried);
		if (reach_of(&tried) > reach_of(&best))
			best = tried;
		if (tried.header_verifies)
			selector->good = next;
	}
	*evidence = best;
}

/* What is found before any key is looked at. */
static enum dkim_reason
judge_first(const struct dkim_case *of)
{
	const struct dkim_signature *signature = of->signature;
	const enum dkim_reason times = dkim_signature_judge_times(signature, of->now);
	char name[DOMAIN_SIZE];

	if (signature->reason != DKIM_NONE)
		return signature->reason;
	if (times != DKIM_NONE)
		return times;
	if (dkim_signature_key_name(signature, name) == NULL)
		return DKIM_TAG_VALUE;
	if (signature->kind != DKIM_SEAL && of->header->is_cut)
		return DKIM_HEADER_LONG;
	if (dns_status_is_fault(of->answer->status))
		return DKIM_KEY_LOOKUP;
	if (of->answer->count == 0)
		return DKIM_KEY_NONE;
	return of->keys->work > 0 ? DKIM_NONE : DKIM_WORK;
}

static void
take_body(const struct dkim_case *of, struct dkim_evidence *evidence)
{
	const struct dkim_signature *signature = of->signature;

	evidence->body_octets = of->body_octets;
	evidence->body_verifies = signature->kind == DKIM_SEAL; /* which covers none */
	if (of->body_hash == NULL || signature->kind == DKIM_SEAL)
		return;
	evidence->has_body_hash = of->body_hash->is_reached;
	memcpy(evidence->body_hash, of->body_hash->hash, DKIM_HASH_OCTETS);
	evidence->body_verifies = evidence->has_body_hash
				  && memcmp(evidence->body_hash, signature->body_hash, DKIM_HASH_OCTETS) == 0;
	if (signature->has_length && signature->length < of->body_octets)
		evidence->unsigned_octets = of->body_octets - signature->length;
}

static bool
hash_header(const struct dkim_case *of, struct dkim_coverage *coverage, unsigned char *hash)
{
	if (of->signature->kind == DKIM_SEAL) {
		if (of->sealed_hash != NULL)
			memcpy(hash, of->sealed_hash, DKIM_HASH_OCTETS);
		return of->sealed_hash != NULL;
	}
	if (!dkim_header_hash(of->header, of->own, of->signature, coverage, hash))
		return false;
	dkim_keys_take_header(of->keys, coverage->octets, of->signature->field_name_count);
	return true;
}

static void
judge(const struct dkim_case *of, struct dkim_coverage *coverage, struct dkim_evidence *evidence)
{
	unsigned char hash[DKIM_HASH_OCTETS];

	evidence->key_status = of->answer->status;
	evidence->is_key_secure = of->answer->security == DNS_SECURE;
	evidence->key_records = of->answer->count;
	if (!hash_header(of, coverage, hash)) {
		evidence->reason = DKIM_NO_MEMORY;
		return;
	}
	try_records(of, hash, evidence);
	if (of->signature->has_length && of->signature->length > of->body_octets && evidence->has_hashes)
		evidence->reason = DKIM_BODY_SHORT;
	else if (evidence->has_hashes && !evidence->has_body_hash && of->signature->kind != DKIM_SEAL)
		evidence->reason = DKIM_NO_MEMORY;
}

/* Without its key: when the body is not what was signed, it does not verify whatever the key is. */
static enum dkim_reason
judge_without_key(const struct dkim_case *of, const struct dkim_evidence *evidence)
{
	if (of->signature->has_length && of->signature->length > of->body_octets)
		return DKIM_BODY_SHORT;
	return evidence->has_body_hash && !evidence->body_verifies ? DKIM_BODY_HASH : DKIM_KEY_LOOKUP;
}

enum dns_status
dkim_evidence_fault(const struct dkim_evidence *evidence)
{
	return evidence->reason == DKIM_KEY_LOOKUP ? evidence->key_status : DNS_NO_MEMORY;
}

struct dkim_evidence
dkim_verify(const struct dkim_case *of, struct arena *arena)
{
	char missing[LIST_SIZE], uncovered[LIST_SIZE], filled[LIST_SIZE];
	struct dkim_coverage coverage = { STRBUF_OVER(missing), STRBUF_OVER(uncovered), STRBUF_OVER(filled),
					  0 };
	struct dkim_evidence evidence = { .reason = judge_first(of) };

	take_body(of, &evidence);
	if (evidence.reason == DKIM_NONE)
		judge(of, &coverage, &evidence);
	else if (evidence.reason == DKIM_KEY_LOOKUP || evidence.reason == DKIM_KEY_NONE)
		evidence.key_status = of->answer->status;
	if (evidence.reason == DKIM_KEY_LOOKUP)
		evidence.reason = judge_without_key(of, &evidence);
	if (evidence.key_record != NULL)
		evidence.key_record = arena_string(arena, evidence.key_record);
	evidence.missing = arena_string(arena, missing);
	evidence.uncovered = arena_string(arena, uncovered);
	evidence.filled = arena_string(arena, filled);
	evidence.meant = evidence.reason;
	if (evidence.is_testing && dkim_reason_result(evidence.reason) == RESULT_FAIL)
		evidence.reason = DKIM_TESTING;
	return evidence;
}
