/* Any octets as fields of ARC, one a line: read in bounds, judged, and what passes the form is whole. */
#include "fuzz.h"
#include "heloscope/arc/chain.h"
#include "heloscope/arc/results.h"
#include "heloscope/base/domain.h"

#define NOW 1800000000

static const struct dns_answer *
answer(void *context, const char *key_name)
{
	static const struct dns_answer nothing = { .status = DNS_NXDOMAIN },
				       fault = { .status = DNS_SERVFAIL };
	char again[DOMAIN_SIZE];

	(void)context;
	PROMISE(domain_normalize(span_of(key_name), again) && strcmp(key_name, again) == 0);
	return strlen(key_name) % 2 == 0 ? &nothing : &fault;
}

/* The first octet of a line tells which field it is. */
static void
take_line(struct arc_chain *chain, struct dkim_header *header, struct span line)
{
	static const char *const names[ARC_PARTS] = { "ARC-Authentication-Results", "ARC-Message-Signature",
						      "ARC-Seal" };
	const enum arc_part part = (enum arc_part)((unsigned char)line.at[0] % ARC_PARTS);
	const struct dkim_field *field = dkim_header_add(header, span_of(names[part]), span_from(line, 1));

	(void)arc_chain_add(chain, part, field, NOW, header->arena);
	PROMISE(chain->count <= DKIM_INSTANCES_MAX);
}

static void
judge(struct arc_chain *chain, struct dkim_header *header, struct arena *arena)
{
	struct dkim_bodies bodies = { 0 };
	const struct arc_case of = {
		.chain = chain, .header = header, .bodies = &bodies, .answer = answer, .now = NOW
	};
	struct arc_outcome outcome;

	if (arc_chain_judge_form(chain) != ARC_NONE)
		return;
	PROMISE(chain->fields == (size_t)chain->count * ARC_PARTS);
	for (unsigned i = 0; i < chain->count; i++)
		for (int part = 0; part < ARC_PARTS; part++)
			PROMISE(chain->sets[i].fields[part] != NULL);
	outcome = arc_chain_validate(&of, arena);
	PROMISE(outcome.reason == ARC_MESSAGE || outcome.reason == ARC_SEAL);
	PROMISE(outcome.instance >= 1 && outcome.instance <= chain->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct arc_chain chain = { .count = 0 };
	struct dkim_header header;
	struct arena arena;

	arena_init(&arena, 4U << 20);
	dkim_header_init(&header, &arena, 1U << 20);
	while (rest.length > 0) {
		const char *end = memchr(rest.at, '\n', rest.length);
		const size_t length = end != NULL ? (size_t)(end - rest.at) : rest.length;

		if (length > 0)
			take_line(&chain, &header, (struct span){ rest.at, length });
		rest = span_from(rest, length + 1);
	}
	judge(&chain, &header, &arena);
	arena_clear(&arena);
	return 0;
}
