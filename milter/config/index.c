#include "heloscope/config/index.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/table.h"

/* Conditions. */

static bool
same_condition(const struct condition *a, const struct condition *b)
{
	if (a->kind != b->kind || a->is_negated != b->is_negated || a->operand_count != b->operand_count
	    || a->method != b->method || a->results != b->results || a->quantity != b->quantity
	    || a->compare != b->compare || a->number != b->number || a->subject != b->subject
	    || a->words != b->words || !text_set_equals(&a->texts, &b->texts)
	    || !network_set_equals(&a->networks, &b->networks))
		return false;
	for (size_t i = 0; i < a->operand_count; i++)
		if (!same_condition(a->operands[i], b->operands[i]))
			return false;
	return true;
}

static uint64_t
both(uint64_t hash, uint64_t other)
{
	return (hash ^ other) * 0x9e3779b97f4a7c15U + (hash >> 32);
}

static uint64_t
hash_of_octets(const void *octets, size_t length)
{
	return hash_of((struct span){ octets, length });
}

/* Of what same_condition() compares; alike for those that are the same. */
static uint64_t
hash_of_condition(const struct condition *condition)
{
	const unsigned numbers[] = { condition->kind,    condition->is_negated, condition->method,
				     condition->results, condition->quantity,   condition->compare,
				     condition->number,  condition->subject,    condition->words };
	uint64_t hash = hash_of_octets(numbers, sizeof numbers);

	for (size_t i = 0; i < condition->texts.count; i++)
		hash = both(hash, hash_of(span_of(condition->texts.items[i])));
	for (size_t i = 0; i < condition->networks.count; i++) {
		const struct network *network = &condition->networks.items[i];

		hash = both(hash, hash_of_octets(network->address.octets, network->address.length));
		hash = both(hash, network->prefix);
	}
	for (size_t i = 0; i < condition->operand_count; i++)
		hash = both(hash, hash_of_condition(condition->operands[i]));
	return hash;
}

/* Rules. */

struct rule_entry {
	struct table_link link; /* first */
	const struct condition *condition;
	size_t number;
};

struct rule_index {
	struct table table;
	struct rule_entry entries[];
};

static size_t
find_condition(const struct rule_index *index, const struct condition *condition, uint64_t hash)
{
	for (struct table_link *link = table_first(&index->table, hash); link != NULL;
	     link = table_next(link)) {
		const struct rule_entry *entry = (const struct rule_entry *)link;

		if (same_condition(entry->condition, condition))
			return entry->number;
	}
	return INDEX_NONE;
}

struct rule_index *
rule_index_new(const struct rule_set *rules, bool (*is_in)(const struct rule *rule))
{
	struct rule_index *index = calloc(1, sizeof *index + rules->count * sizeof index->entries[0]);

	if (index == NULL || !table_init(&index->table)) {
		rule_index_free(index);
		return NULL;
	}
	for (size_t i = 0; i < rules->count; i++) {
		const struct condition *condition = rules->items[i].condition;
		struct rule_entry *entry = &index->entries[i];
		const uint64_t hash = hash_of_condition(condition);

		if (!is_in(&rules->items[i]) || find_condition(index, condition, hash) != INDEX_NONE)
			continue;
		*entry = (struct rule_entry){ .condition = condition, .number = i };
		table_add(&index->table, &entry->link, hash);
	}
	return index;
}

void
rule_index_free(struct rule_index *index)
{
	if (index == NULL)
		return;
	table_clear(&index->table);
	free(index);
}

size_t
rule_index_find(const struct rule_index *index, const struct condition *condition)
{
	return index != NULL ? find_condition(index, condition, hash_of_condition(condition)) : INDEX_NONE;
}

/* Names. */

struct name_entry {
	struct table_link link; /* first */
	const char *name;
	size_t number;
};

struct name_index {
	struct table table;
	size_t count;
	struct name_entry entries[];
};

size_t
name_index_find(const struct name_index *index, const char *name)
{
	if (index == NULL)
		return INDEX_NONE;
	for (struct table_link *link = table_first(&index->table, hash_of(span_of(name))); link != NULL;
	     link = table_next(link)) {
		const struct name_entry *entry = (const struct name_entry *)link;

		if (strcmp(entry->name, name) == 0)
			return entry->number;
	}
	return INDEX_NONE;
}

static void
add_name(struct name_index *index, const char *name, size_t number)
{
	struct name_entry *entry = &index->entries[index->count];

	if (name_index_find(index, name) != INDEX_NONE)
		return;
	*entry = (struct name_entry){ .name = name, .number = number };
	table_add(&index->table, &entry->link, hash_of(span_of(name)));
	index->count++;
}

struct name_index *
name_index_new(const struct policy_set *policies)
{
	struct name_index *index;
	size_t count = 0;

	for (size_t i = 0; i < policies->count; i++)
		count += policies->items[i].domains.count;
	index = calloc(1, sizeof *index + count * sizeof index->entries[0]);
	if (index == NULL || !table_init(&index->table)) {
		name_index_free(index);
		return NULL;
	}
	for (size_t i = 0; i < policies->count; i++)
		for (size_t j = 0; j < policies->items[i].domains.count; j++)
			add_name(index, policies->items[i].domains.items[j], i);
	return index;
}

void
name_index_free(struct name_index *index)
{
	if (index == NULL)
		return;
	table_clear(&index->table);
	free(index);
}
