#include "heloscope/words/gateway.h"

/* What is wrong with the field where the client was to be found; the address in between is the writer's. */
static const struct {
	const char *before, *after;
} faults[GATEWAY_FAULTS] = {
	[GATEWAY_FAULT_NONE] = { "", "" },
	[GATEWAY_NO_RECEIVED] = { "no Received of gateway ", "" },
	[GATEWAY_OWN_MAIL] = { "Received of gateway ", " names no client" },
	[GATEWAY_UNREADABLE] = { "Received of gateway ", " is in no known form" },
	[GATEWAY_INNER_ADDRESS] = { "Received of gateway ", " names an inner address" },
	[GATEWAY_TOO_MUCH] = { "too much header before the Received of gateway ", "" },
};

static void
add_address(struct strbuf *text, const struct ipaddr *address)
{
	char memory[IPADDR_TEXT_SIZE];

	strbuf_add(text, address->length > 0 ? ipaddr_format(address, memory) : "");
}

static void
add_fault(const struct gateway_facts *gateway, struct strbuf *text)
{
	strbuf_add(text, faults[gateway->fault].before);
	add_address(text, &gateway->believed);
	strbuf_add(text, faults[gateway->fault].after);
	if (gateway->inner.length > 0) {
		strbuf_add(text, ", ");
		add_address(text, &gateway->inner);
	}
}

void
gateway_add_origin(const struct facts *facts, struct strbuf *text)
{
	const struct gateway_facts *gateway = &facts->client.gateway;

	if (gateway->fault != GATEWAY_FAULT_NONE) {
		strbuf_add(text, "client not known: ");
		add_fault(gateway, text);
		return;
	}
	strbuf_add(text, "client from Received of gateway ");
	add_address(text, &gateway->believed);
	if (!ipaddr_equals(&gateway->believed, &gateway->address)) {
		strbuf_add(text, " behind ");
		add_address(text, &gateway->address);
	}
}

/* What the administrator of this site can do. */
static const char *
remedy_for(enum gateway_fault fault)
{
	static const char *const remedies[GATEWAY_FAULTS] = {
		[GATEWAY_FAULT_NONE] = "",
		[GATEWAY_NO_RECEIVED] = " Does the gateway add a Received field, or send mail of its own?",
		[GATEWAY_OWN_MAIL] = " The gateway seems to have written the message itself.",
		[GATEWAY_UNREADABLE] =
			" Use XCLIENT in place of Received fields, if the gateway can (heloscope.conf(5)).",
		[GATEWAY_INNER_ADDRESS] =
			" If that is a host of the gateway, add it to trust { gateways { ... } }.",
		[GATEWAY_TOO_MUCH] = "",
	};

	return remedies[fault];
}

void
gateway_add_story(const struct facts *facts, struct strbuf *text)
{
	const struct gateway_facts *gateway = &facts->client.gateway;

	if (gateway->address.length == 0)
		return;
	add_address(text, &gateway->address);
	if (gateway->fault != GATEWAY_FAULT_NONE) {
		strbuf_add(text, "; the client is not known");
		strbuf_add(text, facts_escapes_rules(facts) ? ", and no rule is applied: " : ": ");
		add_fault(gateway, text);
		strbuf_add(text, ".");
		strbuf_add(text, remedy_for(gateway->fault));
	} else if (facts->client.address.length == 0) {
		strbuf_add(text, "; the client is not known, as the header did not come");
	} else {
		strbuf_add(text, "; the client is the one that the Received field of ");
		add_address(text, &gateway->believed);
		strbuf_printf(text, " names (field %u from the top)", gateway->hops);
	}
}

void
gateway_report(const struct facts *facts, enum method method, struct authres *authres)
{
	char memory[200];
	struct strbuf reason = STRBUF_OVER(memory);

	gateway_add_origin(facts, &reason);
	authres_result(authres, method_words(method)->method, RESULT_NONE);
	authres_property(authres, "reason", span_of(memory));
}

void
gateway_say(const struct facts *facts, struct strbuf *said)
{
	strbuf_add(said, "not checked: ");
	gateway_add_origin(facts, said);
}
