/*
 * edits: what is done to the header of an accepted message: forged fields go, ours are added.
 *
 * Made at the end of a message, of what has arrived, and of what was found and decided. Knows nothing of
 * libmilter. Belongs to one message, and to its thread.
 */
#ifndef HELOSCOPE_DAEMON_EDITS_H
#define HELOSCOPE_DAEMON_EDITS_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/config/config.h"
#include "heloscope/daemon/arriving.h"
#include "heloscope/words/compose.h"

/* Fields to remove, counted from 1 among those of their name, or one to add at the top. */
struct edit {
	const char *name;
	unsigned index;    /* the last one to remove; 0: to add */
	unsigned count;    /* to remove: so many, that one and those in front of it */
	const char *value; /* to add: LF and blanks between lines, no leading blank */
};

/* The edits in the making, in the order in which to do them. What fails is told by the arena. */
struct edit_list {
	struct arena *arena;
	struct edit *items;
	size_t count;
};

/* The removals of all that has to go. */
void edits_remove(struct edit_list *list, const struct arriving *arriving);

/* What would have been done, with the reply of each verdict that refuses, and what rules only say; each
 * different one once. */
void edits_add_notes(struct edit_list *list, const char *ident, const struct told_verdict *verdicts,
		     size_t count);

/* The results. The last field added ends up on top: Authentication-Results. */
void edits_add_results(struct edit_list *list, const struct config *config, const struct facts *facts,
		       const struct message_summary *summary);

#endif
