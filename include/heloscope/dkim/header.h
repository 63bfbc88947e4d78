/*
 * dkim_header: the fields of a message's header, kept as they came, and the canonical form of those that a
 * signature covers (RFC 6376, 3.4.1, 3.4.2 and 5.4.2).
 *
 * One thread at a time; all lies in the caller's arena.
 */
#ifndef HELOSCOPE_DKIM_HEADER_H
#define HELOSCOPE_DKIM_HEADER_H

#include "heloscope/base/arena.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/dkim/hasher.h"

#define DKIM_HEADS 64

/* A field. */
struct dkim_field {
	struct dkim_field *above; /* of the same name */
	struct span name, value;  /* raw; lines of the value end with LF or CRLF */
};

/* A name, whatever its case, and the fields that have it. */
struct dkim_field_name {
	struct dkim_field_name *next; /* of the same head */
	uint64_t hash;
	struct dkim_field *lowest;
	const struct dkim_field *left; /* the lowest that is not taken, in round `round`, */
	unsigned named, taken;         /* how often it was named, and how many are taken */
	uint64_t round;
};

struct dkim_header {
	struct arena *arena;
	struct dkim_field_name *heads[DKIM_HEADS];
	size_t octets, octets_max; /* of memory for fields and names */
	uint64_t round;
	bool is_cut; /* not all is kept */
};

/* Begin, to keep `octets` at most. */
void dkim_header_init(struct dkim_header *header, struct arena *arena, size_t octets);

/* Keep a copy of a field, below those before. NULL when there was no room: then it is cut. */
const struct dkim_field *dkim_header_add(struct dkim_header *header, struct span name, struct span value);

/* What a signature's h= is, beside this message. */
struct dkim_coverage {
	struct strbuf missing;   /* "cc:reply-to": names of which the message has no field */
	struct strbuf uncovered; /* names of which it has more fields than are signed */
	struct strbuf filled; /* names that are signed several times, and so often in the message: who signs
				 against additions names a field once more than there were */
	uint64_t octets;      /* that were hashed, at most */
};

/*
 * Hash what `signature`, which stands in `own`, signs: the fields that it names, then its own without b=.
 * False when memory ran out.
 */
bool dkim_header_hash(struct dkim_header *header, const struct dkim_field *own,
		      const struct dkim_signature *signature, struct dkim_coverage *coverage,
		      unsigned char hash[DKIM_HASH_OCTETS]);

/*
 * What seals cover, in one pass: each covers all that the one before it does, that seal itself, and the other
 * fields of its own set, then its own without b= (RFC 8617, 5.1.1). Add a field to `sealed`, which was begun
 * without marks; and the hash for a seal that comes next. False when memory ran out.
 */
void dkim_header_add_sealed(struct dkim_hasher *sealed, const struct dkim_field *field);
bool dkim_header_hash_sealed(struct dkim_hasher *sealed, const struct dkim_field *own,
			     const struct dkim_signature *seal, unsigned char hash[DKIM_HASH_OCTETS]);

/* Add the canonical form of a field, without what ends it; of its value all but `without`, which lies in it
 * or is empty. */
void dkim_field_add(struct dkim_hasher *hasher, enum dkim_canon canon, struct span name, struct span value,
		    struct span without);

#endif
