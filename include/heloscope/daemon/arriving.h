/*
 * arriving: the header of a message that arrives, and which of its fields have to go: those that speak in
 * our name.
 *
 * A field is judged by its name and value as the MTA hands them over, and by each line that a lenient reader
 * may find in its value: behind a CR, or another octet that does not belong there, may stand the name of one
 * of the fields that we write, and to such a reader that is a field. Then all of it goes. Belongs to one
 * message; one thread at a time.
 */
#ifndef HELOSCOPE_DAEMON_ARRIVING_H
#define HELOSCOPE_DAEMON_ARRIVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/arena.h"
#include "heloscope/config/config.h"

/* The fields that we write, and that others may not write in our name. */
enum own_field { FIELD_AUTHRES, FIELD_HELOSCOPE, FIELD_RECEIVED_SPF, OWN_FIELDS };

/* "Authentication-Results" and so on. */
const char *own_field_name(enum own_field field);

/* In whose name nobody else may speak. */
struct arriving_owner {
	const struct config *config;
	const char *mta_name; /* {j}, or NULL */
};

/* Fields of one name that are to be removed, counted from 1: from the first to the last. */
struct stretch {
	unsigned first, last;
};

/* The fields of one name. */
struct arriving_name {
	uint64_t hash;    /* of the name in small letters */
	const char *name; /* as it was handed over; NULL until one is to be removed */
	struct stretch *stretches;
	unsigned count; /* of stretches */
	unsigned seen;  /* so far */
};

struct arriving {
	struct arena *arena;
	struct arriving_name *names;
	size_t count;     /* of names: our own fields' first; at most BOUND_FIELD_NAMES */
	size_t stretches; /* of all names */
	bool has_lost; /* a field must go, but memory ran out, or which one of its name it is was not counted
			*/
};

/* No fields yet. Keeps `arena`. */
void arriving_init(struct arriving *arriving, struct arena *arena);

/* One more field, in order, is to be removed when it speaks in the name of `owner`; NULL: it may. */
void arriving_take(struct arriving *arriving, const struct arriving_owner *owner, const char *name,
		   const char *value);

#endif
