/*
 * tree: JSON that is read (RFC 8259), as quickly as a log of gigabytes wants it.
 *
 * What others wrote, so it is read strictly: an object, with nothing but blanks around it, in valid UTF-8; no
 * member twice in an object; no NUL in a text, nesting and numbers with an end. What Jansson refuses under
 * JSON_REJECT_DUPLICATES is refused here, too, and a NUL between values (tests/unit/base/test_tree.c,
 * fuzz_record). JSON that is made here is heloscope/base/document.h's. Any thread; a tree is one thread's.
 */
#ifndef HELOSCOPE_BASE_TREE_H
#define HELOSCOPE_BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define TREE_DEPTH_MAX 2048

enum node_kind {
	NODE_OBJECT,
	NODE_LIST,
	NODE_TEXT,
	NODE_INTEGER, /* of 64 bits; a greater one is refused */
	NODE_REAL,    /* whose value nobody wants; refused where a double would overflow */
	NODE_TRUE,
	NODE_FALSE,
	NODE_NULL,
};

/* A value. Those in it stand behind it, each followed by those in that. */
struct node {
	enum node_kind kind : 8;
	bool is_plain : 1;   /* a text without escapes of JSON, and so without backslashes */
	uint32_t size;       /* nodes: itself and all in it */
	uint32_t length;     /* of a text: octets; of an object or list: values in it */
	uint32_t key_length; /* octets */
	const char *key;     /* of a member of an object, with a NUL behind it; else NULL */
	union {
		const char *text; /* with a NUL behind it */
		int64_t number;
		uint64_t marks; /* of an object: tree_mark() of each key in it */
	} value;
};

struct tree {
	struct node *nodes; /* the first is the object */
	size_t count, room; /* nodes; `room`: for so many there is memory */
	char *text;         /* a copy of what was read, in which texts and keys lie */
	size_t text_room;   /* octets */
};

/*
 * Read all of `json`, which need not stay. `tree`: all zero, or one that was read before and ends with this,
 * whose memory is used again. False, with nothing to clear, when it is none or memory ran out.
 */
bool tree_read(struct span json, struct tree *tree) MUST_USE;
void tree_clear(struct tree *tree);

/* A bit that tells most keys from each other: by their ends and length. */
static inline uint64_t
tree_mark(const char *key, size_t length)
{
	const size_t first = (unsigned char)key[0], last = (unsigned char)key[length > 0 ? length - 1 : 0];

	return (uint64_t)1 << ((first + 11 * last + 5 * length) % 64);
}

/* Whether a member has that name. Short names are compared in two pieces, which may
 * overlap. */
static inline bool
tree_has_key(const struct node *member, const char *key, size_t length)
{
	uint32_t ours[2], others[2]; /* most have 4 to 8 octets */

	if (member->key_length != length)
		return false;
	if (length < sizeof ours[0] || length > sizeof ours)
		return memcmp(member->key, key, length) == 0;
	memcpy(&ours[0], key, sizeof ours[0]);
	memcpy(&ours[1], key + length - sizeof ours[0], sizeof ours[0]);
	memcpy(&others[0], member->key, sizeof ours[0]);
	memcpy(&others[1], member->key + length - sizeof ours[0], sizeof ours[0]);
	return ours[0] == others[0] && ours[1] == others[1];
}

/* For tree_member(), of an object that may have it. */
const struct node *tree_find(const struct node *object, const char *key, size_t length);

/* The member of that name; NULL when there is none, or `object` is none or NULL. Here, so that of a name that
 * stands where it is called nothing is left to be counted when it runs. */
static inline const struct node *
tree_member(const struct node *object, const char *key)
{
	const size_t length = strlen(key);

	if (object == NULL || object->kind != NODE_OBJECT
	    || (object->value.marks & tree_mark(key, length)) == 0)
		return NULL;
	return tree_find(object, key, length);
}

/* The values in an object or list, in their order: NULL behind the last, and when `parent` is neither or
 * NULL. */
const struct node *tree_first(const struct node *parent);
const struct node *tree_next(const struct node *parent, const struct node *node);

/* How many there are; 0 when `parent` is neither or NULL. */
size_t tree_count(const struct node *parent);

#endif
