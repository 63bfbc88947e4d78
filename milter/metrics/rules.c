#include "heloscope/metrics/rules.h"

#include <stdlib.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/tallies.h"

#define NAMES_MEMORY (4U << 20) /* octets */

struct rule_counts {
	struct tallies *tallies;
	const struct rule **rules;
	size_t count;
	size_t *distinct; /* those whose name no other one has had before */
	size_t distinct_count;
};

static bool
can_act(const struct rule *rule)
{
	return action_is_against(rule->action);
}

/* Give each of a set that can act its place in `rules`, unless that is NULL. Returns how many there are. */
static size_t
collect(const struct rule *items, size_t count, const struct rule **rules)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (!can_act(&items[i]))
			continue;
		if (rules != NULL)
			rules[found] = &items[i];
		found++;
	}
	return found;
}

static size_t
collect_policy(const struct policy *policy, const struct rule **rules)
{
	const size_t found = collect(policy->rules.items, policy->rules.count, rules);

	return found + collect(&policy->otherwise, 1, rules != NULL ? rules + found : NULL);
}

static size_t
collect_all(const struct config *config, const struct rule **rules)
{
	size_t found = collect_policy(&config->default_policy, rules);

	for (size_t i = 0; i < config->policies.count; i++)
		found += collect_policy(&config->policies.items[i], rules != NULL ? rules + found : NULL);
	return found;
}

static struct tallies *
make_tallies(const struct rule_counts *rules, const struct rule_counts *previous)
{
	const char **names = calloc(rules->count + 1, sizeof *names);
	struct tallies *tallies = NULL;
	struct arena arena;

	arena_init(&arena, NAMES_MEMORY);
	for (size_t i = 0; i < rules->count && names != NULL; i++)
		names[i] = arena_printf(&arena, "%s %s", rules->rules[i]->place,
					action_word(rules->rules[i]->action));
	if (names != NULL && !arena.has_failed)
		tallies = tallies_new(names, rules->count, previous != NULL ? previous->tallies : NULL);
	arena_clear(&arena);
	free(names);
	return tallies;
}

struct rule_counts *
rule_counts_new(const struct config *config, const struct rule_counts *previous)
{
	struct rule_counts *rules = calloc(1, sizeof *rules);

	if (rules == NULL)
		return NULL;
	rules->count = collect_all(config, NULL);
	rules->rules = calloc(rules->count + 1, sizeof *rules->rules);
	rules->distinct = calloc(rules->count + 1, sizeof *rules->distinct);
	if (rules->rules != NULL && rules->distinct != NULL) {
		(void)collect_all(config, rules->rules);
		rules->tallies = make_tallies(rules, previous);
	}
	if (rules->tallies == NULL) {
		rule_counts_free(rules);
		return NULL;
	}
	for (size_t i = 0; i < rules->count; i++)
		if (!tallies_is_repeated(rules->tallies, i))
			rules->distinct[rules->distinct_count++] = i;
	return rules;
}

void
rule_counts_free(struct rule_counts *rules)
{
	if (rules == NULL)
		return;
	tallies_free(rules->tallies);
	free(rules->rules);
	free(rules->distinct);
	free(rules);
}

void
rule_counts_add(const struct rule_counts *rules, const struct rule *rule)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->rules[i] != rule)
			continue;
		counter_add(&tallies_at(rules->tallies, i)->counters[0], 1);
		return;
	}
}

size_t
rule_counts_size(const struct rule_counts *rules)
{
	return rules->distinct_count;
}

const struct rule *
rule_counts_rule(const struct rule_counts *rules, size_t index)
{
	return rules->rules[rules->distinct[index]];
}

uint64_t
rule_counts_value(const struct rule_counts *rules, size_t index)
{
	return counter_value(&tallies_at(rules->tallies, rules->distinct[index])->counters[0]);
}
