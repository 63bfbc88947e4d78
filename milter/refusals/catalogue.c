#include "heloscope/refusals/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/hash.h"
#include "heloscope/refusals/normal.h"

#define ARENA_LIMIT (256U << 20)
#define FRAGMENT_SIZE 2048 /* longer ones are cut: no reply has them */

/* Of one name the last one. */

struct named {
	const char *name;
	size_t index;
};

static int
compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	const int order = strcmp(x->name, y->name);

	return order != 0 ? order : x->index < y->index ? -1 : 1;
}

/* Sorted by name; of those of one name the last one is left. Returns how many are. */
static size_t
leave_last(struct named *names, size_t count)
{
	size_t left = 0;

	if (count > 0)
		qsort(names, count, sizeof *names, compare_named);
	for (size_t i = 0; i < count; i++)
		if (i + 1 == count || strcmp(names[i].name, names[i + 1].name) != 0)
			names[left++] = names[i];
	return left;
}

static void
take_entries(struct catalogue *catalogue, const struct refusal_set *set)
{
	struct named *names = arena_alloc(&catalogue->arena, (set->count + 1) * sizeof *names);
	const struct refusal_entry **entries =
		arena_alloc(&catalogue->arena, (set->count + 1) * sizeof *entries);

	if (names == NULL || entries == NULL)
		return;
	for (size_t i = 0; i < set->count; i++)
		names[i] = (struct named){ set->items[i].name, i };
	catalogue->entry_count = leave_last(names, set->count);
	for (size_t i = 0; i < catalogue->entry_count; i++)
		entries[i] = &set->items[names[i].index];
	catalogue->entries = entries;
}

static void
add_names(struct catalogue *catalogue, const struct operator_entry *owner, const struct text_set *patterns,
	  enum owned owned)
{
	for (size_t i = 0; i < patterns->count; i++) {
		struct owner_name *name = arena_alloc(&catalogue->arena, sizeof *name);
		const bool is_below = strncmp(patterns->items[i], "*.", 2) == 0;

		if (name == NULL)
			return;
		name->owner = owner;
		name->name = patterns->items[i] + (is_below ? 2 : 0);
		name->is_below = is_below;
		name->owned = owned;
		table_add(&catalogue->names, &name->link, hash_of_nocase(span_of(name->name)));
	}
}

static void
take_operators(struct catalogue *catalogue, const struct refusal_set *set)
{
	struct arena *arena = &catalogue->arena;
	struct named *names = arena_alloc(arena, (set->operator_count + 1) * sizeof *names);
	const char **with_servers = arena_alloc(arena, (set->operator_count + 1) * sizeof *with_servers);
	size_t count, with = 0;

	if (names == NULL || with_servers == NULL)
		return;
	for (size_t i = 0; i < set->operator_count; i++)
		names[i] = (struct named){ set->operators[i].name, i };
	count = leave_last(names, set->operator_count);
	for (size_t i = 0; i < count; i++) {
		const struct operator_entry *owner = &set->operators[names[i].index];

		add_names(catalogue, owner, &owner->servers, OWNED_SERVER);
		add_names(catalogue, owner, &owner->domains, OWNED_DOMAIN);
		add_names(catalogue, owner, &owner->links, OWNED_LINK);
		if (owner->servers.count > 0 && !owner->is_elsewhere)
			with_servers[with++] = owner->name;
	}
	catalogue->with_servers = (struct text_set){ with_servers, with };
}

/* Fragments. */

struct fragments {
	struct span *words;
	unsigned *ids, *entries; /* of each word: its number, and the entry that asks for it */
	size_t count;
};

static size_t
count_fragments(const struct catalogue *catalogue)
{
	size_t count = 0;

	for (size_t i = 0; i < catalogue->entry_count; i++)
		count += catalogue->entries[i]->texts.count + catalogue->entries[i]->signs.count;
	return count;
}

static void
add_fragments(struct catalogue *catalogue, struct fragments *fragments, unsigned entry,
	      const struct text_set *texts)
{
	char memory[FRAGMENT_SIZE];

	for (size_t i = 0; i < texts->count; i++) {
		struct strbuf normal = STRBUF_OVER(memory);

		normal_add(&normal, span_of(texts->items[i]), 0);
		fragments->words[fragments->count] =
			span_of(arena_string(&catalogue->arena, normal.length > 0 ? memory : "\1"));
		fragments->entries[fragments->count++] = entry;
	}
}

static void
add_user(struct catalogue *catalogue, unsigned id, unsigned entry)
{
	struct fragment_users *users = &catalogue->users[id];
	unsigned *entries;

	if (users->count > 0 && users->entries[users->count - 1] == entry)
		return; /* it asks for it twice */
	entries = arena_grow(&catalogue->arena, users->entries, users->count, sizeof *entries);
	if (entries == NULL)
		return;
	users->entries = entries;
	entries[users->count++] = entry;
	users->can_be_denied = users->can_be_denied
			       || config_refusal_has(catalogue->entries[entry]->category, TRAIT_PRESENT);
	catalogue->wanted[entry]++;
}

static void
take_fragments(struct catalogue *catalogue)
{
	struct arena *arena = &catalogue->arena;
	const size_t count = count_fragments(catalogue);
	struct fragments fragments = { .words = arena_alloc(arena, (count + 1) * sizeof(struct span)),
				       .ids = arena_alloc(arena, (count + 1) * sizeof(unsigned)),
				       .entries = arena_alloc(arena, (count + 1) * sizeof(unsigned)) };

	catalogue->wanted = arena_alloc(arena, (catalogue->entry_count + 1) * sizeof *catalogue->wanted);
	catalogue->users = arena_alloc(arena, (count + 1) * sizeof *catalogue->users);
	catalogue->fragment_count = count;
	if (arena->has_failed || count == 0)
		return;
	for (size_t i = 0; i < catalogue->entry_count; i++) {
		add_fragments(catalogue, &fragments, (unsigned)i, &catalogue->entries[i]->texts);
		add_fragments(catalogue, &fragments, (unsigned)i, &catalogue->entries[i]->signs);
	}
	catalogue->automaton = automaton_new(fragments.words, count, fragments.ids);
	for (size_t i = 0; i < count && catalogue->automaton != NULL; i++)
		add_user(catalogue, fragments.ids[i], fragments.entries[i]);
}

/* Lessons. */

static size_t
count_lessons(const struct catalogue *catalogue, const struct refusal_set *set)
{
	size_t count = catalogue->entry_count;

	for (size_t i = 0; i < set->sample_count; i++)
		count += set->samples[i].texts.count;
	return count;
}

/* Replies that are known: the examples of entries, and samples. Returns how many. */
static size_t
write_lessons(const struct catalogue *catalogue, const struct refusal_set *set, struct lesson *lessons)
{
	size_t count = 0;

	for (size_t i = 0; i < catalogue->entry_count; i++) {
		const struct refusal_entry *entry = catalogue->entries[i];

		if (entry->example != NULL)
			lessons[count++] =
				(struct lesson){ span_of(entry->example), entry->category, entry->party };
	}
	for (size_t i = 0; i < set->sample_count; i++)
		for (size_t k = 0; k < set->samples[i].texts.count; k++)
			lessons[count++] = (struct lesson){ span_of(set->samples[i].texts.items[k]),
							    set->samples[i].category, set->samples[i].party };
	return count;
}

static void
take_lessons(struct catalogue *catalogue, const struct refusal_set *set)
{
	struct lesson *lessons = calloc(count_lessons(catalogue, set) + 1, sizeof *lessons);

	catalogue->notions = notion_words_new();
	if (lessons != NULL && catalogue->notions != NULL)
		catalogue->learned =
			learned_new(catalogue->notions, lessons, write_lessons(catalogue, set, lessons));
	free(lessons);
}

/* Whether it could be made; else nothing of it may be used. */
static bool
make(struct catalogue *catalogue, const struct refusal_set *set)
{
	take_entries(catalogue, set);
	take_operators(catalogue, set);
	if (!catalogue->arena.has_failed)
		take_fragments(catalogue);
	take_lessons(catalogue, set);
	return !catalogue->arena.has_failed && catalogue->learned != NULL
	       && (catalogue->automaton != NULL || catalogue->fragment_count == 0);
}

struct catalogue *
catalogue_new(struct config *config, const struct refusal_set *set)
{
	struct catalogue *catalogue = calloc(1, sizeof *catalogue);

	if (catalogue == NULL) {
		config_unref(config);
		return NULL;
	}
	arena_init(&catalogue->arena, ARENA_LIMIT);
	catalogue->config = config;
	if (table_init(&catalogue->names) && make(catalogue, set))
		return catalogue;
	catalogue_free(catalogue);
	return NULL;
}

struct catalogue *
catalogue_open(const char *path, struct output *messages)
{
	struct refusal_set set;
	struct config *config = config_read_refusals(path, &set, messages);
	struct catalogue *catalogue = config != NULL ? catalogue_new(config, &set) : NULL;

	if (config != NULL && catalogue == NULL)
		output_put(messages, "%s: out of memory, or too many entries\n", path);
	return catalogue;
}

void
catalogue_free(struct catalogue *catalogue)
{
	if (catalogue == NULL)
		return;
	automaton_free(catalogue->automaton);
	learned_free(catalogue->learned);
	notion_words_free(catalogue->notions);
	table_clear(&catalogue->names);
	arena_clear(&catalogue->arena);
	config_unref(catalogue->config);
	free(catalogue);
}
