/* Any octets as a DKIM-Signature: read or refused with a reason; what it names is good for the DNS. */
#include "fuzz.h"
#include "heloscope/base/domain.h"
#include "heloscope/dkim/verify.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span value = { (const char *)data, size };
	struct arena arena;
	struct dkim_signature signature;
	char name[DOMAIN_SIZE], again[DOMAIN_SIZE];

	arena_init(&arena, 1U << 20);
	if (dkim_signature_read(DKIM_OF_AUTHOR, value, &arena, &signature)) {
		const struct span b = signature.value_of_b;

		PROMISE(b.length == 0 || (b.at >= value.at && b.at + b.length <= value.at + size));
		PROMISE(signature.field_name_count <= size + 1);
		if (signature.reason == DKIM_NONE) {
			PROMISE(signature.domain[0] != '\0' && signature.selector[0] != '\0');
			PROMISE(domain_is_within(span_of(signature.identity_domain),
						 span_of(signature.domain)));
			PROMISE(signature.algorithm == DKIM_RSA_SHA256
				|| signature.algorithm == DKIM_ED25519_SHA256);
		}
		if (dkim_verify_asks(&signature, 1800000000, name) != NULL)
			PROMISE(domain_normalize(span_of(name), again) && strcmp(name, again) == 0);
	}
	arena_clear(&arena);
	return 0;
}
