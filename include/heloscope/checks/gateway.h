/*
 * gateway: a message that a gateway hands over, until it is known from which client it came.
 *
 * The gateway that connected is believed, so the topmost Received field is the one that it wrote, and the
 * client is whom that one names. Where this is a gateway, too, it is believed in turn of the next field, and
 * so on: the first address that is no gateway's is the client's. Nothing is asked before that; the fields
 * that have come are held, and handed on then. Belongs to one message; one thread at a time.
 */
#ifndef HELOSCOPE_CHECKS_GATEWAY_H
#define HELOSCOPE_CHECKS_GATEWAY_H

#include "heloscope/base/must_use.h"
#include "heloscope/checks/check.h"
#include "heloscope/wire/readings.h"
#include "heloscope/wire/received.h"

struct held_field;

struct gateway_walk {
	const struct config *config;
	struct client_facts client; /* once it is over the client's, or why that is not known */
	bool is_over;
	bool is_inside;   /* the last field that was believed names no host */
	const char *helo; /* that the client gave; NULL: not known */
	char tls_version[RECEIVED_TLS_SIZE];
	struct arena memory; /* of what is held */
	struct held_field *first, *last;
	size_t held; /* octets */
};

/* Begin, with the client as config_place_client() leaves it. Keeps `config`. */
void gateway_walk_begin(struct gateway_walk *walk, const struct config *config,
			const struct client_facts *client);

/* A field of the header, in order; not once it is over. */
void gateway_walk_field(struct gateway_walk *walk, const char *name, const char *value);

/* The header has ended, and so it is over. */
void gateway_walk_finish(struct gateway_walk *walk);

/* Once it is over: an inquiry about that client and `sender`, to which all fields that have come are handed
 * on. NULL when memory ran out. */
struct inquiry *gateway_walk_inquire(struct gateway_walk *walk, const struct inquiry_needs *needs,
				     const struct envelope_address *sender) MUST_USE;

void gateway_walk_clear(struct gateway_walk *walk);

#endif
