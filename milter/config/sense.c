#include "heloscope/config/sense.h"

#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/config/index.h"
#include "heloscope/config/reader.h"
#include "heloscope/config/sense_peer.h"
#include "heloscope/config/sense_trust.h"
#include "heloscope/config/words.h"
#include "heloscope/facts/forwarding.h"

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
		config_warn(messages, where, "no list in use counts for \"%s\", so this is never true", name);
	else
		config_warn(messages, where, "\"%s\" is never that: all lists in use add up to %u at most",
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
			"the check \"%s\" is disabled, so a rule that depends on it never acts; take it out of disable { %s } or remove the rule",
			word, word);
	else if (test->kind == CONDITION_LOOKS_FORWARDED && (config->disabled & FORWARDING_NEEDED) != 0)
		config_warn(
			messages, where,
			"\"looks-forwarded\" depends on iprev, helo, spf and dkim, of which one is disabled, so a rule that uses it never acts; take it out of disable { ... } or remove the rule");
	else if (test->kind == CONDITION_RESULT && !test->is_negated
		 && (test->results & method_words(test->method)->results) == 0)
		config_warn(messages, where, "the check \"%s\" never has this result; expected another",
			    word);
	else if (test->kind == CONDITION_RESULT && wants_listing(test)
		 && !has_lists(config, test->method == METHOD_DNSWL))
		config_warn(messages, where, "no list in use can decide \"%s\", so this is never true", word);
	else if (test->kind == CONDITION_QUANTITY)
		look_at_quantity(config, test, where, messages);
	else if (test->kind == CONDITION_LISTED && !test->is_negated && are_left_out(config, &test->texts))
		config_warn(messages, where, "none of these lists is queried, so this is never true");
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
	    && (!is_under_not || condition->kind == CONDITION_LOOKS_FORWARDED
		|| (condition->kind == CONDITION_RESULT
		    && (config->disabled & 1U << condition->method) != 0)))
		look_at_test(config, condition, where, messages);
}

/* Rules behind others that decide before them. */

static bool
holds_all_addresses(const struct network_set *networks)
{
	bool has_ipv4 = false, has_ipv6 = false;

	for (size_t i = 0; i < networks->count; i++) {
		has_ipv4 = has_ipv4
			   || (networks->items[i].prefix == 0 && networks->items[i].address.length == 4);
		has_ipv6 = has_ipv6
			   || (networks->items[i].prefix == 0 && networks->items[i].address.length == 16);
	}
	return has_ipv4 && has_ipv6;
}

/* Whether a condition is true of all mail. */
static bool
always_holds(const struct condition *condition)
{
	bool is_one_true = false, are_all_true = true;

	for (size_t i = 0; i < condition->operand_count; i++) {
		const bool is_true = always_holds(condition->operands[i]);

		is_one_true = is_one_true || is_true;
		are_all_true = are_all_true && is_true;
	}
	if (condition->kind == CONDITION_CLIENT)
		return !condition->is_negated && holds_all_addresses(&condition->networks);
	if (condition->kind == CONDITION_QUANTITY)
		return condition->compare == COMPARE_AT_LEAST && condition->number == 0;
	return (condition->kind == CONDITION_OR && is_one_true)
	       || (condition->kind == CONDITION_AND && are_all_true);
}

/* Whether a rule, when it holds, leaves nothing for those behind it. */
static bool
decides(const struct rule *rule)
{
	return !rule->is_audit && rule->action != ACTION_TAG && rule->percent == 100;
}

/* The number of the first rule that decides all mail; that of rules when there is none. */
static size_t
find_last_resort(const struct rule_set *rules)
{
	size_t i = 0;

	while (i < rules->count && !(decides(&rules->items[i]) && always_holds(rules->items[i].condition)))
		i++;
	return i;
}

static void
look_at_order(const struct rule_set *rules, struct output *messages)
{
	struct rule_index *index = rule_index_new(rules, decides);
	const size_t last = find_last_resort(rules);

	for (size_t i = 0; i < rules->count; i++) {
		size_t before = rule_index_find(index, rules->items[i].condition);

		before = before < last ? before : last;
		if (before < i)
			config_warn(messages, rules->items[i].where,
				    "this rule never acts: the one in %s decides before it",
				    rules->items[before].where);
	}
	rule_index_free(index);
}

/* Rules that refuse for DMARC alone. */

static bool
is_failed_dmarc(const struct condition *test)
{
	if (test->kind == CONDITION_RESULT)
		return test->method == METHOD_DMARC && !test->is_negated
		       && (test->results & 1U << RESULT_FAIL) != 0;
	return test->kind == CONDITION_WORD && test->subject == SUBJECT_DMARC_POLICY;
}

/* Whether a condition can hold for nothing but a failure of DMARC. */
static bool
rests_on_dmarc_alone(const struct condition *condition)
{
	size_t alone = 0;

	for (size_t i = 0; i < condition->operand_count; i++)
		alone += rests_on_dmarc_alone(condition->operands[i]);
	if (condition->kind == CONDITION_OR)
		return alone > 0;
	if (condition->kind == CONDITION_AND)
		return alone == condition->operand_count;
	return is_failed_dmarc(condition);
}

static void
look_at_dmarc(const struct rule *rule, struct output *messages)
{
	if (rule->action == ACTION_REJECT && !rule->is_audit && rests_on_dmarc_alone(rule->condition))
		config_warn(
			messages, rule->where,
			"this rule refuses mail for DMARC alone, and so what mailing lists and forwarders changed (RFC 9989, 7.4); add another sign, as in \"dmarc.policy = reject and iprev != pass\", or quarantine");
}

static void
look_at_rules(const struct config *config, const struct rule_set *rules, struct output *messages)
{
	for (size_t i = 0; i < rules->count; i++) {
		look_at_tests(config, rules->items[i].condition, false, rules->items[i].where, messages);
		look_at_dmarc(&rules->items[i], messages);
		config_warn_of_peer(&rules->items[i], messages);
	}
	look_at_order(rules, messages);
}

/* Exceptions that a policy does not have. */

static bool
is_refusal(const struct rule *rule)
{
	return !rule->is_audit && action_is_against(rule->action);
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
is_exception(const struct rule *rule)
{
	return rule->action == ACTION_ACCEPT && !rule->is_audit;
}

static bool
has_rule(const struct rule_index *index, const struct rule *wanted)
{
	return rule_index_find(index, wanted->condition) != INDEX_NONE;
}

/* `general`: the exceptions from all policies. */
static void
look_at_exceptions(const struct config *config, const struct policy *policy, const struct rule_index *general,
		   struct output *messages)
{
	const struct rule_set *rules = &config->default_policy.rules;
	struct rule_index *own = rule_index_new(&policy->rules, is_exception);
	const struct rule *missing = NULL;
	size_t count = 0;

	for (size_t i = 0; i < rules->count && refuses(policy); i++) {
		const struct rule *rule = &rules->items[i];

		if (!is_exception(rule) || has_rule(own, rule) || has_rule(general, rule))
			continue;
		missing = missing != NULL ? missing : rule;
		count++;
	}
	rule_index_free(own);
	if (count > 0)
		config_warn(
			messages, policy->where,
			"this policy refuses mail that the default policy accepts by the rule in %s%s; what is to hold for all recipients belongs in exceptions { ... }",
			missing->where, count > 1 ? " and others" : "");
}

/* Refusals at the end of a message, for whose recipients there is one answer. */

static bool
rests_on_content(const struct condition *condition)
{
	for (size_t i = 0; i < condition->operand_count; i++)
		if (rests_on_content(condition->operands[i]))
			return true;
	for (int method = 0; condition->operand_count == 0 && method < METHODS; method++)
		if ((config_test_methods(condition) & 1U << method) != 0
		    && method_words((enum method)method)->stage > STAGE_MAIL)
			return true;
	return false;
}

static bool
asks_for_recipient(const struct condition *condition)
{
	for (size_t i = 0; i < condition->operand_count; i++)
		if (asks_for_recipient(condition->operands[i]))
			return true;
	return condition->kind == CONDITION_TEXT && condition->subject == SUBJECT_RECIPIENT;
}

static bool
refuses_by_content(const struct rule *rule)
{
	return !rule->is_audit && action_refuses(rule->action) && rests_on_content(rule->condition);
}

static bool
accepts_some_recipients(const struct rule *rule)
{
	return !rule->is_audit && rule->action == ACTION_ACCEPT && asks_for_recipient(rule->condition);
}

/* The first of the rules that is such a one, or NULL. */
static const struct rule *
find_rule(const struct rule_set *rules, bool (*is_wanted)(const struct rule *rule))
{
	size_t i = 0;

	while (i < rules->count && !is_wanted(&rules->items[i]))
		i++;
	return i < rules->count ? &rules->items[i] : NULL;
}

/* Where some recipients come to another end than those of a policy: at a rule or another policy; NULL:
 * nowhere. */
static const char *
find_other_end(const struct config *config, const struct policy *policy, const struct rule *exception)
{
	const struct rule *rule =
		exception != NULL ? exception : find_rule(&policy->rules, accepts_some_recipients);

	if (rule != NULL)
		return rule->where;
	if (policy != &config->default_policy)
		return config->default_policy.where != NULL ? config->default_policy.where : policy->where;
	return config->policies.count > 0 ? config->policies.items[0].where : NULL;
}

static void
look_at_end(const struct config *config, const struct policy *policy, const struct rule *exception,
	    struct output *messages)
{
	const struct rule *rule = find_rule(&policy->rules, refuses_by_content);
	const char *other = rule != NULL ? find_other_end(config, policy, exception) : NULL;

	if (other != NULL)
		config_warn(
			messages, rule->where,
			"this rule is decided at the end of the message, where there is one answer for all recipients, so whoever adds a recipient whose mail is accepted anyhow (see %s) gets past it; \"recipients apart\" prevents that",
			other);
}

static void
look_at_ends(const struct config *config, struct output *messages)
{
	const struct rule *exception = find_rule(&config->exceptions, accepts_some_recipients);

	if (config->recipients == RECIPIENTS_APART)
		return;
	look_at_end(config, &config->default_policy, exception, messages);
	for (size_t i = 0; i < config->policies.count; i++)
		look_at_end(config, &config->policies.items[i], exception, messages);
}

/* Refusals for DMARC past which mail without exactly one author gets, which is permerror. */

static bool
has_test(const struct condition *condition, bool (*is_wanted)(const struct condition *test))
{
	for (size_t i = 0; i < condition->operand_count; i++)
		if (has_test(condition->operands[i], is_wanted))
			return true;
	return condition->operand_count == 0 && is_wanted(condition);
}

/* Whether a test can hold for mail with several authors or none: by the number of authors, or by the
 * permerror that it is. */
static bool
sees_authors(const struct condition *test)
{
	const unsigned permerror = 1U << RESULT_PERMERROR;

	if (test->kind == CONDITION_WORD)
		return test->subject == SUBJECT_FROM;
	return test->kind == CONDITION_RESULT && test->method == METHOD_DMARC
	       && (test->is_negated ? ~test->results & permerror : test->results & permerror) != 0;
}

static bool
refuses_for_dmarc(const struct rule *rule)
{
	return is_refusal(rule) && has_test(rule->condition, is_failed_dmarc);
}

static bool
refuses_for_authors(const struct rule *rule)
{
	return is_refusal(rule) && has_test(rule->condition, sees_authors);
}

static void
look_at_authors(const struct config *config, const struct policy *policy, struct output *messages)
{
	const struct rule *rule = find_rule(&policy->rules, refuses_for_dmarc);

	if (rule == NULL || find_rule(&policy->rules, refuses_for_authors) != NULL
	    || find_rule(&config->exceptions, refuses_for_authors) != NULL
	    || (policy->otherwise.action == ACTION_DEFAULT
		&& find_rule(&config->default_policy.rules, refuses_for_authors) != NULL))
		return;
	config_warn(
		messages, rule->where,
		"mail without exactly one author (From) gets past this rule, since DMARC cannot fail for it (permerror); add \"reject when from != one\"");
}

static void
look_at_all_authors(const struct config *config, struct output *messages)
{
	look_at_authors(config, &config->default_policy, messages);
	for (size_t i = 0; i < config->policies.count; i++)
		look_at_authors(config, &config->policies.items[i], messages);
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

/* Nothing that refuses. */

static void
look_for_policy(const struct config *config, const char *path, struct output *messages)
{
	if (!config->has_statements)
		config_warn(
			messages, path,
			"it has no setting at all: the mode is audit, there is no policy, and no mail is refused");
	else if (config->default_policy.where == NULL && config->policies.count == 0)
		config_warn(messages, path, "there is no policy { ... }, so no mail is refused");
}

/* Policies behind others that are asked before them. */

/* The number of the first policy that is asked for a domain, which may be a pattern; INDEX_NONE: there is
 * none. */
static size_t
find_first(const struct name_index *index, const char *domain)
{
	size_t first = name_index_find(index, domain);
	char pattern[DOMAIN_SIZE + 2] = "*";

	for (const char *behind = domain; behind != NULL; behind = strchr(behind + 1, '.')) {
		size_t above;

		(void)snprintf(pattern + 1, sizeof pattern - 1, "%s", behind == domain ? "" : behind);
		above = name_index_find(index, pattern);
		first = above < first ? above : first;
	}
	return first;
}

static void
look_at_domains(const struct config *config, size_t number, const struct name_index *index,
		struct output *messages)
{
	const struct policy *policies = config->policies.items, *policy = &policies[number];

	for (size_t i = 0; i < policy->domains.count; i++) {
		const size_t first = find_first(index, policy->domains.items[i]);

		if (first < number)
			config_warn(messages, policy->where,
				    "this policy is never used for \"%s\": the policy at %s comes first",
				    policy->domains.items[i], policies[first].where);
	}
}

static void
look_at_policies(const struct config *config, struct output *messages)
{
	struct rule_index *general = rule_index_new(&config->exceptions, is_exception);
	struct name_index *domains = name_index_new(&config->policies);

	for (size_t i = 0; i < config->policies.count; i++) {
		look_at_rules(config, &config->policies.items[i].rules, messages);
		look_at_exceptions(config, &config->policies.items[i], general, messages);
		look_at_domains(config, i, domains, messages);
	}
	rule_index_free(general);
	name_index_free(domains);
}

/* Checks that are switched on and off. */

static void
look_at_switches(const struct config *config, struct output *messages)
{
	for (int method = 0; method < METHODS; method++) {
		const char *word = method_words((enum method)method)->policy_word;

		if ((config->enabled & config->disabled & 1U << method) != 0)
			config_warn(
				messages, config->disabled_at[method],
				"the check \"%s\" is disabled here and enabled in %s: it is not made; remove one of the two",
				word, config->enabled_at[method]);
	}
}

void
config_warn_of_nonsense(const struct config *config, const char *path, struct output *messages)
{
	look_for_policy(config, path, messages);
	look_at_switches(config, messages);
	look_at_rules(config, &config->exceptions, messages);
	look_at_rules(config, &config->default_policy.rules, messages);
	look_at_policies(config, messages);
	look_at_ends(config, messages);
	look_at_all_authors(config, messages);
	config_warn_of_trust(config, path, messages);
	for (size_t i = 0; i < config->lists.count; i++)
		look_at_zone(config, &config->lists.items[i], messages);
}
