/*
 * edits: what is done to the header of an accepted message: forged fields go, ours are added.
 *
 * The fields are watched while the header passes by, and the edits made of that and of what was found and
 * decided. Knows nothing of libmilter. Belongs to one message, and to its thread.
 */
#ifndef HELOSCOPE_DAEMON_EDITS_H
#define HELOSCOPE_DAEMON_EDITS_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/config/config.h"
#include "heloscope/words/compose.h"

/* Fields of which arriving ones may have to go, and which we may add. A row each in edits.c. */
enum edited_field { FIELD_AUTHRES, FIELD_HELOSCOPE, FIELD_RECEIVED_SPF, EDITED_FIELDS };

/* Fields of one name that are to be removed, counted from 1: from the first to the last. */
struct stretch {
	unsigned first, last;
};

/* What has passed by of each; zeroed at the beginning of a message. */
struct watched_fields {
	struct {
		unsigned seen; /* so far */
		struct stretch *stretches;
		size_t count;
	} fields[EDITED_FIELDS];
};

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

/*
 * A field has passed by. It is to be removed when it speaks in our name, or in that of the MTA, `mta_name`
 * (NULL: it did not tell). `keeps_all`: it is only counted.
 */
void edits_watch(struct watched_fields *watched, const struct config *config, const char *mta_name,
		 const char *name, const char *value, bool keeps_all, struct arena *arena);

/* The removals of all that was watched. From the last to the first, so that no removal shifts another. */
void edits_remove(struct edit_list *list, const struct watched_fields *watched);

/* What would have been done, with the reply of each verdict that refuses, and what rules only say; each
 * different one once. */
void edits_add_notes(struct edit_list *list, const char *ident, const struct told_verdict *verdicts,
		     size_t count);

/* The results. The last field added ends up on top: Authentication-Results. */
void edits_add_results(struct edit_list *list, const struct config *config, const struct facts *facts,
		       struct check_table table);

#endif
