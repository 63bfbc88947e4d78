#include "heloscope/config/sense_peer.h"

#include "heloscope/config/reader.h"
#include "heloscope/config/words.h"

static bool
is_of(const struct condition *condition, enum method method)
{
	return condition->kind == CONDITION_RESULT && condition->method == method;
}

static bool
names_none(const struct condition *test)
{
	return (test->results & 1U << RESULT_NONE) != 0;
}

/* Whether a condition can come to `truth` where the result of a check is "none". */
static bool
can_be(const struct condition *condition, bool truth, enum method method)
{
	const bool needs_all = (condition->kind == CONDITION_AND) == truth;
	size_t count = 0;

	if (condition->kind == CONDITION_NOT)
		return can_be(condition->operands[0], !truth, method);
	if (condition->operand_count == 0)
		return !is_of(condition, method) || (names_none(condition) != condition->is_negated) == truth;
	for (size_t i = 0; i < condition->operand_count; i++)
		count += can_be(condition->operands[i], truth, method);
	return needs_all ? count == condition->operand_count : count > 0;
}

/* Whether one of its tests holds for "none" without saying so, as "!= pass" does. */
static bool
holds_silently(const struct condition *condition, bool is_under_not, enum method method)
{
	for (size_t i = 0; i < condition->operand_count; i++)
		if (holds_silently(condition->operands[i], is_under_not != (condition->kind == CONDITION_NOT),
				   method))
			return true;
	return condition->operand_count == 0 && is_of(condition, method) && !names_none(condition)
	       && condition->is_negated != is_under_not;
}

void
config_warn_of_peer(const struct rule *rule, struct output *messages)
{
	static const enum method methods[] = { METHOD_BANNER, METHOD_PEER_TLS };

	if (rule->is_audit || !action_refuses(rule->action))
		return;
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		const char *word = method_words(methods[i])->policy_word;

		if (holds_silently(rule->condition, false, methods[i])
		    && can_be(rule->condition, true, methods[i]))
			config_warn(
				messages, rule->where,
				"this rule also refuses mail from hosts that only send and have no server, where \"%s\" is none; expected \"%s = fail\", or \"and %s != none\" besides",
				word, word, word);
	}
}
