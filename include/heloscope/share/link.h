/*
 * share_link: one connection to Redis on an event loop: made, greeted, watched over, and made again.
 *
 * It belongs to the thread of that loop. Of hiredis it uses what writes commands and reads answers, and not
 * its connections: those of 0.14 end the program when a server says more than it was asked, which whoever
 * answers at that port can do. Answers come in the order of the commands; one to nothing that was asked, one
 * of more than a value's octets, and a list, however short its head is, end the connection.
 *
 * An answer that is an error (no memory, loading, a wrong password) ends the connection, as silence for
 * LINK_PATIENCE_MS does. Then it is tried again: after a second, after twice as long each time, up to a
 * minute, each give or take a half, so that twenty hosts do not come all at once. It is a second again once
 * an answer has come on a connection that is as old as that silence.
 */
#ifndef HELOSCOPE_SHARE_LINK_H
#define HELOSCOPE_SHARE_LINK_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/share/server.h"

#define LINK_PATIENCE_MS 5000
#define LINK_RETRY_MIN_MS 1000
#define LINK_RETRY_MAX_MS 60000

struct share_link;

/* What is told of it, in the loop. None of these frees the link. */
struct share_link_user {
	void (*ready)(void *context);
	/* A command was answered: with a text or a status, or with a number; a span at NULL: with neither, as
	 * when the name holds something of another type (WRONGTYPE), which anybody may have put there. */
	void (*answer)(void *context, struct span text, int64_t number);
	/* What was sent and not answered never will be; or it could not be made. */
	void (*down)(void *context, const char *reason);
	void *context;
};

/* Begin to connect. `settings` is read as long as the link lives. NULL when memory ran out. */
struct share_link *share_link_new(struct event_base *base, const struct share_settings *settings,
				  const struct share_link_user *user) MUST_USE;

/* Nothing is told of it any more. NULL is allowed. */
void share_link_free(struct share_link *link);

/* End the connection, for a reason that is told, and try again later. */
void share_link_end(struct share_link *link, const char *reason);

/* How long is waited, but for the chance in it, after it was so long in vain. */
unsigned share_link_longer_ms(unsigned ms);

bool share_link_is_ready(const struct share_link *link);

/* Whether it waits for its next attempt. */
bool share_link_is_down(const struct share_link *link);

/* Do not wait for it: try now. */
void share_link_hurry(struct share_link *link);

/* Send a command. False, with nothing sent, when it is not ready, or memory ran out: then it is down. */
bool share_link_send(struct share_link *link, const struct span *words, size_t count) MUST_USE;

#endif
