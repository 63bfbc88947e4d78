/*
 * peer_store: what is known of mail servers, by address, each for as long as it may be believed; in
 * memory, some 350 octets each, and in a file across restarts. A bounded number. Thread safe.
 */
#ifndef HELOSCOPE_PEER_STORE_H
#define HELOSCOPE_PEER_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"
#include "heloscope/base/span.h"
#include "heloscope/peer/peer.h"

#define PEER_STORE_FORMAT "heloscope-peers-3" /* the first line of the file */

struct peer_store;

/* At most `limit` servers. NULL when memory ran out. */
struct peer_store *peer_store_new(size_t limit) MUST_USE;
void peer_store_free(struct peer_store *store); /* NULL is allowed */

/* What is known and not too old at `now`, in seconds since 1970, copied into `peer`, which may be NULL. */
bool peer_store_get(struct peer_store *store, const struct ipaddr *address, int64_t now,
		    struct peer *peer) MUST_USE;

/* Where there is no room left, the oldest makes it. */
void peer_store_put(struct peer_store *store, const struct ipaddr *address, const struct peer *peer);

/* Forget what is known of one server, or with NULL of all. Returns of how many something was known. */
size_t peer_store_forget(struct peer_store *store, const struct ipaddr *address);

size_t peer_store_count(struct peer_store *store);

/* Whether all that is known is still to be believed and there is no room for more. */
bool peer_store_is_full(struct peer_store *store, int64_t now);

/*
 * Add what stands in the file, if there is one, of servers of which nothing is known yet. False with a
 * sentence when not all of it could be taken. A file that holds what was never written is set aside, as
 * PATH.broken. One that cannot be read for another reason (the disk, the rights, memory, or it is no file)
 * stays as it is, until peer_store_save() can read it.
 */
bool peer_store_load(struct peer_store *store, const char *path, int64_t now, struct error *error) MUST_USE;

/*
 * Write all into a new file that then takes the place of the old; only if anything has changed. What
 * peer_store_load() could not read is read first; while it cannot be, nothing is written, and false comes
 * back.
 */
bool peer_store_save(struct peer_store *store, const char *path, int64_t now, struct error *error) MUST_USE;

/* A finding as a line of that file has it, for free(3); NULL when memory ran out. */
char *peer_store_line(const struct ipaddr *address, const struct peer *peer) MUST_USE;

/* Read such a line, whoever wrote it. False, with both untouched, when it is none that is ever written. */
bool peer_store_read_line(struct span line, struct ipaddr *address, struct peer *peer) MUST_USE;

/* Take over what another knows. `store` is new: nobody else has it yet. */
void peer_store_take(struct peer_store *store, struct peer_store *other);

#endif
