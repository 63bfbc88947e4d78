#include "heloscope/daemon/edits.h"

static void
add_edit(struct edit_list *list, struct edit edit)
{
	struct edit *items = arena_grow(list->arena, list->items, list->count, sizeof *items);

	if (items == NULL)
		return;
	list->items = items;
	items[list->count++] = edit;
}

/* From the last to the first, so that no removal shifts the index of another. */
static void
remove_of_name(struct edit_list *list, const struct arriving_name *of)
{
	for (size_t i = of->count; i-- > 0;) {
		const struct stretch *stretch = &of->stretches[i];

		add_edit(list, (struct edit){ .name = of->name,
					      .index = stretch->last,
					      .count = stretch->last - stretch->first + 1 });
	}
}

void
edits_remove(struct edit_list *list, const struct arriving *arriving)
{
	for (size_t i = arriving->count; i-- > 0;)
		remove_of_name(list, &arriving->names[i]);
}

static void
add_field(struct edit_list *list, enum own_field field, const struct strbuf *value)
{
	if (value->length > 0)
		add_edit(list, (struct edit){ .name = own_field_name(field),
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
		  const struct message_summary *summary)
{
	char memory[COMPOSE_FIELD_SIZE];
	struct strbuf value;

	strbuf_init(&value, memory, sizeof memory);
	if (config->adds_received_spf)
		compose_received_spf(config, facts, &value);
	add_field(list, FIELD_RECEIVED_SPF, &value);
	strbuf_init(&value, memory, sizeof memory);
	compose_authres(config, facts, summary, &value);
	add_field(list, FIELD_AUTHRES, &value);
}
