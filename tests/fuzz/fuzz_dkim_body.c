/* Any octets as a body, cut anywhere: the hash is the same. The first octet says how. */
#include "fuzz.h"
#include "heloscope/dkim/body.h"

static uint64_t
hash_body(enum dkim_canon canon, struct span text, size_t first, size_t others, struct dkim_mark marks[2])
{
	struct dkim_body body;
	uint64_t octets;

	marks[0] = (struct dkim_mark){ .at = text.length / 2 };
	marks[1] = (struct dkim_mark){ .at = UINT64_MAX };
	dkim_body_init(&body, canon, marks, 2);
	for (size_t piece = first; text.length > 0; piece = others) {
		const struct span part = { text.at, piece < text.length ? piece : text.length };

		dkim_body_add(&body, part);
		text = span_from(text, part.length);
	}
	octets = dkim_body_finish(&body);
	dkim_body_clear(&body);
	return octets;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { size > 0 ? (const char *)data + 1 : "", size > 0 ? size - 1 : 0 };
	const size_t first = size > 0 ? data[0] % 16 : 0, others = size > 0 ? data[0] / 16 + 1U : 1;

	for (int canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
		struct dkim_mark whole[2], cut[2];
		const uint64_t octets =
			hash_body((enum dkim_canon)canon, text, text.length, text.length, whole);

		PROMISE(octets <= text.length + 2);
		PROMISE(hash_body((enum dkim_canon)canon, text, first, others, cut) == octets);
		for (int i = 0; i < 2; i++) {
			PROMISE(whole[i].is_reached == cut[i].is_reached);
			PROMISE(memcmp(whole[i].hash, cut[i].hash, sizeof cut[i].hash) == 0);
		}
	}
	return 0;
}
