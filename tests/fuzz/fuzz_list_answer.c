/*
 * A DNS list's answer: the first octet chooses among lists, the rest is a DNS message. Whatever it
 * says, a listing rests on answers in 127.0.0.0/8 that are no query errors, and its text comes
 * out without the key.
 */
#include "fuzz.h"
#include "heloscope/lists/dnslist.h"

#define QUESTION "7.100.51.198.bl.test"
#define KEY "s3krit"

static const struct answer_range ranges[] = { { 0x7f000002, 0x7f00000b, "bad" },
					      { 0x7f000500, 0x7f0005ff, NULL } };
static const struct answer_range errors[] = { { 0x7f0000ff, 0x7f0000ff, "no" } };
static const struct list_entry entry = { .errors = { (struct answer_range *)(size_t)errors, 1 } };

static const struct list lists[] = {
	{ .shown = "bl.test" },
	{ .shown = "bl.test", .answers = { (struct answer_range *)(size_t)ranges, 2 } },
	{ .shown = "bl.test", .answers = { (struct answer_range *)(size_t)ranges, 2 }, .entry = &entry },
};

static void
check_reading(const struct list *list, const struct dns_answer *answer)
{
	const struct list_reading reading = dnslist_read(list, answer);
	const bool has_answers = reading.says != LIST_SAYS_NO && reading.says != LIST_SAYS_NOTHING;

	PROMISE(reading.count <= LIST_ANSWERS_MAX && (reading.count > 0) == has_answers);
	for (size_t i = 0; i < reading.count; i++) {
		const uint32_t value = reading.answers[i];
		const bool is_error =
			value >> 8 == 0x7fffff || (list->entry != NULL && value == errors[0].first);

		PROMISE((reading.says == LIST_SAYS_STRANGE) == (value >> 24 != 127));
		PROMISE((reading.says == LIST_SAYS_ERROR) == is_error);
		(void)dnslist_meaning(list, value);
	}
}

static void
check_text(const struct dns_answer *answer)
{
	struct arena arena;

	arena_init(&arena, 1U << 20);
	for (size_t i = 0; i < answer->count; i++)
		PROMISE(strcasestr(dnslist_without_key(&arena, answer->records[i].text, KEY), KEY) == NULL);
	arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_answer *answer;

	if (size == 0)
		return 0;
	answer = dns_answer_parse(data + 1, size - 1, QUESTION, DNS_A);
	PROMISE(answer != NULL);
	check_reading(&lists[data[0] % (sizeof lists / sizeof lists[0])], answer);
	dns_answer_free(answer);
	answer = dns_answer_parse(data + 1, size - 1, QUESTION, DNS_TXT);
	PROMISE(answer != NULL);
	check_text(answer);
	dns_answer_free(answer);
	return 0;
}
