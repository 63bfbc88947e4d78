/* Any octets as a DKIM-Signature, or as those fields of ARC that are made like it: read or refused with a
 * reason; what it names is good for the DNS. */
#include "fuzz.h"
#include "heloscope/base/domain.h"
#include "heloscope/dkim/verify.h"

static void
try_kind(enum dkim_kind kind, struct span value)
{
	struct arena arena;
	struct dkim_signature signature;
	char name[DOMAIN_SIZE], again[DOMAIN_SIZE];

	arena_init(&arena, 1U << 20);
	if (dkim_signature_read(kind, value, &arena, &signature)) {
		const struct span b = signature.value_of_b;

		PROMISE(b.length == 0 || (b.at >= value.at && b.at + b.length <= value.at + value.length));
		PROMISE(signature.field_name_count <= value.length + 1);
		PROMISE(signature.instance <= DKIM_INSTANCES_MAX);
		if (signature.reason == DKIM_NONE) {
			PROMISE(signature.domain[0] != '\0' && signature.selector[0] != '\0');
			PROMISE(domain_is_within(span_of(signature.identity_domain),
						 span_of(signature.domain)));
			PROMISE(signature.algorithm == DKIM_RSA_SHA256
				|| signature.algorithm == DKIM_ED25519_SHA256);
			PROMISE(kind == DKIM_PLAIN || signature.instance > 0);
		}
		if (dkim_verify_asks(&signature, 1800000000, name) != NULL)
			PROMISE(domain_normalize(span_of(name), again) && strcmp(name, again) == 0);
	}
	arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int kind = DKIM_PLAIN; kind <= DKIM_SEAL; kind++)
		try_kind((enum dkim_kind)kind, (struct span){ (const char *)data, size });
	return 0;
}
