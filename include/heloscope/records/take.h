/*
 * take: values of a record, for those who read its parts: each in its type, as it was before it was written.
 *
 * The object has passed record_parse(), so that each member has its type, and its memory lives as long as
 * what is taken. What else is no value of its kind (an unknown word, an octet NUL within a text) is noted
 * once for the whole record, which is none then. A member that is missing is NULL, 0 or false.
 */
#ifndef HELOSCOPE_RECORDS_TAKE_H
#define HELOSCOPE_RECORDS_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/span.h"
#include "heloscope/base/tree.h"

struct taking {
	struct arena *arena; /* for what is not as it stands in the JSON, which must live as long */
	bool is_for_policy;  /* what it does not read is left out */
	bool has_fault;
};

/* Words for the values of an enumeration, in its order. */
struct tokens {
	const char *const *words;
	size_t count;
};

#define TOKENS(array)                                                                                        \
	{                                                                                                    \
		.words = (array), .count = sizeof(array) / sizeof(array)[0]                                  \
	}

/* A text as it stands; NULL when there is none. */
const char *take_as_written(const struct node *text);

/* A text, without the escapes of strbuf_add_escaped(). */
const char *take_text_of(struct taking *taking, const struct node *text);
struct span take_span(struct taking *taking, const struct node *text); /* which may hold any octets */

/* Copy a text as it is written into `out` of `size` octets, "" when it is missing; too long a one is a fault.
 */
void take_escaped(struct taking *taking, const struct node *object, const char *key, char *out, size_t size);

/* Seconds since 1970. */
int64_t take_time(struct taking *taking, const struct node *object, const char *key);

/* Length 0 when it is missing. */
struct ipaddr take_address(struct taking *taking, const struct node *object, const char *key);

/* The number of a word among `tokens`. */
int take_item(struct taking *taking, const struct node *word, const struct tokens *tokens);

/* The same of members. Here, as tree_member() is. */

static inline const char *
take_text(struct taking *taking, const struct node *object, const char *key)
{
	const struct node *member = tree_member(object, key);

	return member != NULL ? take_text_of(taking, member) : NULL;
}

static inline const char *
take_text_or_empty(struct taking *taking, const struct node *object, const char *key)
{
	const char *text = take_text(taking, object, key);

	return text != NULL ? text : "";
}

static inline bool
take_flag(const struct node *object, const char *key)
{
	const struct node *member = tree_member(object, key);

	return member != NULL && member->kind == NODE_TRUE;
}

static inline unsigned
take_number(const struct node *object, const char *key)
{
	const struct node *member = tree_member(object, key);

	return member != NULL ? (unsigned)member->value.number : 0;
}

/* `missing` when it is missing. */
static inline int
take_token(struct taking *taking, const struct node *object, const char *key, const struct tokens *tokens,
	   int missing)
{
	const struct node *word = tree_member(object, key);

	return word != NULL ? take_item(taking, word, tokens) : missing;
}

/* `count` items of `size` octets, zeroed, to fill; NULL, and a fault, when memory ran out. */
void *take_room(struct taking *taking, size_t count, size_t size) MUST_USE;

#endif
