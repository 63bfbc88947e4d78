/*
 * smtp_dialogue: a conversation with a mail server of which each reply is waited for.
 *
 * smtp_client, which see for its bounds, with an event loop of its own; for commands, which may wait. One
 * thread.
 */
#ifndef HELOSCOPE_PEER_SMTP_DIALOGUE_H
#define HELOSCOPE_PEER_SMTP_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"
#include "heloscope/peer/smtp_client.h"

/* One connection after the other. */
struct smtp_dialogue {
	struct event_base *base; /* or NULL, for want of memory */
	struct smtp_client *client;
	uint64_t end_ms; /* of all that is said (base/clock.h) */
	bool has_reply;
	bool is_over; /* closed, late, or no SMTP */
};

/* Before the first connection; everything ends `patience_ms` from now. smtp_dialogue_free() frees what it
 * holds. */
void smtp_dialogue_init(struct smtp_dialogue *dialogue, unsigned patience_ms);
void smtp_dialogue_free(struct smtp_dialogue *dialogue);

/* Connect and say EHLO. False when the server does not greet with 220 and answer 250. */
bool smtp_dialogue_begin(struct smtp_dialogue *dialogue, const struct ipaddr *address, uint16_t port,
			 const char *ehlo_name) MUST_USE;

/* Say a command, made of two parts (smtp_client_say()). The code of the reply; 0 when there is none. */
unsigned smtp_dialogue_say(struct smtp_dialogue *dialogue, const char *command, const char *argument);

/* The reply that came last; NULL when there is none. */
const struct smtp_reader *smtp_dialogue_reply(const struct smtp_dialogue *dialogue);

/* Say QUIT, unless it is over, and close the connection. */
void smtp_dialogue_end(struct smtp_dialogue *dialogue);

#endif
