#include "heloscope/dns/root_keys.h"

#include "heloscope/dns/dns.h"

/* Of a DNSKEY (RFC 4034, 2.1) and of an RRSIG (3.1). */
#define FLAG_SEP 0x01
#define FLAG_REVOKED 0x80
#define COVERED_AT 0
#define SIGNER_AT 16
#define SIGNER_END 18

static void
add_tag(struct key_tags *tags, uint16_t tag)
{
	for (size_t i = 0; i < tags->count; i++)
		if (tags->items[i] == tag)
			return;
	if (tags->count < ROOT_KEYS_MAX)
		tags->items[tags->count++] = tag;
}

static void
take_key(struct root_keys *keys, struct span data)
{
	const unsigned char *octets = (const unsigned char *)data.at;

	if ((octets[1] & (FLAG_SEP | FLAG_REVOKED)) == FLAG_SEP)
		add_tag(&keys->published, trust_anchor_key_tag(octets, data.length));
}

static void
take_signature(struct root_keys *keys, struct span data)
{
	const unsigned char *octets = (const unsigned char *)data.at;

	if (data.length >= SIGNER_END && (octets[COVERED_AT] << 8 | octets[COVERED_AT + 1]) == DNS_DNSKEY)
		add_tag(&keys->signers, (uint16_t)(octets[SIGNER_AT] << 8 | octets[SIGNER_AT + 1]));
}

/* Each record of that type at the root. Returns how many there are. */
static size_t
take_records(const unsigned char *answer, size_t length, enum dns_type type, struct root_keys *keys,
	     void (*take)(struct root_keys *keys, struct span data))
{
	struct dns_answer *read = dns_answer_parse(answer, length, "", type);
	const size_t count = read != NULL ? read->count : 0;

	for (size_t i = 0; i < count; i++)
		take(keys, read->records[i].text);
	dns_answer_free(read);
	return count;
}

bool
root_keys_read(const unsigned char *answer, size_t length, struct root_keys *keys)
{
	struct root_keys found = { .signers = { .count = 0 } };

	if (take_records(answer, length, DNS_DNSKEY, &found, take_key) == 0)
		return false;
	(void)take_records(answer, length, DNS_RRSIG, &found, take_signature);
	*keys = found;
	return true;
}

struct key_tags
root_keys_lacking(const struct trust_anchor *anchor, const struct key_tags *tags)
{
	struct key_tags lacking = { .count = 0 };

	for (size_t i = 0; i < tags->count; i++)
		if (!trust_anchor_has(anchor, tags->items[i]))
			lacking.items[lacking.count++] = tags->items[i];
	return lacking;
}
