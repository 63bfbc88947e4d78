/*
 * smtp_client: one connection to one mail server, from the client's side: connects, says a command at a time,
 * takes its reply, and begins TLS. What is said, and what a reply means, is the caller's matter.
 *
 * Not blocking: runs on the event loop that it is given, in that loop's thread. Bounded in time, octets and
 * lines. One thing is said at a time: what comes behind a reply is no answer to anything, and is dropped.
 */
#ifndef HELOSCOPE_PEER_SMTP_CLIENT_H
#define HELOSCOPE_PEER_SMTP_CLIENT_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"
#include "heloscope/peer/peer.h"
#include "heloscope/wire/smtp_reader.h"

#define SMTP_COMMAND_SIZE 1024 /* octets, with the line end and the final NUL */

struct event_base;
struct smtp_client;

/* What is told to the caller, from the event loop and from nothing else. A client is not freed within one. */
struct smtp_client_calls {
	/* A line of a reply has ended, as smtp_client_reply() shows; the last one, too. NULL: not wanted. */
	void (*line)(void *context);
	/*
	 * The reply has ended, the greeting first: say the next thing, begin TLS or end. With nothing of that
	 * the client waits until it is told to. `dropped`: octets that came behind the reply.
	 */
	void (*reply)(void *context, size_t dropped);
	/* The handshake has ended. `error`: SSL_ERROR_NONE: say the next thing; or of SSL_get_error(), and
	 * over() follows. NULL for who begins no TLS. */
	void (*shaken)(void *context, SSL *tls, int error);
	/* The connection came to no end of the caller's: how. Nothing is called after it. */
	void (*over)(void *context, enum peer_outcome outcome);
};

struct smtp_client_order {
	struct ipaddr address;
	uint16_t port; /* host order */
	unsigned connect_ms, total_ms;
};

/* Connect. `calls` is kept, not copied. NULL when memory or descriptors ran out. */
struct smtp_client *smtp_client_new(struct event_base *base, const struct smtp_client_order *order,
				    const struct smtp_client_calls *calls, void *context) MUST_USE;

/* Say a command, made of two parts, once the reply to the one before has ended. Copied; cut at
 * SMTP_COMMAND_SIZE. */
void smtp_client_say(struct smtp_client *client, const char *command, const char *argument);

/* The reply that came last, or as much of it as has come. Good until the next command is said. */
const struct smtp_reader *smtp_client_reply(const struct smtp_client *client);

/* Begin TLS, in place of a command; takes `tls`. False, with nothing begun, when memory ran out: all
 * that is left is to end. */
bool smtp_client_begin_tls(struct smtp_client *client, SSL *tls) MUST_USE;

/* Have no more patience than this for all that is left. */
void smtp_client_hurry(struct smtp_client *client, unsigned left_ms);

/* End it: nothing is called any more. */
void smtp_client_end(struct smtp_client *client);

/* Close the connection and free all. NULL is allowed. */
void smtp_client_free(struct smtp_client *client);

#endif
