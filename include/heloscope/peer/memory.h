/*
 * peer_memory: what look-backs remember: what was found at which server, and how much of their limits has
 * been used. One of them has it, or several that are to count as one. Thread safe.
 */
#ifndef HELOSCOPE_PEER_MEMORY_H
#define HELOSCOPE_PEER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/peer/peer.h"
#include "heloscope/peer/store.h"

struct peer_memory;

/* A finding counts for as long as peer_ttl_s() says, and no longer than `stays_s`; 0: for as long as that.
 * NULL when memory ran out. */
struct peer_memory *peer_memory_new(int64_t stays_s) MUST_USE;
void peer_memory_free(struct peer_memory *memory); /* NULL is allowed */

/* The findings, for put, load, save, and whether they are full. */
struct peer_store *peer_memory_store(struct peer_memory *memory);

/* A finding that counts at `now`, in seconds since 1970, copied into `peer`, which may be NULL. */
bool peer_memory_get(struct peer_memory *memory, const struct ipaddr *address, int64_t now,
		     struct peer *peer) MUST_USE;

/* Whether one more visit may begin where `per_minute` may, at a time of clock_now_ms(); counts it. */
bool peer_memory_take_turn(struct peer_memory *memory, unsigned per_minute, uint64_t now_ms) MUST_USE;

/* Whether the network of the address has not had its share of this hour; counts one more. */
bool peer_memory_take_share(struct peer_memory *memory, const struct ipaddr *address,
			    uint64_t now_ms) MUST_USE;

/* Forget what was found at one server, or with NULL at all of them, and that their networks have had visits.
 * Returns of how many something was known. */
size_t peer_memory_forget(struct peer_memory *memory, const struct ipaddr *address);

/* Take over what another remembers. `memory` is new: nobody else has it yet. */
void peer_memory_take(struct peer_memory *memory, struct peer_memory *other);

#endif
