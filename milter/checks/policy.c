#include "heloscope/checks/policy.h"

#include <string.h>

#include "heloscope/checks/truth.h"
#include "heloscope/config/words.h"

bool
verdict_is_pending(const struct verdict *verdict)
{
	return verdict->pending_until != STAGE_CONNECT;
}

bool
verdict_waits(const struct verdict *verdict)
{
	return verdict_is_pending(verdict) || verdict->notes_until != STAGE_CONNECT;
}

bool
verdict_refuses(const struct verdict *verdict)
{
	return verdict->is_enforced && action_refuses(verdict->action);
}

bool
policy_share_includes(const struct ipaddr *client, unsigned percent)
{
	const struct span network = ipaddr_common(client, REACH_NETWORK);
	uint32_t hash = 2166136261U; /* FNV-1a, then mixed so that neighbours part */

	for (size_t i = 0; i < network.length; i++)
		hash = (hash ^ (unsigned char)network.at[i]) * 16777619U;
	hash ^= hash >> 15;
	hash *= 0x2c1b3c6dU;
	hash ^= hash >> 12;
	return hash % 100 < percent;
}

static void
note(const struct rule **rules, size_t *count, const struct rule *rule)
{
	if (*count < VERDICT_NOTES_MAX)
		rules[(*count)++] = rule;
}

bool
policy_acts(const struct rule *rule, const struct facts *facts)
{
	return !rule->is_audit && policy_share_includes(&facts->client.address, rule->percent);
}

/*
 * Whether a rule that is unknown could refuse, but for what a bound kept from being known. That must not be
 * to the advantage of who sends: then the mail is deferred. Behind a gateway, where a tag is what stands for
 * a refusal, the same holds for one that rests on a client who cannot be told.
 */
static bool
is_withheld(const struct rule *rule, const struct facts *facts, const struct mailbox *recipient)
{
	const struct guess guess = { .withheld = TRUTH_TRUE,
				     .awaited = TRUTH_UNKNOWN,
				     .unmade = TRUTH_FALSE };
	const bool matters = rule->action != ACTION_ACCEPT
			     && (rule->action != ACTION_TAG || facts_withholds_client(facts));

	return policy_acts(rule, facts) && matters
	       && truth_by_guess(rule->condition, facts, recipient, guess) == TRUTH_TRUE;
}

/* Whether a rule comes to something else by what is still to come; one that is false whatever comes does not.
 */
static bool
is_open(const struct rule *rule, const struct facts *facts, const struct mailbox *recipient)
{
	const struct guess least = { TRUTH_UNKNOWN, TRUTH_FALSE, TRUTH_FALSE },
			   most = { TRUTH_UNKNOWN, TRUTH_TRUE, TRUTH_FALSE };

	return facts_awaited(facts) != 0
	       && truth_by_guess(rule->condition, facts, recipient, least)
			  != truth_by_guess(rule->condition, facts, recipient, most);
}

/* The last stage that a condition awaits; STAGE_CONNECT when it awaits none. */
static enum stage
stage_awaited(const struct condition *condition, const struct facts *facts)
{
	int last = STAGES - 1;

	while (last > STAGE_CONNECT && (config_test_methods(condition) & facts->awaited[last]) == 0)
		last--;
	for (size_t i = 0; i < condition->operand_count; i++) {
		const int stage = (int)stage_awaited(condition->operands[i], facts);

		last = stage > last ? stage : last;
	}
	return (enum stage)last;
}

/*
 * Note that a rule awaits more of the message. It decides when it acts, so that no later rule can, and all
 * behind it has to wait; what it only notes holds up nothing.
 */
static void
note_open(const struct rule *rule, const struct facts *facts, struct verdict *verdict)
{
	const enum stage stage = stage_awaited(rule->condition, facts);

	if (policy_acts(rule, facts) && rule->action != ACTION_TAG)
		verdict->pending_until = stage;
	else if (stage > verdict->notes_until)
		verdict->notes_until = stage;
}

/* What the tests of a condition that are unknown lack: checks that failed, or lists of one that did not. */
static unsigned
methods_lacking(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	unsigned methods = 0, failed = 0;

	for (size_t i = 0; i < condition->operand_count; i++)
		methods |= methods_lacking(condition->operands[i], facts, recipient);
	if (condition->operand_count > 0
	    || truth_by_guess(condition, facts, recipient, GUESS_NOW) != TRUTH_UNKNOWN)
		return methods;
	methods = config_test_methods(condition);
	for (int method = 0; method < METHODS; method++)
		failed |= facts->results[method] == RESULT_TEMPERROR ? 1U << method : 0;
	return (methods & failed) != 0 ? methods & failed : methods;
}

/* Note a rule that might have been against the message. */
static void
note_undecided(const struct rule *rule, const struct facts *facts, const struct mailbox *recipient,
	       struct verdict *verdict)
{
	if (verdict->undecided.rule == NULL && action_is_against(rule->action) && policy_acts(rule, facts))
		verdict->undecided =
			(struct undecided){ rule, methods_lacking(rule->condition, facts, recipient) };
}

/* Walk the rules. Returns the one that decides, or will, or NULL. Only what is true is noted. */
static const struct rule *
find_rule(const struct rule_set *rules, const struct facts *facts, const struct mailbox *recipient,
	  struct verdict *verdict)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->items[i];
		const enum truth truth = truth_by_guess(rule->condition, facts, recipient, GUESS_NOW);

		if (is_open(rule, facts, recipient)) {
			note_open(rule, facts, verdict);
			if (verdict_is_pending(verdict))
				return rule;
			continue;
		}
		if (truth == TRUTH_UNKNOWN && rule->action == ACTION_ACCEPT && policy_acts(rule, facts))
			verdict->is_softened = true;
		if (truth == TRUTH_UNKNOWN && is_withheld(rule, facts, recipient)) {
			verdict->withheld = truth_withheld(rule->condition, facts, recipient);
			return rule;
		}
		if (truth == TRUTH_UNKNOWN)
			note_undecided(rule, facts, recipient, verdict);
		if (truth != TRUTH_TRUE)
			continue;
		if (!policy_acts(rule, facts))
			note(verdict->audits, &verdict->audit_count, rule);
		else if (rule->action == ACTION_TAG)
			note(verdict->tags, &verdict->tag_count, rule);
		else
			return rule;
	}
	return NULL;
}

const struct policy *
policy_of(const struct config *config, const struct mailbox *recipient)
{
	for (size_t i = 0; i < config->policies.count; i++) {
		const struct policy *policy = &config->policies.items[i];

		for (size_t j = 0; j < policy->domains.count; j++)
			if (domain_matches(span_of(recipient->domain), span_of(policy->domains.items[j])))
				return policy;
	}
	return &config->default_policy;
}

/* What the rule that was found comes to. A recipient is taken while that is pending, and while rules may
 * still note something; but a refusal that is done waits for no notes. */
static void
set_action(const struct config *config, struct verdict *verdict)
{
	const struct rule *rule = verdict->rule;
	const bool is_lenient = verdict->is_softened;

	verdict->action = rule != NULL && !verdict_is_pending(verdict) ? rule->action : ACTION_ACCEPT;
	verdict->is_softened =
		verdict->withheld != DNS_NOERROR || (is_lenient && verdict->action == ACTION_REJECT);
	if (verdict->is_softened)
		verdict->action = ACTION_DEFER;
	verdict->is_enforced = verdict->action == ACTION_ACCEPT || config->mode == MODE_ENFORCE;
	if (verdict_refuses(verdict))
		verdict->notes_until = STAGE_CONNECT;
	if (verdict->action != ACTION_ACCEPT || verdict_is_pending(verdict))
		verdict->undecided = (struct undecided){ NULL, 0 };
}

/* Judge one reading of the sender for one reading of the recipient, by one policy. */
static struct verdict
judge_by(const struct config *config, const struct policy *policy, const struct facts *facts,
	 const struct mailbox *recipient)
{
	struct verdict verdict = { .facts = facts, .action = ACTION_ACCEPT };

	verdict.rule = find_rule(&config->exceptions, facts, recipient, &verdict);
	if (verdict.rule == NULL)
		verdict.rule = find_rule(&policy->rules, facts, recipient, &verdict);
	if (verdict.rule == NULL && policy->otherwise.action == ACTION_DEFAULT) {
		policy = &config->default_policy;
		verdict.rule = find_rule(&policy->rules, facts, recipient, &verdict);
	}
	if (verdict.rule == NULL && policy->otherwise.place != NULL)
		verdict.rule = &policy->otherwise;
	set_action(config, &verdict);
	if (verdict.rule != NULL && action_is_against(verdict.action))
		verdict.reasons = reasons_of(verdict.rule->condition, facts, recipient);
	return verdict;
}

/* The same by the policy of the recipient; of one that is not read by each that it may have. A refusal that
 * rests on which one it is is a deferral. */
static struct verdict
judge_reading(const struct config *config, const struct facts *facts, const struct mailbox *recipient)
{
	struct verdict worst = judge_by(config, policy_of(config, recipient), facts, recipient);
	bool is_agreed = true;

	for (size_t i = 0; recipient->form == MAILBOX_UNREAD && i < config->policies.count; i++) {
		const struct verdict other = judge_by(config, &config->policies.items[i], facts, recipient);

		is_agreed = is_agreed && other.action == worst.action;
		worst = *policy_worse(&worst, &other);
	}
	if (!is_agreed && action_refuses(worst.action)) {
		worst.withheld = worst.withheld != DNS_NOERROR ? worst.withheld : DNS_RECIPIENT_UNREAD;
		worst.action = ACTION_DEFER;
		worst.is_softened = true;
	}
	return worst;
}

void
policy_count_end(struct policy_end *end, const struct verdict *verdict)
{
	if (!verdict_refuses(verdict))
		end->accepted++;
	else if (verdict->action == ACTION_DEFER)
		end->deferred++;
}

void
policy_overrule(struct verdict *verdict, const struct policy_end *end)
{
	if (!verdict_refuses(verdict))
		return;
	if (end->accepted > 0)
		verdict->overruled = OVERRULED_BY_ACCEPTANCE;
	else if (end->deferred > 0 && verdict->action == ACTION_REJECT)
		verdict->overruled = OVERRULED_BY_DEFERRAL;
	verdict->is_enforced = verdict->overruled == OVERRULED_NOT;
}

static int
severity(const struct verdict *verdict)
{
	switch (verdict->action) {
	case ACTION_REJECT:
		return 5;
	case ACTION_DEFER:
		return 4;
	case ACTION_QUARANTINE:
		return 2;
	default:
		if (verdict_is_pending(verdict)) /* it may come to anything */
			return 3;
		return verdict_waits(verdict) ? 1 : 0;
	}
}

const struct verdict *
policy_worse(const struct verdict *a, const struct verdict *b)
{
	return severity(b) > severity(a) ? b : a;
}

struct verdict
policy_judge(const struct config *config, const struct facts *facts, const struct readings *recipient)
{
	struct verdict worst = judge_reading(config, facts, &recipient->items[0]);

	for (const struct facts *sender = facts; sender != NULL; sender = sender->other) {
		for (size_t i = 0; i < recipient->count; i++) {
			const struct verdict verdict = judge_reading(config, sender, &recipient->items[i]);

			worst = *policy_worse(&worst, &verdict);
		}
	}
	return worst;
}

bool
policy_names_list(const struct condition *condition, struct span zone)
{
	if (condition == NULL)
		return false;
	for (size_t i = 0; i < condition->operand_count; i++)
		if (policy_names_list(condition->operands[i], zone))
			return true;
	for (size_t i = 0; condition->kind == CONDITION_LISTED && i < condition->texts.count; i++)
		if (span_equals(zone, span_of(condition->texts.items[i])))
			return true;
	return false;
}
