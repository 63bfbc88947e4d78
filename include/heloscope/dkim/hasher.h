/*
 * dkim_hasher: SHA-256 of octets that come in small pieces, by OpenSSL's EVP. One thread at a time.
 */
#ifndef HELOSCOPE_DKIM_HASHER_H
#define HELOSCOPE_DKIM_HASHER_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/span.h"
#include "heloscope/dkim/signature.h"

#define DKIM_HASHER_OCTETS 512

/* The hash of the first octets. */
struct dkim_mark {
	uint64_t at; /* of so many; UINT64_MAX: of all */
	bool is_reached;
	unsigned char hash[DKIM_HASH_OCTETS];
};

struct dkim_hasher {
	struct evp_md_ctx_st *context; /* OpenSSL's */
	bool has_failed;               /* memory ran out: no hash will come */
	uint64_t length;               /* octets so far, without the pending ones */
	struct dkim_mark *marks;       /* the caller's, in ascending order; those before `mark` are reached */
	size_t mark, mark_count;
	size_t used;
	unsigned char pending[DKIM_HASHER_OCTETS];
};

/* Begin. Keeps `marks`. Ends with dkim_hasher_clear(), whatever happened. */
void dkim_hasher_init(struct dkim_hasher *hasher, struct dkim_mark *marks, size_t count);
void dkim_hasher_clear(struct dkim_hasher *hasher);

/* The same, with all that has come to another one, which goes on by itself; the marks lie behind that. */
void dkim_hasher_init_from(struct dkim_hasher *hasher, struct dkim_hasher *from, struct dkim_mark *marks,
			   size_t count);

void dkim_hasher_add_span(struct dkim_hasher *hasher, struct span octets);
void dkim_hasher_flush(struct dkim_hasher *hasher);

/* Here, for it is called for each octet. */
static inline void
dkim_hasher_add(struct dkim_hasher *hasher, char c)
{
	if (hasher->used == DKIM_HASHER_OCTETS)
		dkim_hasher_flush(hasher);
	hasher->pending[hasher->used++] = (unsigned char)c;
}

/* Octets so far. */
static inline uint64_t
dkim_hasher_length(const struct dkim_hasher *hasher)
{
	return hasher->length + hasher->used;
}

/* All has come: reach the marks at UINT64_MAX. Others that lie behind the end stay as they are. */
void dkim_hasher_finish(struct dkim_hasher *hasher);

#endif
