#include "heloscope/config/sense.h"

#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/config/reader.h"
#include "heloscope/config/words.h"

/* Tests that never hold. */

/* The largest number that all lists together can come to. */
static unsigned
largest(const struct config *config, enum quantity quantity)
{
	unsigned number = 0;

	for (size_t i = 0; i < config->lists.count; i++) {
		const struct list *list = &config->lists.items[i];

		if (list->is_allow != (quantity == QUANTITY_DNSWL))
			continue;
		if (!list->is_left_out)
			number += quantity == QUANTITY_DNSBL_OPERATORS ? 1 : list->weight;
	}
	return number;
}

/* Whether a comparison can be true for a number from 0 to `most`. */
static bool
can_compare(const struct condition *condition, unsigned most)
{
	switch (condition->compare) {
	case COMPARE_LESS:
		return condition->number > 0;
	case COMPARE_AT_LEAST:
	case COMPARE_EQUAL:
		return condition->number <= most;
	case COMPARE_MORE:
		return condition->number < most;
	default:
		return true;
	}
}

static bool
are_left_out(const struct config *config, const struct text_set *zones)
{
	for (size_t i = 0; i < zones->count; i++)
		for (size_t j = 0; j < config->lists.count; j++)
			if (!config->lists.items[j].is_left_out
			    && strcmp(config->lists.items[j].shown, zones->items[i]) == 0)
				return false;
	return true;
}

/* Whether a list is asked, for refusing or for allowing. */
static bool
has_lists(const struct config *config, bool is_allow)
{
	for (size_t i = 0; i < config->lists.count; i++)
		if (config->lists.items[i].is_allow == is_allow && !config->lists.items[i].is_left_out)
			return true;
	return false;
}

/* Whether the results are those that only a list that is asked can give. */
static bool
wants_listing(const struct condition *test)
{
	return (test->method == METHOD_DNSBL || test->method == METHOD_DNSWL) && !test->is_negated
	       && (test->results & 1U << RESULT_NONE) == 0;
}

static void
look_at_quantity(const struct config *config, const struct condition *test, const char *where,
		 struct output *messages)
{
	const unsigned most = largest(config, test->quantity);
	const char *name = config_quantities[test->quantity];

	if (can_compare(test, most))
		return;
	if (!has_lists(config, test->quantity == QUANTITY_DNSWL))
		config_warn(messages, where, "no list is asked that counts for \"%s\", so this never holds",
			    name);
	else
		config_warn(
			messages, where,
			"\"%s\" never comes to that: all lists that are asked together come to %u at most",
			name, most);
}

/* Warn of a test that never holds, whatever comes. */
static void
look_at_test(const struct config *config, const struct condition *test, const char *where,
	     struct output *messages)
{
	const char *word = test->kind == CONDITION_RESULT ? method_words(test->method)->policy_word : "";

	if (test->kind == CONDITION_RESULT && (config->disabled & 1U << test->method) != 0)
		config_warn(
			messages, where,
			"the check \"%s\" is disabled, so a rule that asks for its result never acts; take it out of disable { %s } or remove the rule",
			word, word);
	else if (test->kind == CONDITION_RESULT && !test->is_negated
		 && (test->results & method_words(test->method)->results) == 0)
		config_warn(messages, where, "the check \"%s\" never has this result; expected another",
			    word);
	else if (test->kind == CONDITION_RESULT && wants_listing(test)
		 && !has_lists(config, test->method == METHOD_DNSWL))
		config_warn(messages, where, "no list is asked that \"%s\" tells of, so this never holds",
			    word);
	else if (test->kind == CONDITION_QUANTITY)
		look_at_quantity(config, test, where, messages);
	else if (test->kind == CONDITION_LISTED && !test->is_negated && are_left_out(config, &test->texts))
		config_warn(messages, where, "none of these lists is asked, so this never holds");
}

/* Look at each test of a condition. A disabled check is unknown, also behind "not". */
static void
look_at_tests(const struct config *config, const struct condition *condition, bool is_under_not,
	      const char *where, struct output *messages)
{
	if (condition == NULL)
		return;
	for (size_t i = 0; i < condition->operand_count; i++)
		look_at_tests(config, condition->operands[i],
			      is_under_not != (condition->kind == CONDITION_NOT), where, messages);
	if (condition->operand_count == 0
	    && (!is_under_not
		|| (condition->kind == CONDITION_RESULT
		    && (config->disabled & 1U << condition->method) != 0)))
		look_at_test(config, condition, where, messages);
}

static void
look_at_rules(const struct config *config, const struct rule_set *rules, struct output *messages)
{
	for (size_t i = 0; i < rules->count; i++)
		look_at_tests(config, rules->items[i].condition, false, rules->items[i].where, messages);
}

/* Exceptions that a policy does not have. */

static bool
same_condition(const struct condition *a, const struct condition *b)
{
	if (a->kind != b->kind || a->is_negated != b->is_negated || a->operand_count != b->operand_count
	    || a->method != b->method || a->results != b->results || a->quantity != b->quantity
	    || a->compare != b->compare || a->number != b->number || a->subject != b->subject
	    || !text_set_equals(&a->texts, &b->texts) || !network_set_equals(&a->networks, &b->networks))
		return false;
	for (size_t i = 0; i < a->operand_count; i++)
		if (!same_condition(a->operands[i], b->operands[i]))
			return false;
	return true;
}

static bool
is_refusal(const struct rule *rule)
{
	return !rule->is_audit
	       && (rule->action == ACTION_REJECT || rule->action == ACTION_DEFER
		   || rule->action == ACTION_QUARANTINE);
}

static bool
refuses(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++)
		if (is_refusal(&policy->rules.items[i]))
			return true;
	return is_refusal(&policy->otherwise);
}

static bool
has_rule(const struct rule_set *rules, const struct rule *wanted)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].action == wanted->action && !rules->items[i].is_audit
		    && same_condition(rules->items[i].condition, wanted->condition))
			return true;
	return false;
}

static void
look_at_exceptions(const struct config *config, const struct policy *policy, struct output *messages)
{
	const struct rule_set *rules = &config->default_policy.rules;
	const struct rule *missing = NULL;
	size_t count = 0;

	for (size_t i = 0; i < rules->count && refuses(policy); i++) {
		const struct rule *rule = &rules->items[i];

		if (rule->action != ACTION_ACCEPT || rule->is_audit || has_rule(&policy->rules, rule)
		    || has_rule(&config->exceptions, rule))
			continue;
		missing = missing != NULL ? missing : rule;
		count++;
	}
	if (count > 0)
		config_warn(
			messages, policy->where,
			"this policy refuses mail that the default policy accepts by the rule at %s%s; what is to hold for all recipients belongs into exceptions { ... }",
			missing->where, count > 1 ? " and others" : "");
}

/* Zones. */

/* Whether somebody has mistyped it: of short zones others are near by chance. */
static bool
is_like(const char *zone, const char *known)
{
	return strlen(zone) >= 12 && nearest_distance(zone, known) <= 2;
}

static void
look_at_zone(const struct config *config, const struct list *list, struct output *messages)
{
	for (size_t i = 0; i < config->catalogue.count && list->entry == NULL; i++)
		if (is_like(list->shown, config->catalogue.items[i].zone)) {
			config_warn(messages, list->where,
				    "the list \"%s\" is not in the catalogue; did you mean \"%s\"?",
				    list->shown, config->catalogue.items[i].zone);
			return;
		}
}

void
config_warn_of_nonsense(const struct config *config, struct output *messages)
{
	look_at_rules(config, &config->exceptions, messages);
	look_at_rules(config, &config->default_policy.rules, messages);
	for (size_t i = 0; i < config->policies.count; i++) {
		look_at_rules(config, &config->policies.items[i].rules, messages);
		look_at_exceptions(config, &config->policies.items[i], messages);
	}
	for (size_t i = 0; i < config->lists.count; i++)
		look_at_zone(config, &config->lists.items[i], messages);
}
