#include "heloscope/checks/gateway.h"

#include <netinet/in.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/ipaddr_scope.h"
#include "heloscope/checks/inquiry.h"

#define FIELD_OVERHEAD 64 /* octets that a field counts beside its text */

struct held_field {
	struct held_field *next;
	const char *name, *value;
};

void
gateway_walk_begin(struct gateway_walk *walk, const struct config *config, const struct client_facts *client)
{
	*walk = (struct gateway_walk){ .config = config, .client = *client };
	arena_init(&walk->memory, (size_t)2 * BOUND_GATEWAY_HELD);
}

static void
fail(struct gateway_walk *walk, enum gateway_fault fault)
{
	walk->client.gateway.fault = fault;
	walk->is_over = true;
}

static void
keep(struct gateway_walk *walk, const char *name, const char *value)
{
	struct held_field *field = arena_alloc(&walk->memory, sizeof *field);

	if (field == NULL)
		return;
	*field = (struct held_field){ .name = arena_string(&walk->memory, name),
				      .value = arena_string(&walk->memory, value) };
	if (walk->last != NULL)
		walk->last->next = field;
	else
		walk->first = field;
	walk->last = field;
}

/* Addresses that each network may have are ours only from a gateway within ours. Loopback is its own. */
static bool
is_of_ours(const struct gateway_walk *walk, const struct ipaddr *address)
{
	const enum ipaddr_scope of_gateway = ipaddr_scope(&walk->client.gateway.address);

	return network_set_contains(&walk->config->trusted, address) && !ipaddr_is_loopback(address)
	       && (ipaddr_scope(address) < SCOPE_NETWORK || of_gateway >= SCOPE_NETWORK);
}

/*
 * The first address that is no gateway's. One that only a network of one's own has is another hop of it that
 * nobody has listed rather than a client: to judge it would be to judge all mail by it.
 */
static void
meet(struct gateway_walk *walk, const struct received *received)
{
	struct client_facts *client = &walk->client;

	client->is_trusted = is_of_ours(walk, &received->address);
	if (!client->is_trusted && ipaddr_scope(&received->address) >= SCOPE_NETWORK) {
		client->gateway.inner = received->address;
		fail(walk, GATEWAY_INNER_ADDRESS);
		return;
	}
	client->address = received->address;
	walk->helo = received->lacks_brackets ? arena_printf(&walk->memory, "[%.*s]",
							     (int)received->helo.length, received->helo.at)
					      : arena_copy(&walk->memory, received->helo);
	memcpy(walk->tls_version, received->tls_version, sizeof walk->tls_version);
	walk->is_over = true;
}

/*
 * A program of the host has handed it on. What that says of others is believed only where mail that the host
 * hands to itself is: else it is the host's own.
 */
static void
meet_program(struct gateway_walk *walk)
{
	const struct ipaddr itself = ipaddr_from_ipv4(INADDR_LOOPBACK);

	walk->is_inside = true;
	if (!config_is_gateway(walk->config, &itself))
		fail(walk, GATEWAY_OWN_MAIL);
}

static void
meet_host(struct gateway_walk *walk, const struct received *received)
{
	walk->is_inside = false;
	if (config_is_gateway(walk->config, &received->address))
		walk->client.gateway.believed = received->address;
	else
		meet(walk, received);
}

/* A Received field of a host that is believed. */
static void
believe(struct gateway_walk *walk, struct span value)
{
	const struct received received = received_read(value);

	if (++walk->client.gateway.hops > BOUND_GATEWAY_HOPS) {
		fail(walk, GATEWAY_TOO_MUCH);
		return;
	}
	switch (received.finding) {
	case RECEIVED_UNREADABLE:
		fail(walk, GATEWAY_UNREADABLE);
		break;
	case RECEIVED_NO_CLIENT:
		meet_program(walk);
		break;
	case RECEIVED_INSIDE:
		walk->is_inside = true;
		break;
	case RECEIVED_CLIENT:
		meet_host(walk, &received);
		break;
	}
}

void
gateway_walk_field(struct gateway_walk *walk, const char *name, const char *value)
{
	keep(walk, name, value);
	walk->held += strlen(name) + strlen(value) + FIELD_OVERHEAD;
	if (walk->held > BOUND_GATEWAY_HELD)
		fail(walk, GATEWAY_TOO_MUCH);
	else if (span_equals_nocase(span_trim(span_of(name)), SPAN("Received")))
		believe(walk, span_of(value));
}

void
gateway_walk_finish(struct gateway_walk *walk)
{
	if (!walk->is_over)
		fail(walk, walk->is_inside ? GATEWAY_OWN_MAIL : GATEWAY_NO_RECEIVED);
}

struct inquiry *
gateway_walk_inquire(struct gateway_walk *walk, const struct inquiry_needs *needs,
		     const struct envelope_address *sender)
{
	const struct tls_facts tls = { .version = walk->tls_version };
	struct inquiry *inquiry = walk->memory.has_failed ? NULL : inquiry_new(needs, &walk->client);

	if (inquiry == NULL)
		return NULL;
	inquiry_helo(inquiry, walk->helo);
	inquiry_mail(inquiry, sender, NULL, walk->tls_version[0] != '\0' ? &tls : NULL);
	for (const struct held_field *field = walk->first; field != NULL; field = field->next)
		inquiry_header_field(inquiry, field->name, field->value);
	return inquiry;
}

void
gateway_walk_clear(struct gateway_walk *walk)
{
	arena_clear(&walk->memory);
}
