#include "heloscope/dkim/keys.h"

#include <openssl/evp.h>

#define MEMORY_OCTETS (1U << 20)
#define BITS_OF_ONE                                                                                          \
	2048 /* an RSA key so long is the measure: a key twice as long takes four times the work */
#define WORK_OF_ED25519 4
#define HEADER_OCTETS_OF_ONE 8192
#define HEADER_NAMES_OF_ONE 64

void
dkim_keys_init(struct dkim_keys *keys, unsigned work)
{
	*keys = (struct dkim_keys){ .work = work };
	arena_init(&keys->memory, MEMORY_OCTETS);
}

void
dkim_keys_clear(struct dkim_keys *keys)
{
	for (struct dkim_selector *at = keys->selectors; at != NULL; at = at->next)
		for (size_t i = 0; i < at->count; i++)
			EVP_PKEY_free(at->records[i].opened);
	arena_clear(&keys->memory);
	keys->selectors = NULL;
}

static struct dkim_selector *
read_records(struct dkim_keys *keys, const struct dns_answer *answer)
{
	struct dkim_selector *selector = arena_alloc(&keys->memory, sizeof *selector);

	if (selector == NULL)
		return NULL;
	*selector = (struct dkim_selector){ .next = keys->selectors, .answer = answer };
	for (; selector->count < answer->count && selector->count < DKIM_KEY_RECORDS_MAX; selector->count++) {
		struct dkim_record *record = &selector->records[selector->count];

		record->text = answer->records[selector->count].text;
		record->key = dkim_key_read(record->text);
	}
	keys->selectors = selector;
	return selector;
}

struct dkim_selector *
dkim_keys_of(struct dkim_keys *keys, const struct dns_answer *answer)
{
	for (struct dkim_selector *at = keys->selectors; at != NULL; at = at->next)
		if (at->answer == answer)
			return at;
	return read_records(keys, answer);
}

struct evp_pkey_st *
dkim_record_open(struct dkim_record *record)
{
	if (!record->is_opened)
		record->opened = dkim_key_open(&record->key, &record->bits, NULL, &record->reason);
	record->is_opened = true;
	return record->opened;
}

static unsigned
work_of(const struct dkim_record *record)
{
	unsigned work = 1;

	if (record->key.type == DKIM_KEY_ED25519)
		return WORK_OF_ED25519;
	for (unsigned bits = BITS_OF_ONE; bits < record->bits; bits *= 2)
		work *= 4;
	return work;
}

bool
dkim_keys_take(struct dkim_keys *keys, const struct dkim_record *record)
{
	const unsigned work = work_of(record);
	const bool is_left = work <= keys->work;

	keys->work -= is_left ? work : 0;
	return is_left;
}

void
dkim_keys_take_header(struct dkim_keys *keys, uint64_t octets, size_t names)
{
	const uint64_t work = octets / HEADER_OCTETS_OF_ONE + names / HEADER_NAMES_OF_ONE;

	keys->work -= work < keys->work ? (unsigned)work : keys->work;
}
