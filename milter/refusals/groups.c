#include "heloscope/refusals/groups.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/hash.h"

#define MEMORY_OF_ONE 16384 /* octets of a kind: its texts are bounded, addresses and names are cut */
#define NAME_MAX_KEPT 512
#define KEY_SIZE 512

bool
groups_init(struct refusal_groups *groups)
{
	*groups = (struct refusal_groups){ .beyond = 0 };
	arena_init(&groups->arena, (size_t)BOUND_REFUSAL_KINDS * MEMORY_OF_ONE);
	groups->items = arena_alloc(&groups->arena, BOUND_REFUSAL_KINDS * sizeof *groups->items);
	return table_init(&groups->table) && groups->items != NULL;
}

void
groups_clear(struct refusal_groups *groups)
{
	table_clear(&groups->table);
	arena_clear(&groups->arena);
}

/* What refusals of one kind have in common. */
static void
write_key(struct strbuf *key, const struct refusal *refusal, const struct recognition *known)
{
	strbuf_printf(key, "%s|", known->owner != NULL ? known->owner : "");
	if (known->entry != NULL) {
		strbuf_add(key, known->entry->name);
		return;
	}
	strbuf_printf(key, "%u %u.%u.%u|", known->codes.reply, known->codes.enhanced.class,
		      known->codes.enhanced.subject, known->codes.enhanced.detail);
	for (size_t i = 0; i < refusal->text.length && i < KEY_SIZE; i++)
		if (!ascii_is_digit(refusal->text.at[i]))
			strbuf_add_char(key, refusal->text.at[i]);
}

static struct refusal_group *
find(const struct refusal_groups *groups, struct span key, uint64_t hash)
{
	struct table_link *link = table_first(&groups->table, hash);

	for (; link != NULL; link = table_next(link)) {
		struct refusal_group *group = (struct refusal_group *)link;

		if (span_equals(group->key, key))
			return group;
	}
	return NULL;
}

static struct span
keep(struct refusal_groups *groups, struct span text, size_t most)
{
	const struct span kept = { text.at, text.length < most ? text.length : most };

	return (struct span){ arena_copy(&groups->arena, kept), kept.length };
}

/* The first of a kind, with all that it points to. NULL when memory ran out. */
static struct refusal_group *
keep_group(struct refusal_groups *groups, const struct refusal *refusal, const struct recognition *known)
{
	struct refusal_group *group = arena_alloc(&groups->arena, sizeof *group);

	if (group == NULL)
		return NULL;
	group->refusal = *refusal;
	group->known = *known;
	group->refusal.text = keep(groups, refusal->text, BOUND_REFUSAL_TEXT);
	group->refusal.host = keep(groups, refusal->host, NAME_MAX_KEPT);
	group->refusal.sender = keep(groups, refusal->sender, NAME_MAX_KEPT);
	group->refusal.recipient = keep(groups, refusal->recipient, NAME_MAX_KEPT);
	group->refusal.queue_id = keep(groups, refusal->queue_id, NAME_MAX_KEPT);
	group->refusal.file = keep(groups, refusal->file, NAME_MAX_KEPT);
	group->known.host = keep(groups, known->host, NAME_MAX_KEPT);
	group->common = group->known.host;
	return group;
}

/* The end, of whole labels, that both names have; empty when there is none. */
static struct span
common_end(struct span name, struct span other)
{
	size_t length = 0, whole = 0;

	while (length < name.length && length < other.length
	       && ascii_lower(name.at[name.length - 1 - length])
			  == ascii_lower(other.at[other.length - 1 - length])) {
		if (name.at[name.length - 1 - length] == '.')
			whole = length;
		length++;
	}
	if ((length == name.length || name.at[name.length - 1 - length] == '.')
	    && (length == other.length || other.at[other.length - 1 - length] == '.'))
		whole = length;
	return span_from(name, name.length - whole);
}

/* One more server, if it is known. */
static void
note_server(struct refusal_group *group, struct span host)
{
	if (host.length == 0 || group->known.host.length == 0 || span_equals_nocase(group->known.host, host))
		return;
	group->is_of_several_servers = true;
	group->common = common_end(group->common, host);
}

const struct refusal_group *
groups_add(struct refusal_groups *groups, const struct refusal *refusal, const struct recognition *known)
{
	char memory[2 * KEY_SIZE];
	struct strbuf key = STRBUF_OVER(memory);
	struct refusal_group *group;
	uint64_t hash;

	write_key(&key, refusal, known);
	hash = hash_of((struct span){ key.text, key.length });
	group = find(groups, (struct span){ key.text, key.length }, hash);
	if (group == NULL && groups->table.count < BOUND_REFUSAL_KINDS)
		group = keep_group(groups, refusal, known);
	if (group == NULL || groups->arena.has_failed) {
		groups->beyond++;
		return NULL;
	}
	note_server(group, known->host);
	if (refusal->status == REFUSAL_EXPIRED)
		group->refusal.status = REFUSAL_EXPIRED;
	if (group->count++ > 0)
		return group;
	group->key = keep(groups, (struct span){ key.text, key.length }, sizeof memory);
	group->number = groups->table.count;
	groups->items[group->number] = group;
	table_add(&groups->table, &group->link, hash);
	return group;
}

static int
compare(const void *a, const void *b)
{
	const struct refusal_group *x = *(struct refusal_group *const *)a,
				   *y = *(struct refusal_group *const *)b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

size_t
groups_sort(struct refusal_groups *groups)
{
	const size_t count = groups->table.count;

	if (count > 0)
		qsort(groups->items, count, sizeof(struct refusal_group *), compare);
	return count;
}
