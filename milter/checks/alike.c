#include "heloscope/checks/alike.h"

#include "heloscope/checks/policy.h"
#include "heloscope/checks/truth.h"

struct pair {
	const struct facts *facts;
	const struct mailbox *a, *b;
};

/* What a condition comes to whatever is still to come; unknown when it rests on that. */
static enum truth
settled(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	const struct guess least = { TRUTH_UNKNOWN, TRUTH_FALSE, TRUTH_FALSE },
			   most = { TRUTH_UNKNOWN, TRUTH_TRUE, TRUTH_FALSE };
	const enum truth truth = truth_by_guess(condition, facts, recipient, least);

	return truth == truth_by_guess(condition, facts, recipient, most) ? truth : TRUTH_UNKNOWN;
}

/* Whether a condition comes to the same for both. A test that is unknown is so for what both share, or
 * because neither recipient can be read. */
static bool
holds_alike(const struct condition *condition, const struct pair *pair)
{
	const enum truth of_a = settled(condition, pair->facts, pair->a);
	const enum truth of_b = settled(condition, pair->facts, pair->b);

	if (of_a != TRUTH_UNKNOWN || of_b != TRUTH_UNKNOWN)
		return of_a == of_b;
	for (size_t i = 0; i < condition->operand_count; i++)
		if (!holds_alike(condition->operands[i], pair))
			return false;
	return true;
}

enum outcome { GOES_ON, DECIDES_ALIKE, DIFFERS };

/* What rules, as far as they act, come to for both. */
static enum outcome
compare_by(const struct rule_set *rules, const struct pair *pair)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->items[i];

		if (!policy_acts(rule, pair->facts) || rule->action == ACTION_TAG)
			continue;
		if (!holds_alike(rule->condition, pair))
			return DIFFERS;
		if (settled(rule->condition, pair->facts, pair->a) == TRUTH_TRUE)
			return DECIDES_ALIKE;
	}
	return GOES_ON;
}

static bool
has_same_end(const struct config *config, const struct pair *pair)
{
	const struct policy *policy = policy_of(config, pair->a);
	enum outcome outcome = compare_by(&config->exceptions, pair);

	if (outcome != GOES_ON)
		return outcome == DECIDES_ALIKE;
	if (policy != policy_of(config, pair->b))
		return false;
	outcome = compare_by(&policy->rules, pair);
	if (outcome == GOES_ON && policy->otherwise.action == ACTION_DEFAULT)
		outcome = compare_by(&config->default_policy.rules, pair);
	return outcome != DIFFERS;
}

/* One that cannot be read may have any policy. */
static bool
is_alike(const struct config *config, const struct pair *pair)
{
	const bool is_a_unread = pair->a->form == MAILBOX_UNREAD;

	if (is_a_unread != (pair->b->form == MAILBOX_UNREAD) && config->policies.count > 0)
		return false;
	return (is_a_unread && pair->b->form == MAILBOX_UNREAD) || has_same_end(config, pair);
}

bool
alike_recipients(const struct config *config, const struct facts *facts, const struct readings *a,
		 const struct readings *b)
{
	for (; facts != NULL; facts = facts->other)
		for (size_t i = 0; i < a->count; i++)
			for (size_t j = 0; j < b->count; j++)
				if (!is_alike(config, &(struct pair){ facts, &a->items[i], &b->items[j] }))
					return false;
	return true;
}
