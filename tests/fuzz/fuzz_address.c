/* Any octets as HELO, domain, address and network. */
#include "fuzz.h"
#include "heloscope/base/domain.h"
#include "heloscope/base/ipaddr.h"

static void
check_name(const char *name)
{
	PROMISE(strlen(name) < DOMAIN_SIZE);
	for (const char *at = name; *at != '\0'; at++)
		PROMISE(ascii_is_alnum(*at) || strchr("-_.", *at) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1); /* not terminated: spans are not */
	const struct span text = { copy, size };
	char name[DOMAIN_SIZE], written[IPADDR_TEXT_SIZE];
	struct ipaddr address, again;
	struct network network;
	const char *reason = NULL;
	enum helo_fault fault;
	enum helo_form form;

	PROMISE(copy != NULL);
	memcpy(copy, data, size);
	form = domain_helo_form(text, name, &address, &fault);
	PROMISE((form == HELO_NAME) == (name[0] != '\0')
		&& (form == HELO_INVALID) == (fault != HELO_FAULT_NONE));
	check_name(name);
	if (domain_normalize(text, name))
		check_name(name);
	if (ipaddr_parse(text, &address)) {
		PROMISE(ipaddr_parse(span_of(ipaddr_format(&address, written)), &again));
		PROMISE(ipaddr_equals(&address, &again));
	}
	if (network_parse(text, &network, &reason))
		PROMISE(network_contains(&network, &network.address));
	free(copy);
	return 0;
}
