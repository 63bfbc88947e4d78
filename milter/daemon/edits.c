#include "heloscope/daemon/edits.h"

#include "heloscope/base/bounds.h"

/* In our name, or in a version that nobody may read (RFC 8601, section 5). */
static bool
speaks_for(struct span value, const char *const *names, size_t count)
{
	return authres_author(value, names, count) != AUTHRES_OTHER;
}

/* Nobody else writes it. */
static bool
always(struct span value, const char *const *names, size_t count)
{
	(void)value;
	(void)names;
	(void)count;
	return true;
}

static const struct {
	const char *name;
	bool (*is_of)(struct span value, const char *const *names, size_t count);
	bool is_optional; /* only watched where we add it */
} fields[EDITED_FIELDS] = {
	[FIELD_AUTHRES] = { "Authentication-Results", speaks_for, false },
	[FIELD_HELOSCOPE] = { "X-Heloscope", always, false },
	[FIELD_RECEIVED_SPF] = { "Received-SPF", authres_may_name, true },
};

/* Whether a field speaks in our name or in the MTA's. */
static bool
is_forged(enum edited_field field, const struct config *config, const char *mta_name, const char *value)
{
	const struct text_set *own = &config->own_ids;

	if (fields[field].is_optional && !config->adds_received_spf)
		return false;
	return fields[field].is_of(span_of(value), own->items, own->count)
	       || (mta_name != NULL && fields[field].is_of(span_of(value), &mta_name, 1));
}

/*
 * The field that came last is to be removed. Of very many stretches of such fields the last one grows over
 * what lies between: there is no end to the fields that somebody may send, but one to what we keep of them,
 * and a forged field that stays is worse than somebody's that goes.
 */
static void
note_removal(struct watched_fields *watched, enum edited_field field, struct arena *arena)
{
	struct stretch *stretches = watched->fields[field].stretches;
	const size_t count = watched->fields[field].count;
	const unsigned seen = watched->fields[field].seen;
	struct stretch *last = count > 0 ? &stretches[count - 1] : NULL;

	if (last != NULL && (last->last + 1 == seen || count == BOUND_REMOVED_STRETCHES)) {
		last->last = seen;
		return;
	}
	stretches = arena_grow(arena, stretches, count, sizeof *stretches);
	if (stretches == NULL)
		return; /* told by the arena */
	stretches[count] = (struct stretch){ seen, seen };
	watched->fields[field].stretches = stretches;
	watched->fields[field].count++;
}

void
edits_watch(struct watched_fields *watched, const struct config *config, const char *mta_name,
	    const char *name, const char *value, bool keeps_all, struct arena *arena)
{
	int field = 0;

	while (field < EDITED_FIELDS && !span_equals_nocase(span_of(name), span_of(fields[field].name)))
		field++;
	if (field == EDITED_FIELDS)
		return;
	watched->fields[field].seen++;
	if (!keeps_all && is_forged((enum edited_field)field, config, mta_name, value))
		note_removal(watched, (enum edited_field)field, arena);
}

static void
add_edit(struct edit_list *list, struct edit edit)
{
	struct edit *items = arena_grow(list->arena, list->items, list->count, sizeof *items);

	if (items == NULL)
		return;
	list->items = items;
	items[list->count++] = edit;
}

void
edits_remove(struct edit_list *list, const struct watched_fields *watched)
{
	for (int field = EDITED_FIELDS; field-- > 0;) {
		for (size_t i = watched->fields[field].count; i-- > 0;) {
			const struct stretch *stretch = &watched->fields[field].stretches[i];

			add_edit(list, (struct edit){ .name = fields[field].name,
						      .index = stretch->last,
						      .count = stretch->last - stretch->first + 1 });
		}
	}
}

static void
add_field(struct edit_list *list, enum edited_field field, const struct strbuf *value)
{
	if (value->length > 0)
		add_edit(list, (struct edit){ .name = fields[field].name,
					      .value = arena_string(list->arena, value->text) });
}

static void
add_rules(struct edit_list *list, const char *ident, const struct rule *const *rules, size_t count)
{
	char memory[COMPOSE_FIELD_SIZE];
	struct strbuf value;

	for (size_t i = 0; i < count; i++) {
		strbuf_init(&value, memory, sizeof memory);
		compose_note(ident, rules[i], &value);
		add_field(list, FIELD_HELOSCOPE, &value);
	}
}

/* What would have been done. */
static void
add_would(struct edit_list *list, const char *ident, const struct told_verdict *told)
{
	char memory[COMPOSE_FIELD_SIZE];
	struct strbuf value;

	strbuf_init(&value, memory, sizeof memory);
	compose_would(ident, &told->verdict, told->reply, &value);
	add_field(list, FIELD_HELOSCOPE, &value);
}

void
edits_add_notes(struct edit_list *list, const char *ident, const struct told_verdict *verdicts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct verdict *verdict = &verdicts[i].verdict;

		add_rules(list, ident, verdict->tags, verdict->tag_count);
		add_rules(list, ident, verdict->audits, verdict->audit_count);
		if (!verdict->is_enforced)
			add_would(list, ident, &verdicts[i]);
	}
}

void
edits_add_results(struct edit_list *list, const struct config *config, const struct facts *facts,
		  struct check_table table)
{
	char memory[COMPOSE_FIELD_SIZE];
	struct strbuf value;

	strbuf_init(&value, memory, sizeof memory);
	if (config->adds_received_spf)
		compose_received_spf(config, facts, &value);
	add_field(list, FIELD_RECEIVED_SPF, &value);
	strbuf_init(&value, memory, sizeof memory);
	compose_authres(config, facts, table, &value);
	add_field(list, FIELD_AUTHRES, &value);
}
