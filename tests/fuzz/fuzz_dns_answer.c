/* Any octets as a DNS message, behind one that chooses the type: no read outside, and sane records. */
#include "fuzz.h"
#include "heloscope/dns/dns.h"
#include "heloscope/dns/root_keys.h"

static volatile char octet_read;

static void
check_record(const struct dns_record *record, enum dns_type type)
{
	switch (type) {
	case DNS_A:
		PROMISE(record->address.length == 4);
		break;
	case DNS_AAAA:
		PROMISE(record->address.length == 4 || record->address.length == 16);
		break;
	case DNS_TXT:
		for (size_t i = 0; i < record->text.length; i++)
			octet_read = record->text.at[i]; /* each can be read, or ASan says where not */
		break;
	default:
		for (const char *at = record->name; *at != '\0'; at++)
			PROMISE(*at > ' ' && *at <= '~');
		break;
	}
}

/* The same octets as an answer that tells the root's keys. */
static void
check_keys(const unsigned char *packet, size_t length)
{
	struct root_keys keys;

	if (root_keys_read(packet, length, &keys))
		PROMISE(keys.signers.count <= ROOT_KEYS_MAX && keys.published.count <= ROOT_KEYS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_PTR };
	const enum dns_type type = types[size > 0 ? data[0] % 5 : 0];
	unsigned char *packet;
	struct dns_answer *answer;

	if (size < 1)
		return 0;
	packet = malloc(size); /* of its exact size, so that ASan sees one octet too far */
	PROMISE(packet != NULL);
	memcpy(packet, data + 1, size - 1);
	answer = dns_answer_parse(packet, size - 1, "a.test", type);
	PROMISE(answer != NULL && (answer->status == DNS_NOERROR) == (answer->count > 0));
	for (size_t i = 0; i < answer->count; i++)
		check_record(&answer->records[i], type);
	dns_answer_free(answer);
	check_keys(packet, size - 1);
	free(packet);
	return 0;
}
