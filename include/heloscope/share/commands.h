/*
 * share_commands: an order as the commands to Redis that carry it out. Only share/ includes this; the loop's
 * thread alone calls it.
 */
#ifndef HELOSCOPE_SHARE_COMMANDS_H
#define HELOSCOPE_SHARE_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/share/link.h"
#include "heloscope/share/orders.h"
#include "heloscope/share/server.h"

struct share_commands {
	struct share_link *to_server;
	const struct share_settings *settings;
	char records_key[SHARE_KEY_SIZE]; /* the stream */
};

/* How many there are to an order of that kind, with as many answers. */
size_t share_commands_of(enum order_kind kind);

/* Send them. When they cannot be sent the link is down, which was told. */
void share_commands_send(const struct share_commands *commands, const struct order *order);

#endif
