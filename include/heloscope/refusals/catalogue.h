/*
 * catalogue: the known refusals, ready to be found in a text.
 *
 * Of entries and operators of one name the last one that was read counts, so that an administrator's file
 * behind ours can correct it. Once made it is never changed, but for what it learns when that is first asked
 * for (refusals/learned.h): any thread. What is in it is known to refusals/recognize.c alone, but for what is
 * listed here.
 */
#ifndef HELOSCOPE_REFUSALS_CATALOGUE_H
#define HELOSCOPE_REFUSALS_CATALOGUE_H

#include "heloscope/base/table.h"
#include "heloscope/config/refusals.h"
#include "heloscope/refusals/automaton.h"
#include "heloscope/refusals/learned.h"

/* Entries that are asked for a fragment. */
struct fragment_users {
	unsigned *entries;
	size_t count;
	bool can_be_denied; /* one of them says that something is there */
};

enum owned { OWNED_SERVER, OWNED_DOMAIN, OWNED_LINK };

/* An operator whose servers, domains or pages have this name, or one below it. */
struct owner_name {
	struct table_link link;
	const struct operator_entry *owner;
	const char *name; /* without "*." */
	bool is_below;    /* "*.NAME": names below it, not itself */
	enum owned owned;
};

struct catalogue {
	struct config *config; /* owns entries and operators */
	const struct refusal_entry **entries;
	unsigned *wanted; /* fragments that each entry asks for, different ones; 0: it goes by other signs */
	size_t entry_count;
	struct automaton *automaton;  /* NULL: no entry has a fragment */
	struct fragment_users *users; /* by the fragment's id */
	size_t fragment_count;
	struct notion_words *notions; /* for what no entry knows */
	struct learned *learned;      /* likewise, from examples and samples */
	struct text_set with_servers; /* names of operators whose words come from their servers alone */
	struct table names;           /* of struct owner_name, by hash_of_nocase() */
	struct arena arena;           /* owns all arrays */
};

/*
 * Read it from the file at `path` and those it includes. NULL, with the reasons on `messages`, a line each,
 * when there is an error in it.
 */
struct catalogue *catalogue_open(const char *path, struct output *messages) MUST_USE;

/* The same of what was read already; takes `config`, which owns what `set` points to. NULL when memory ran
 * out, or there is too much of it; `config` is gone then, too. */
struct catalogue *catalogue_new(struct config *config, const struct refusal_set *set) MUST_USE;

void catalogue_free(struct catalogue *catalogue); /* NULL is allowed */

#endif
