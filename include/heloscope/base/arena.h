/*
 * arena: memory that is given out piece by piece and freed at once.
 *
 * A session or a message owns one for its strings and small structs, so that nothing has to
 * be freed one by one. Bounded: past `limit` octets, or when the system has no memory left, it
 * refuses and remembers it in `has_failed`, so that the owner can ask once at the end whether
 * all went well. No locking: whoever owns the arena guards it.
 */
#ifndef HELOSCOPE_BASE_ARENA_H
#define HELOSCOPE_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
	struct arena_chunk *lent; /* the first of them, when it lies in memory of the owner; or NULL */
	uint32_t used, limit;     /* octets */
	uint32_t usual;           /* of the first chunk */
	uint32_t *total; /* octets of several arenas of one owner together; NULL, unless it is set while empty
			  */
	bool has_failed;
};

/*
 * Work that takes several calls: `state` lies in `memory` and is NULL before the first call and behind the
 * last. Whoever owns it clears it with the arena.
 */
struct workspace {
	struct arena memory;
	void *state;
	void (*release)(void *state); /* what the state holds beside its memory; NULL: nothing */
};

void workspace_clear(struct workspace *workspace);

/* An empty arena: allocates nothing before the first request. */
void arena_init(struct arena *arena, size_t limit);

/* The same, for an owner that knows how many octets it usually needs: no more are taken at first. */
void arena_init_for(struct arena *arena, size_t usual, size_t limit);

/*
 * The same, for what ends with the function that calls: what is given out first lies in `size` octets of its
 * own at `memory`, ARENA_ALIGNED, and only what finds no room there is allocated.
 */
#define ARENA_ALIGNED _Alignas(8)
void arena_init_over(struct arena *arena, char *memory, size_t size, size_t limit);

/* Free all that was given out; the arena can be used again, as after arena_init(). */
void arena_clear(struct arena *arena);

/* The same, but keep memory for what is given out next, as much as is usual. */
void arena_empty(struct arena *arena);

/* `size` zeroed octets, aligned for pointers and 64-bit numbers, or NULL. */
void *arena_alloc(struct arena *arena, size_t size) MUST_USE;

/*
 * Make room for one more item in an array of `count` items of `size` octets each: `items` while
 * there is room, else a copy of twice the size. NULL, with `items` still good, on failure. The
 * array must have grown by this function alone, from NULL and 0.
 */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size) MUST_USE;

/*
 * A terminated copy of text. On failure an empty literal, never NULL: see `has_failed`.
 * arena_copy() takes any bytes; what lies behind a NUL inside them is there but not seen. arena_printf() is
 * bounded by the arena alone.
 */
const char *arena_copy(struct arena *arena, struct span text) MUST_USE;
const char *arena_string(struct arena *arena, const char *text) MUST_USE;
const char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3))) MUST_USE;

#endif
