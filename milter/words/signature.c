#include "heloscope/words/signature.h"

#include "heloscope/base/prose.h"
#include "heloscope/words/telling.h"

#define LINE_SIZE 2400

static const char *const phrases[DKIM_REASONS] = {
	[DKIM_NONE] = "good signature",
	[DKIM_SYNTAX] = "not a list of tags",
	[DKIM_TAG_TWICE] = "a tag appears twice",
	[DKIM_TAG_MISSING] = "a required tag is missing",
	[DKIM_TAG_VALUE] = "a tag has an invalid value",
	[DKIM_VERSION] = "unknown version",
	[DKIM_ALGORITHM] = "unknown algorithm",
	[DKIM_CANONICALIZATION] = "unknown canonicalization",
	[DKIM_QUERY_METHOD] = "unknown query method",
	[DKIM_FIELD_NAMES] = "too many names in h=",
	[DKIM_FROM_UNSIGNED] = "the From field is not signed",
	[DKIM_IDENTITY] = "i= is outside the domain d=",
	[DKIM_SHA1] = "rsa-sha1 is no longer valid, RFC 8301",
	[DKIM_EXPIRED] = "expired",
	[DKIM_FUTURE] = "signed in the future",
	[DKIM_TIMES] = "expires before it was signed",
	[DKIM_KEY_LOOKUP] = "the key could not be looked up",
	[DKIM_KEY_NONE] = "no key is published",
	[DKIM_KEY_SYNTAX] = "the key record is malformed",
	[DKIM_KEY_VERSION] = "the key record has a wrong version",
	[DKIM_KEY_REVOKED] = "the key is revoked",
	[DKIM_KEY_TYPE] = "the key is of another type",
	[DKIM_KEY_HASH] = "the key does not allow sha256",
	[DKIM_KEY_SERVICE] = "the key is not for mail",
	[DKIM_KEY_IDENTITY] = "the key does not allow subdomains in i=",
	[DKIM_KEY_DATA] = "the key cannot be read",
	[DKIM_KEY_SHORT] = "the key is too short, RFC 8301",
	[DKIM_KEY_LONG] = "the key is too long",
	[DKIM_BODY_SHORT] = "the body is shorter than what was signed",
	[DKIM_BODY_HASH] = "the body was changed after it was signed",
	[DKIM_SIGNATURE] = "the signature does not match the header or the key",
	[DKIM_TESTING] = "does not verify, and the key is only for testing",
	[DKIM_UNSIGNED_OCTETS] = "good signature, but not of the whole body",
	[DKIM_HEADER_LONG] = "the header is too long to be verified",
	[DKIM_WORK] = "too much work to verify",
	[DKIM_NO_MEMORY] = "out of memory",
};

const char *
signature_reason(enum dkim_reason reason)
{
	return phrases[reason];
}

/* How many octets of the body nobody has signed. */
static void
add_unsigned(const struct dkim_evidence *evidence, struct strbuf *said)
{
	strbuf_printf(said, ": %llu of %llu octets of the body are not signed (l=%llu)",
		      (unsigned long long)evidence->unsigned_octets,
		      (unsigned long long)evidence->body_octets,
		      (unsigned long long)(evidence->body_octets - evidence->unsigned_octets));
}

void
signature_add_reason(const struct dkim_evidence *evidence, struct strbuf *said)
{
	strbuf_add(said, phrases[evidence->reason]);
	if (evidence->reason == DKIM_TESTING)
		strbuf_printf(said, ": %s", phrases[evidence->meant]);
	if (evidence->reason == DKIM_KEY_LOOKUP)
		strbuf_printf(said, ": %s", dns_status_word(evidence->key_status));
	if (evidence->unsigned_octets > 0)
		add_unsigned(evidence, said);
	if (evidence->key_bits > 0)
		strbuf_printf(said, ", %u-bit key", evidence->key_bits);
	if (evidence->is_testing && evidence->reason != DKIM_TESTING)
		strbuf_add(said, ", for testing");
	if (evidence->key_records > 1)
		strbuf_printf(said, ", %zu records at the selector", evidence->key_records);
}

void
signature_put_key(const struct dkim_evidence *evidence, const char *selector, const char *domain,
		  struct output *out)
{
	char memory[LINE_SIZE];
	struct strbuf name = STRBUF_OVER(memory);

	if (evidence->key_status == DNS_NOERROR && evidence->key_record == NULL)
		return;
	telling_add_key_name(&name, selector, domain);
	if (evidence->key_record == NULL) {
		prose_put(out, 30, "key at %s: %s", memory, dns_status_word(evidence->key_status));
		return;
	}
	strbuf_add(&name, evidence->is_key_secure ? " (DNSSEC)" : "");
	if (evidence->key_bits > 0)
		strbuf_printf(&name, ", %s, %u bits", dkim_key_type_word(evidence->key_type),
			      evidence->key_bits);
	strbuf_add(&name, ": ");
	telling_add_record(&name, evidence->key_record);
	prose_put(out, 30, "key at %s", memory);
}
