/*
 * table: a hash table that grows, of things that carry their link themselves.
 *
 * Keys are the caller's: it hashes them with hash_of(), so that no stranger can choose what falls together,
 * and compares those that table_first() and table_next() show. Owns its heads, not what is in it. Not for
 * sharing between threads without a lock.
 */
#ifndef HELOSCOPE_BASE_TABLE_H
#define HELOSCOPE_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"

/* A member of whatever is kept in a table. */
struct table_link {
	struct table_link *next;
	uint64_t hash;
};

struct table {
	struct table_link **heads;
	size_t head_count, count; /* `head_count`: a power of two */
};

/* Begin. False when memory ran out; table_clear() is allowed all the same. */
bool table_init(struct table *table) MUST_USE;

/* Free the heads. What is in the table is the caller's, as before. */
void table_clear(struct table *table);

/* Add what is not in it. Without memory to grow the table becomes slow, and goes on. */
void table_add(struct table *table, struct table_link *link, uint64_t hash);

/* Take out what is in it. */
void table_remove(struct table *table, struct table_link *link);

/* The first with this hash, and the next one; NULL at the end. */
struct table_link *table_first(const struct table *table, uint64_t hash);
struct table_link *table_next(const struct table_link *link);

#endif
