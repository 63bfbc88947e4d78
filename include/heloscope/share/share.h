/*
 * share: what hosts of a site have in common, by way of a Redis server: records for who collects them, and
 * short values that are good for a while.
 *
 * One thread with an event loop owns the connection; others leave orders with it and never wait. Nothing that
 * is decided about mail rests on it: without it, or while it is away, full, slow or full of lies, each host
 * goes on with what it knows itself. Orders lie in a queue with an end (BOUND_SHARE_*): records wait there
 * while the server is away, and a record that was sent and not answered is sent again, so that it may come
 * twice, which who collects them sees; questions do not wait.
 *
 * What comes back was written by anybody who reaches the server. It has at most SHARE_VALUE_MAX octets; who
 * asked reads it strictly, and lets it decide nothing alone. Any thread.
 */
#ifndef HELOSCOPE_SHARE_SHARE_H
#define HELOSCOPE_SHARE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/share/server.h"
#include "heloscope/share/value.h"

struct share;

/* One reference. `settings` is copied. NULL with the reason. */
struct share *share_new(const struct share_settings *settings, struct error *error) MUST_USE;
struct share *share_ref(struct share *share) MUST_USE;

/* The last one sends what is queued while the server takes it, for at most a second, and answers all that was
 * asked. Not in a callback. NULL is allowed. */
void share_unref(struct share *share);

/* Have a record appended to the stream, of which about `stream_length` are kept. It is copied. */
void share_append(struct share *share, struct span record);

/* Have a value kept for so many seconds. `what`, short and ours, says which; both are copied. */
void share_put(struct share *share, const char *what, struct span value, unsigned ttl_s);

/* Ask for a value. False when it is not asked, and `take` never called. */
bool share_get(struct share *share, const char *what, share_taker *take, void *context) MUST_USE;

struct share_look {
	bool is_connected;
	size_t waiting;          /* records */
	uint64_t stream_records; /* that the server holds, as it said within a minute while it was there */
	char reason[200];        /* why the last connection ended, or could not be made; "" before */
};

struct share_look share_look(struct share *share);

#endif
