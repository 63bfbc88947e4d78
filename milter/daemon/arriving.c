#include "heloscope/daemon/arriving.h"

#include <string.h>

#include "heloscope/wire/authres.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/escape.h"
#include "heloscope/base/hash.h"

static const char *const own_fields[OWN_FIELDS] = {
	[FIELD_AUTHRES] = "Authentication-Results",
	[FIELD_HELOSCOPE] = "X-Heloscope",
	[FIELD_RECEIVED_SPF] = "Received-SPF",
};

const char *
own_field_name(enum own_field field)
{
	return own_fields[field];
}

/* Counting. */

/* The entry of that name, a new one when there is none; NULL when there is no room for one. */
static struct arriving_name *
entry_of(struct arriving *arriving, const char *name)
{
	const uint64_t hash =
		hash_of_nocase(span_of(name)); /* MTAs count fields of one name whatever its case */
	struct arriving_name *names;

	for (size_t i = 0; i < arriving->count; i++)
		if (arriving->names[i].hash == hash)
			return &arriving->names[i];
	if (arriving->count == BOUND_FIELD_NAMES)
		return NULL;
	names = arena_grow(arriving->arena, arriving->names, arriving->count, sizeof *names);
	if (names == NULL)
		return NULL;
	arriving->names = names;
	names[arriving->count] = (struct arriving_name){ .hash = hash };
	return &names[arriving->count++];
}

void
arriving_init(struct arriving *arriving, struct arena *arena)
{
	*arriving = (struct arriving){ .arena = arena };
	for (int field = 0; field < OWN_FIELDS; field++) {
		struct arriving_name *entry = entry_of(arriving, own_fields[field]);

		if (entry != NULL)
			entry->name = own_fields[field];
	}
}

/* Judging. */

static bool
is_visible(char c)
{
	return c > ' ' && c <= '~';
}

/* The field of ours that is meant by a name, OWN_FIELDS for none; what is invisible at its ends is no part of
 * it. */
static enum own_field
field_of(struct span name)
{
	int field = 0;

	while (name.length > 0 && !is_visible(name.at[name.length - 1]))
		name.length--;
	while (name.length > 0 && !is_visible(name.at[0]))
		name = span_from(name, 1);
	while (field < OWN_FIELDS && !span_equals_nocase(name, span_of(own_fields[field])))
		field++;
	return (enum own_field)field;
}

/* Whether a field of ours speaks in our name, or in a version that nobody may read (RFC 8601, section 5). */
static bool
speaks_as(const struct arriving_owner *owner, enum own_field field, struct span value)
{
	const struct config *config = owner->config;
	const struct text_set *ids = &config->own_ids;
	const char *const mta_name = owner->mta_name != NULL ? owner->mta_name : config->authserv_id;

	switch (field) {
	case FIELD_AUTHRES:
		return authres_author(value, ids->items, ids->count) != AUTHRES_OTHER
		       || authres_author(value, &mta_name, 1) != AUTHRES_OTHER;
	case FIELD_RECEIVED_SPF:
		return config->adds_received_spf
		       && (authres_may_name(value, ids->items, ids->count)
			   || authres_may_name(value, &mta_name, 1));
	default:
		return field == FIELD_HELOSCOPE;
	}
}

/* Whether a line begins with "NAME:" of one of our fields, and speaks in our name. */
static bool
is_forged_line(const struct arriving_owner *owner, struct span line)
{
	for (int field = 0; field < OWN_FIELDS; field++) {
		const struct span name = span_of(own_fields[field]);
		size_t at = name.length;

		if (line.length <= at || !span_equals_nocase((struct span){ line.at, at }, name))
			continue;
		while (at < line.length && !is_visible(line.at[at]))
			at++;
		if (at < line.length && line.at[at] == ':')
			return speaks_as(owner, (enum own_field)field, span_from(line, at + 1));
	}
	return false;
}

/* A reader may take any octet that is neither visible nor a blank for the end of a line. */
static bool
is_forged(const struct arriving_owner *owner, struct span name, struct span value)
{
	if (speaks_as(owner, field_of(name), value))
		return true;
	for (size_t at = 0; (at += escape_run_length(span_from(value, at), "")) < value.length;) {
		at++; /* behind one that is neither visible nor a blank, or a tab */
		if (value.at[at - 1] != '\t' && at < value.length
		    && is_forged_line(owner, span_from(value, at)))
			return true;
	}
	return false;
}

/*
 * The field that came last is to be removed. Of very many stretches of such fields the last one grows over
 * what lies between: there is no end to the fields that somebody may send, but one to what we keep of them,
 * and a forged field that stays is worse than somebody's that goes.
 */
static void
note_removal(struct arriving *arriving, struct arriving_name *entry)
{
	struct stretch *last = entry->count > 0 ? &entry->stretches[entry->count - 1] : NULL, *stretches;

	if (last != NULL
	    && (last->last + 1 == entry->seen || arriving->stretches >= BOUND_REMOVED_STRETCHES)) {
		last->last = entry->seen;
		return;
	}
	stretches = arena_grow(arriving->arena, entry->stretches, entry->count, sizeof *stretches);
	if (stretches == NULL)
		return;
	entry->stretches = stretches;
	stretches[entry->count++] = (struct stretch){ entry->seen, entry->seen };
	arriving->stretches++;
}

void
arriving_take(struct arriving *arriving, const struct arriving_owner *owner, const char *name,
	      const char *value)
{
	struct arriving_name *entry = entry_of(arriving, name);

	if (entry != NULL)
		entry->seen++;
	if (owner == NULL || !is_forged(owner, span_of(name), span_of(value)))
		return;
	if (entry != NULL && entry->name == NULL)
		entry->name = arena_string(arriving->arena, name);
	if (entry != NULL) /* without memory its name is empty, which the arena tells */
		note_removal(arriving, entry);
	else
		arriving->has_lost = true;
}
