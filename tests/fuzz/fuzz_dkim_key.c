/* Any octets as the record of a key: opened when it is one, else there is a reason. */
#include "fuzz.h"

#include <openssl/evp.h>

#include "heloscope/dkim/key.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dkim_key key = dkim_key_read((struct span){ (const char *)data, size });
	enum dkim_reason reason;
	unsigned bits;
	size_t octets;
	EVP_PKEY *opened = dkim_key_open(&key, &bits, &octets, &reason);

	PROMISE((opened != NULL) == (reason == DKIM_NONE));
	if (opened != NULL) {
		PROMISE(bits == (unsigned)EVP_PKEY_get_bits(opened) || key.type == DKIM_KEY_ED25519);
		PROMISE(bits <= DKIM_RSA_BITS_MAX && octets > 0);
	}
	EVP_PKEY_free(opened);
	return 0;
}
