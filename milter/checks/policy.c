#include "heloscope/checks/policy.h"

#include <string.h>

static enum truth
truth_of(bool is_true)
{
	return is_true ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth
negated(enum truth truth)
{
	return (enum truth)(TRUTH_TRUE - truth);
}

static enum truth
lesser(enum truth a, enum truth b)
{
	return a < b ? a : b;
}

static enum truth
greater(enum truth a, enum truth b)
{
	return a > b ? a : b;
}

/* A temperror, or a check that did not run, may hide any result. */
static enum truth
result_truth(const struct condition *condition, enum result result)
{
	const bool names_temperror = (condition->results & 1U << RESULT_TEMPERROR) != 0;

	if (result == RESULT_UNCHECKED)
		return TRUTH_UNKNOWN;
	if (result == RESULT_TEMPERROR && !names_temperror)
		return TRUTH_UNKNOWN;
	return truth_of((condition->results & 1U << result) != 0);
}

static bool
compares(unsigned value, enum compare compare, unsigned number)
{
	switch (compare) {
	case COMPARE_LESS:
		return value < number;
	case COMPARE_AT_MOST:
		return value <= number;
	case COMPARE_EQUAL:
		return value == number;
	case COMPARE_DIFFERENT:
		return value != number;
	case COMPARE_AT_LEAST:
		return value >= number;
	default:
		return value > number;
	}
}

/* A number that faults may make larger is unknown when that would change the answer. */
static enum truth
quantity_truth(const struct condition *condition, const struct facts *facts)
{
	const struct list_tally tally = facts_tally(facts, condition->quantity == QUANTITY_DNSWL);
	const bool is_operators = condition->quantity == QUANTITY_DNSBL_OPERATORS;
	const unsigned known = is_operators ? tally.operators : tally.score;
	const unsigned hidden = is_operators ? tally.unknown_operators : tally.unknown_score;
	const bool is_true = compares(known, condition->compare, condition->number);

	for (unsigned value = known + 1; value <= known + hidden; value++)
		if (compares(value, condition->compare, condition->number) != is_true)
			return TRUTH_UNKNOWN;
	return truth_of(is_true);
}

/* Whether an address fits "local@domain", "local@*", "*@domain", "*@*.domain" or "" (the null sender). */
static bool
address_matches(const struct mailbox *mailbox, const char *pattern)
{
	const char *at = strrchr(pattern, '@');
	const struct span local = { pattern, at != NULL ? (size_t)(at - pattern) : strlen(pattern) };

	if (pattern[0] == '\0')
		return mailbox->form == MAILBOX_NULL;
	if (mailbox->form == MAILBOX_NULL)
		return false;
	if (!span_equals(local, SPAN("*")) && !span_equals_nocase(span_of(mailbox->local), local))
		return false;
	/* "postmaster" without a domain is one of ours, whatever our domains are (RFC 5321, 4.5.1). */
	if (at == NULL)
		return mailbox->form == MAILBOX_LOCAL_ONLY || mailbox->is_completed;
	return domain_matches(span_of(mailbox->domain), span_of(at + 1));
}

static bool
client_name_matches(const struct facts *facts, const char *pattern)
{
	for (size_t i = 0; i < facts->iprev.count; i++)
		if (facts->iprev.names[i].is_verified
		    && domain_matches(span_of(facts->iprev.names[i].name), span_of(pattern)))
			return true;
	return false;
}

/* The HELO name as the DNS has it, else as it was said. */
static struct span
helo_span(const struct facts *facts)
{
	return span_of(facts->helo.name[0] != '\0' ? facts->helo.name : facts->helo.given);
}

static bool
text_matches(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient,
	     const char *pattern)
{
	switch (condition->subject) {
	case SUBJECT_RECIPIENT:
		return address_matches(recipient, pattern);
	case SUBJECT_MAIL_FROM:
		return address_matches(&facts->sender.mailbox, pattern);
	case SUBJECT_HELO_NAME:
		return facts->helo.given != NULL && domain_matches(helo_span(facts), span_of(pattern));
	default:
		return client_name_matches(facts, pattern);
	}
}

static enum truth
text_truth(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	const enum result iprev = facts->results[METHOD_IPREV];

	for (size_t i = 0; i < condition->texts.count; i++)
		if (text_matches(condition, facts, recipient, condition->texts.items[i]))
			return TRUTH_TRUE;
	if (condition->subject == SUBJECT_CLIENT_NAME
	    && (iprev == RESULT_TEMPERROR || iprev == RESULT_UNCHECKED))
		return TRUTH_UNKNOWN;
	return TRUTH_FALSE;
}

static enum truth
listed_truth(const struct condition *condition, const struct facts *facts)
{
	enum truth truth = TRUTH_FALSE;

	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		const struct list_facts *lists = &facts->lists[subject];

		for (size_t i = 0; i < lists->count; i++) {
			const struct list_finding *finding = &lists->findings[i];

			for (size_t j = 0; j < condition->texts.count; j++)
				if (strcmp(condition->texts.items[j], finding->zone) == 0)
					truth = greater(truth, finding->state == LIST_LISTED  ? TRUTH_TRUE
							       : finding->state == LIST_FAULT ? TRUTH_UNKNOWN
											      : TRUTH_FALSE);
		}
	}
	return truth;
}

static enum truth
test_truth(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	switch (condition->kind) {
	case CONDITION_TRUSTED:
		return truth_of(facts->client.is_trusted);
	case CONDITION_AUTHENTICATED:
		return truth_of(facts->client.is_authenticated);
	case CONDITION_RESULT:
		return result_truth(condition, facts->results[condition->method]);
	case CONDITION_QUANTITY:
		return quantity_truth(condition, facts);
	case CONDITION_TEXT:
		return text_truth(condition, facts, recipient);
	case CONDITION_CLIENT:
		return truth_of(network_set_contains(&condition->networks, &facts->client.address));
	default:
		return listed_truth(condition, facts);
	}
}

/* Whether a condition, which is a test, looks at what such a list says. */
static bool
looks_at(const struct condition *condition, const struct list_finding *finding)
{
	switch (condition->kind) {
	case CONDITION_LISTED:
		for (size_t i = 0; i < condition->texts.count; i++)
			if (strcmp(condition->texts.items[i], finding->zone) == 0)
				return true;
		return false;
	case CONDITION_QUANTITY:
		return finding->is_allow == (condition->quantity == QUANTITY_DNSWL);
	case CONDITION_RESULT:
		return condition->method == facts_list_method(finding->is_allow);
	default:
		return false;
	}
}

/* Whether it looks at a list that was not asked because this client had too much asked. */
static bool
looks_at_withheld(const struct condition *condition, const struct facts *facts)
{
	for (int subject = 0; subject < LIST_SUBJECTS; subject++)
		for (size_t i = 0; i < facts->lists[subject].count; i++)
			if (facts->lists[subject].findings[i].is_withheld
			    && looks_at(condition, &facts->lists[subject].findings[i]))
				return true;
	return false;
}

/* The methods, as bits, on whose results a condition, which is a test, rests. */
static unsigned
methods_of(const struct condition *condition)
{
	switch (condition->kind) {
	case CONDITION_RESULT:
		return 1U << condition->method;
	case CONDITION_QUANTITY:
		return 1U << facts_list_method(condition->quantity == QUANTITY_DNSWL);
	case CONDITION_LISTED:
		return 1U << METHOD_DNSBL | 1U << METHOD_DNSWL;
	case CONDITION_TEXT:
		return condition->subject == SUBJECT_CLIENT_NAME ? 1U << METHOD_IPREV : 0;
	default:
		return 0;
	}
}

/* What tests are taken for whose answers were withheld, or are still to come. */
struct guess {
	enum truth withheld, awaited;
};

static const struct guess no_guess = { TRUTH_UNKNOWN, TRUTH_UNKNOWN };

static enum truth
guessed_truth(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient,
	      struct guess guess)
{
	enum truth truth;

	if ((methods_of(condition) & facts_awaited(facts)) != 0)
		return guess.awaited;
	truth = test_truth(condition, facts, recipient);
	if (truth == TRUTH_UNKNOWN && looks_at_withheld(condition, facts))
		return guess.withheld;
	return condition->is_negated ? negated(truth) : truth;
}

/* What a condition comes to by that guess; under "not" the guess is the other way round. */
static enum truth
truth_with(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient,
	   struct guess guess)
{
	const struct guess opposite = { negated(guess.withheld), negated(guess.awaited) };
	enum truth truth;

	switch (condition->kind) {
	case CONDITION_AND:
		truth = TRUTH_TRUE;
		for (size_t i = 0; i < condition->operand_count; i++)
			truth = lesser(truth, truth_with(condition->operands[i], facts, recipient, guess));
		return truth;
	case CONDITION_OR:
		truth = TRUTH_FALSE;
		for (size_t i = 0; i < condition->operand_count; i++)
			truth = greater(truth, truth_with(condition->operands[i], facts, recipient, guess));
		return truth;
	case CONDITION_NOT:
		return negated(truth_with(condition->operands[0], facts, recipient, opposite));
	default:
		return guessed_truth(condition, facts, recipient, guess);
	}
}

bool
verdict_is_pending(const struct verdict *verdict)
{
	return verdict->pending_until != STAGE_CONNECT;
}

enum truth
policy_truth(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	return truth_with(condition, facts, recipient, no_guess);
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

/* Whether a rule acts on this client, and does not only tell. */
static bool
acts(const struct rule *rule, const struct facts *facts)
{
	return !rule->is_audit && policy_share_includes(&facts->client.address, rule->percent);
}

/*
 * Whether a rule that is unknown could refuse, but for lists that were not asked because this client had too
 * much asked. That must not be to its advantage: then the mail is deferred.
 */
static bool
is_withheld(const struct rule *rule, const struct facts *facts, const struct mailbox *recipient)
{
	const struct guess guess = { .withheld = TRUTH_TRUE, .awaited = TRUTH_UNKNOWN };

	return acts(rule, facts) && rule->action != ACTION_ACCEPT && rule->action != ACTION_TAG
	       && truth_with(rule->condition, facts, recipient, guess) == TRUTH_TRUE;
}

/* Whether a rule comes to something else by what is still to come; one that is false whatever comes does not.
 */
static bool
is_open(const struct rule *rule, const struct facts *facts, const struct mailbox *recipient)
{
	const struct guess least = { TRUTH_UNKNOWN, TRUTH_FALSE }, most = { TRUTH_UNKNOWN, TRUTH_TRUE };

	return facts_awaited(facts) != 0
	       && truth_with(rule->condition, facts, recipient, least)
			  != truth_with(rule->condition, facts, recipient, most);
}

/* The last stage that a condition awaits; STAGE_CONNECT when it awaits none. */
static enum stage
stage_awaited(const struct condition *condition, const struct facts *facts)
{
	int last = STAGES - 1;

	while (last > STAGE_CONNECT && (methods_of(condition) & facts->awaited[last]) == 0)
		last--;
	for (size_t i = 0; i < condition->operand_count; i++) {
		const int stage = (int)stage_awaited(condition->operands[i], facts);

		last = stage > last ? stage : last;
	}
	return (enum stage)last;
}

/*
 * Note that a rule awaits more of the message. Returns whether all behind it has to wait: it decides when it
 * acts, so that no later rule can; what it only notes holds up nothing.
 */
static bool
is_held_up(const struct rule *rule, const struct facts *facts, struct verdict *verdict)
{
	const enum stage stage = stage_awaited(rule->condition, facts);

	if (stage > verdict->pending_until)
		verdict->pending_until = stage;
	return acts(rule, facts) && rule->action != ACTION_TAG;
}

/* Walk the rules. Returns the one that decides, or will, or NULL. Only what is true is noted. */
static const struct rule *
find_rule(const struct rule_set *rules, const struct facts *facts, const struct mailbox *recipient,
	  struct verdict *verdict)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->items[i];
		const enum truth truth = policy_truth(rule->condition, facts, recipient);

		if (is_open(rule, facts, recipient)) {
			verdict->is_held_up = is_held_up(rule, facts, verdict);
			if (verdict->is_held_up)
				return rule;
			continue;
		}
		if (truth == TRUTH_UNKNOWN && rule->action == ACTION_ACCEPT && acts(rule, facts))
			verdict->is_softened = true;
		verdict->is_withheld = truth == TRUTH_UNKNOWN && is_withheld(rule, facts, recipient);
		if (verdict->is_withheld)
			return rule;
		if (truth != TRUTH_TRUE)
			continue;
		if (!acts(rule, facts))
			note(verdict->audits, &verdict->audit_count, rule);
		else if (rule->action == ACTION_TAG)
			note(verdict->tags, &verdict->tag_count, rule);
		else
			return rule;
	}
	return NULL;
}

static const struct policy *
policy_for(const struct config *config, const struct mailbox *recipient)
{
	for (size_t i = 0; i < config->policies.count; i++) {
		const struct policy *policy = &config->policies.items[i];

		for (size_t j = 0; j < policy->domains.count; j++)
			if (domain_matches(span_of(recipient->domain), span_of(policy->domains.items[j])))
				return policy;
	}
	return &config->default_policy;
}

/*
 * What the rule that was found comes to. A recipient is taken while that is pending, and while something is
 * that rules only note; but a refusal does not wait for notes.
 */
static void
set_action(const struct config *config, struct verdict *verdict)
{
	const struct rule *rule = verdict->rule;
	const bool is_lenient = verdict->is_softened;

	verdict->action = rule != NULL && !verdict->is_held_up ? rule->action : ACTION_ACCEPT;
	verdict->is_softened = verdict->is_withheld || (is_lenient && verdict->action == ACTION_REJECT);
	if (verdict->is_softened)
		verdict->action = ACTION_DEFER;
	verdict->is_enforced = verdict->action == ACTION_ACCEPT || config->mode == MODE_ENFORCE;
	if (verdict->is_enforced && action_refuses(verdict->action))
		verdict->pending_until = STAGE_CONNECT;
	if (verdict_is_pending(verdict)) {
		verdict->action = ACTION_ACCEPT;
		verdict->is_softened = false;
		verdict->is_enforced = true;
	}
}

/* Judge one reading of the sender for one reading of the recipient. */
static struct verdict
judge_reading(const struct config *config, const struct facts *facts, const struct mailbox *recipient)
{
	const struct policy *policy = policy_for(config, recipient);
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
	return verdict;
}

void
policy_overrule(struct verdict *verdict, bool is_accepted, bool is_deferred)
{
	if (!verdict->is_enforced || !action_refuses(verdict->action))
		return;
	if (is_accepted)
		verdict->overruled = OVERRULED_BY_ACCEPTANCE;
	else if (is_deferred && verdict->action == ACTION_REJECT)
		verdict->overruled = OVERRULED_BY_DEFERRAL;
	verdict->is_enforced = verdict->overruled == OVERRULED_NOT;
}

static int
severity(const struct verdict *verdict)
{
	switch (verdict->action) {
	case ACTION_REJECT:
		return 4;
	case ACTION_DEFER:
		return 3;
	case ACTION_QUARANTINE:
		return 1;
	default:
		return verdict_is_pending(verdict) ? 2 : 0; /* it may come to anything */
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
