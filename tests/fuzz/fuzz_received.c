/* Any octets as the value of a Received field. */
#include "fuzz.h"
#include "heloscope/wire/received.h"

static void
check(const struct received *received, struct span value)
{
	PROMISE((received->finding == RECEIVED_CLIENT) == (received->address.length > 0));
	PROMISE(received->helo.length == 0
		|| (received->helo.at >= value.at
		    && received->helo.at + received->helo.length <= value.at + value.length));
	PROMISE(received->tls_version[0] == '\0' || strlen(received->tls_version) == RECEIVED_TLS_SIZE - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	const struct span value = { copy, size };
	struct received folded, unfolded;

	PROMISE(copy != NULL);
	memcpy(copy, data, size);
	folded = received_read(value);
	check(&folded, value);
	for (size_t i = 0; i < size; i++)
		if (ascii_is_blank(copy[i]))
			copy[i] = ' ';
	unfolded = received_read(value);
	PROMISE(folded.finding == unfolded.finding && ipaddr_equals(&folded.address, &unfolded.address)
		&& folded.helo.length == unfolded.helo.length);
	free(copy);
	return 0;
}
