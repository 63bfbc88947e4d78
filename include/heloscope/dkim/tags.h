/*
 * dkim_tags: the lists of tags of signatures and of key records, strictly (RFC 6376, 3.2).
 *
 * Text only; any thread; the spans point into the text that was read. For a list of tags that is only looked
 * at: heloscope/wire/taglist.h.
 */
#ifndef HELOSCOPE_DKIM_TAGS_H
#define HELOSCOPE_DKIM_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define DKIM_TAGS_MAX 64 /* of one list; more than any has */

struct dkim_tag {
	bool is_there;
	struct span value; /* without blanks and folding at its ends; may be empty */
	struct span place; /* all that stands between "=" and ";" or the end */
};

enum dkim_tags_form {
	DKIM_TAGS_GOOD,
	DKIM_TAGS_MALFORMED, /* no list of tags */
	DKIM_TAGS_TWICE,     /* a tag stands there twice, so that the whole list is invalid */
};

/*
 * Read a list. `names` are `count` one by one, whose tags come into `tags`; of others only the form counts.
 * Names are case-sensitive.
 */
enum dkim_tags_form dkim_tags_read(struct span text, const char *const *names, struct dkim_tag *tags,
				   size_t count) MUST_USE;

/* Take the next item off a list "a : b", without blanks and folding at its ends; false at the end. An empty
 * list has one item, which is empty. `rest->at` is NULL behind the last. */
bool dkim_next_item(struct span *rest, struct span *item);

/* Whether such a list holds a word, whatever its case. */
bool dkim_list_has(struct span list, struct span word);

#endif
