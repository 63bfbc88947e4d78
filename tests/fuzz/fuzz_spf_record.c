/* Any octets as an SPF record: read or refused with a place inside it. */
#include "fuzz.h"
#include "heloscope/spf/record.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { (const char *)data, size };
	struct arena arena;
	struct spf_record record;
	struct spf_fault fault = { .kind = SPF_FAULT_NONE };

	if (!spf_record_is_one(text))
		return 0;
	arena_init(&arena, 1U << 20);
	if (spf_record_parse(text, &arena, &record, &fault)) {
		for (size_t i = 0; i < record.count; i++) {
			const struct spf_term *term = &record.terms[i];

			PROMISE(term->text.at >= text.at
				&& term->text.at + term->text.length <= text.at + size);
			PROMISE(term->prefix4 <= 32 && term->prefix6 <= 128);
			PROMISE(term->mechanism != SPF_INCLUDE || term->domain_spec.length > 0);
		}
	} else {
		PROMISE(fault.kind != SPF_FAULT_NONE && fault.at <= size);
	}
	arena_clear(&arena);
	return 0;
}
