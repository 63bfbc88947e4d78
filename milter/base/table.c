#include "heloscope/base/table.h"

#include <stdlib.h>

#define HEADS_FIRST 64 /* they double when there are more members than heads */

bool
table_init(struct table *table)
{
	*table = (struct table){ calloc(HEADS_FIRST, sizeof(struct table_link *)), HEADS_FIRST, 0 };
	return table->heads != NULL;
}

void
table_clear(struct table *table)
{
	free(table->heads);
	*table = (struct table){ .heads = NULL };
}

static struct table_link **
head_of(const struct table *table, uint64_t hash)
{
	return &table->heads[hash & (table->head_count - 1)];
}

static void
put(struct table *table, struct table_link *link)
{
	struct table_link **head = head_of(table, link->hash);

	link->next = *head;
	*head = link;
}

static void
grow(struct table *table)
{
	const struct table before = *table;
	struct table_link **heads = calloc(2 * before.head_count, sizeof(struct table_link *)), *next;

	if (heads == NULL)
		return;
	table->heads = heads;
	table->head_count *= 2;
	for (size_t i = 0; i < before.head_count; i++) {
		for (struct table_link *link = before.heads[i]; link != NULL; link = next) {
			next = link->next;
			put(table, link);
		}
	}
	free(before.heads);
}

void
table_add(struct table *table, struct table_link *link, uint64_t hash)
{
	if (table->count == table->head_count)
		grow(table);
	table->count++;
	link->hash = hash;
	put(table, link);
}

void
table_remove(struct table *table, struct table_link *link)
{
	struct table_link **at = head_of(table, link->hash);

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	table->count--;
}

static struct table_link *
with_hash(struct table_link *link, uint64_t hash)
{
	while (link != NULL && link->hash != hash)
		link = link->next;
	return link;
}

struct table_link *
table_first(const struct table *table, uint64_t hash)
{
	return with_hash(*head_of(table, hash), hash);
}

struct table_link *
table_next(const struct table_link *link)
{
	return with_hash(link->next, link->hash);
}
