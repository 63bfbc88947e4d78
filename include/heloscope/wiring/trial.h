/*
 * trial: a message that is sent to oneself through the MTA, and what of it arrives.
 *
 * It carries a field that only the filter may write, Authentication-Results with the filter's own
 * authserv-id: a filter that has seen the message has removed it (RFC 8601, 5). One thread; waits, within
 * bounds.
 */
#ifndef HELOSCOPE_WIRING_TRIAL_H
#define HELOSCOPE_WIRING_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/ident.h"
#include "heloscope/base/ipaddr.h"

#define TRIAL_FIELDS_MAX 10 /* of those that arrive, the first are kept */

struct trial_order {
	struct ipaddr server;
	uint16_t port;
	const char *path;   /* sender and recipient: "<me@example.org>" */
	const char *own_id; /* the filter's authserv-id */
};

struct trial {
	char token[IDENT_SIZE]; /* in its Message-ID */
	time_t begun;           /* when it was sent */
	bool is_sent;           /* the MTA has taken it */
	const char *reply;      /* what the MTA said last: "250 2.0.0 Ok: queued as 4dF"; "" without one */
	bool is_arrived, is_forged;           /* it was found; the forged field is in it */
	const char *fields[TRIAL_FIELDS_MAX]; /* "Authentication-Results: ..." and X-Heloscope, unfolded */
	size_t field_count;
};

/* Send it. What `trial` points to lies in the arena. */
void trial_send(struct trial *trial, const struct trial_order *order, struct arena *arena);

/*
 * Wait until it lies at `path`, a Maildir or an mbox, for `patience_ms` at most.
 * Of an mbox the last ARRIVAL_TAIL octets are looked at, of a Maildir files that are no older than it.
 */
#define ARRIVAL_TAIL (1U << 20)
void trial_await(struct trial *trial, const char *path, unsigned patience_ms, struct arena *arena);

#endif
