#include "heloscope/config/rules.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/config/comparison.h"
#include "heloscope/config/patterns.h"
#include "heloscope/config/secrets.h"
#include "heloscope/config/words.h"

static size_t
find(const char *const *words, size_t count, const char *word)
{
	size_t i = 0;

	while (i < count && strcmp(words[i], word) != 0)
		i++;
	return i;
}

static struct condition *
new_condition(struct config_reader *reader, enum condition_kind kind)
{
	static struct condition none; /* memory ran out: the configuration is refused at the end */
	struct condition *condition = arena_alloc(&reader->config->arena, sizeof *condition);

	if (condition == NULL)
		return &none;
	condition->kind = kind;
	return condition;
}

static void
add_operand(struct config_reader *reader, struct condition *condition, const struct condition *operand)
{
	const struct condition **items = arena_grow(&reader->config->arena, (void *)condition->operands,
						    condition->operand_count, sizeof *items);

	if (items == NULL)
		return;
	condition->operands = items;
	items[condition->operand_count++] = operand;
	if (operand->depth >= condition->depth)
		condition->depth = operand->depth + 1;
}

/* Add an operand, or its operands when it joins them by the same word. */
static void
join(struct config_reader *reader, struct condition *condition, const struct condition *operand)
{
	if (operand->kind != condition->kind || condition->kind == CONDITION_NOT) {
		add_operand(reader, condition, operand);
		return;
	}
	for (size_t i = 0; i < operand->operand_count; i++)
		add_operand(reader, condition, operand->operands[i]);
}

struct condition *
config_condition(struct config_reader *reader, struct place place, enum condition_kind kind,
		 struct condition *left, const struct condition *right)
{
	struct condition *condition = left;

	if (reader->config->arena.has_failed)
		return left;
	if (left->kind != kind || kind == CONDITION_NOT) {
		condition = new_condition(reader, kind);
		join(reader, condition, left);
	}
	if (right != NULL)
		join(reader, condition, right);
	if (condition->depth > CONFIG_CONDITION_DEPTH) {
		config_complain(
			reader, place,
			"conditions nested more than %d deep; expected fewer parentheses and \"not\" within each other",
			CONFIG_CONDITION_DEPTH);
		return new_condition(reader, CONDITION_TRUSTED); /* said once, and nothing deeper is kept */
	}
	return condition;
}

static struct condition *
quantity_condition(struct config_reader *reader, size_t quantity, enum compare compare, unsigned number)
{
	struct condition *condition = new_condition(reader, CONDITION_QUANTITY);

	condition->quantity = (enum quantity)quantity;
	condition->compare = compare;
	condition->number = number;
	return condition;
}

struct condition *
config_flag_condition(struct config_reader *reader, struct word name)
{
	const size_t quantity = find(config_quantities, QUANTITIES, name.text);

	if (quantity < QUANTITIES)
		return quantity_condition(reader, quantity, COMPARE_MORE, 0);
	if (strcmp(name.text, "authenticated") == 0)
		return new_condition(reader, CONDITION_AUTHENTICATED);
	if (strcmp(name.text, "looks-forwarded") == 0)
		return new_condition(reader, CONDITION_LOOKS_FORWARDED);
	if (strcmp(name.text, "trusted") != 0)
		config_complain_of_bare_test(reader, name);
	return new_condition(reader, CONDITION_TRUSTED);
}

struct condition *
config_number_condition(struct config_reader *reader, struct word name, enum compare compare,
			struct word number)
{
	const size_t quantity = find(config_quantities, QUANTITIES, name.text);
	unsigned value = 0;

	if (quantity == QUANTITIES)
		config_complain_of_test(reader, name,
					"\"dnsbl\", \"dnsbl.operators\" or \"dnswl\" in front of a number");
	if (!span_to_number(span_of(number.text), 0, 999999, &value))
		config_complain(reader, number.place,
				"the number %.20s is too large; expected at most 999999", number.text);
	return quantity_condition(reader, quantity % QUANTITIES, compare, value);
}

static unsigned
result_bits(struct config_reader *reader, const struct value_set *values)
{
	const char *known[RESULTS - RESULT_NONE];
	unsigned bits = 0;

	for (int i = RESULT_NONE; i < RESULTS; i++)
		known[i - RESULT_NONE] = result_word((enum result)i);
	for (size_t i = 0; i < values->count; i++) {
		const size_t word = CONFIG_KNOWN(reader, "result", values->items[i], known);

		if (word < RESULTS - RESULT_NONE)
			bits |= 1U << (RESULT_NONE + word);
	}
	return bits;
}

static size_t
count_words(enum subject subject)
{
	size_t count = 0;

	while (count < CONFIG_SUBJECT_WORDS_MAX && config_subject_words[subject][count] != NULL)
		count++;
	return count;
}

static unsigned
word_bits(struct config_reader *reader, enum subject subject, const struct value_set *values)
{
	const char *const *known = config_subject_words[subject];
	const size_t count = count_words(subject);
	char regard[40];
	unsigned bits = 0;

	(void)snprintf(regard, sizeof regard, "word for \"%s\":", config_subjects[subject]);
	for (size_t i = 0; i < values->count; i++) {
		const size_t word = config_known_word(reader, regard, values->items[i], known, count);

		if (word < count)
			bits |= 1U << word;
	}
	return bits;
}

/* What kind of test it is; some names take patterns or words. NOT: none that takes values. */
static enum condition_kind
kind_of_name(const char *name, enum value_kind values)
{
	const unsigned takes = config_takes(name);

	if ((takes & TAKES_RESULTS) != 0)
		return CONDITION_RESULT;
	if ((takes & TAKES_WORDS) != 0 && ((takes & TAKES_PATTERNS) == 0 || values == VALUE_WORD))
		return CONDITION_WORD;
	if ((takes & TAKES_PATTERNS) != 0)
		return CONDITION_TEXT;
	if ((takes & TAKES_NETWORKS) != 0)
		return CONDITION_CLIENT;
	return (takes & TAKES_ZONES) != 0 ? CONDITION_LISTED : CONDITION_NOT;
}

struct condition *
config_set_condition(struct config_reader *reader, struct word name, bool is_negated,
		     const struct value_set *values)
{
	static const enum config_pattern patterns[SUBJECTS] = {
		[SUBJECT_RECIPIENT] = PATTERN_RECIPIENT, [SUBJECT_MAIL_FROM] = PATTERN_MAIL_FROM,
		[SUBJECT_HELO_NAME] = PATTERN_HELO_NAME, [SUBJECT_CLIENT_NAME] = PATTERN_CLIENT_NAME,
		[SUBJECT_DKIM_DOMAIN] = PATTERN_SIGNER,  [SUBJECT_FROM] = PATTERN_SIGNER,
		[SUBJECT_ARC_SEALER] = PATTERN_SIGNER,
	};
	const enum condition_kind kind = kind_of_name(name.text, values->kind);
	struct condition *condition = new_condition(reader, kind);

	condition->is_negated = is_negated;
	if (kind == CONDITION_RESULT && values->kind == VALUE_WORD) {
		condition->method = method_from_word(name.text);
		condition->results = result_bits(reader, values);
	} else if (kind == CONDITION_TEXT && values->kind == VALUE_STRING) {
		condition->subject = (enum subject)find(config_subjects, SUBJECTS, name.text);
		condition->texts = config_patterns(reader, patterns[condition->subject], values);
		if (condition->subject == SUBJECT_CLIENT_NAME)
			reader->config->asks_client_name = true;
	} else if (kind == CONDITION_WORD && values->kind == VALUE_WORD) {
		condition->subject = (enum subject)find(config_subjects, SUBJECTS, name.text);
		condition->words = word_bits(reader, condition->subject, values);
	} else if (kind == CONDITION_CLIENT && values->kind == VALUE_ADDRESS) {
		config_add_networks(reader, &condition->networks, values);
	} else if (kind == CONDITION_LISTED && values->kind == VALUE_STRING) {
		condition->texts = config_texts(reader, values);
	} else {
		config_complain_of_test(
			reader, name,
			kind == CONDITION_RESULT ? "results without quotes, like { fail, softfail }"
			: kind == CONDITION_TEXT ? "patterns in quotes, like { \"*@example.org\" }"
			: kind == CONDITION_WORD ? "words without quotes, like { quarantine, reject }"
			: kind == CONDITION_CLIENT
				? "networks without quotes, like client in { 192.0.2.0/24 }"
			: kind == CONDITION_LISTED
				? "zones in quotes, like { \"zen.spamhaus.org\" }"
				: "the name of a check, \"recipient\", \"mail-from\", \"helo-name\", \"client-name\", \"dkim.domain\", \"from\", \"dmarc.policy\", \"arc.sealer\", \"client\" or \"listed\"");
	}
	return condition;
}

/* Rules. */

static bool
is_refusal(enum action action)
{
	return action == ACTION_REJECT || action == ACTION_DEFER;
}

static void
set_codes(struct config_reader *reader, struct rule *rule, struct word code, struct word xcode)
{
	const unsigned class = rule->action == ACTION_DEFER ? 4 : 5;

	rule->xcode = xcode.text;
	if (code.text == NULL) {
		if (xcode.text != NULL)
			config_complain(
				reader, xcode.place,
				"the enhanced code %.20s without a reply code; expected both, like %u50 %u.7.1",
				xcode.text, class, class);
		return;
	}
	if (!is_refusal(rule->action)) {
		config_complain(reader, code.place,
				"a reply code for \"%s\"; expected one only after \"reject\" or \"defer\"",
				action_word(rule->action));
		return;
	}
	if (!span_to_number(span_of(code.text), class * 100, class * 100 + 99, &rule->code))
		config_complain(reader, code.place,
				"the reply code %.20s for \"%s\"; expected one of class %u", code.text,
				action_word(rule->action), class);
	else if (xcode.text != NULL && !smtp_reply_codes_are_valid(rule->code, xcode.text))
		config_complain(reader, xcode.place,
				"the enhanced code %.20s; expected one of class %u, like %u.7.1", xcode.text,
				class, class);
}

static void
set_text(struct config_reader *reader, struct rule *rule, struct place place, struct word text)
{
	rule->text = text.text;
	if (rule->action == ACTION_TAG && text.text == NULL)
		config_complain(reader, place, "a tag without its text; expected tag \"TEXT\"");
	if (rule->action == ACTION_ACCEPT && text.text != NULL)
		config_complain(reader, text.place,
				"a text for \"accept\"; expected none, for it is never sent");
	if (text.text != NULL && is_refusal(rule->action) && strlen(text.text) > CONFIG_TEXT_MAX)
		config_complain(reader, text.place,
				"a text of %zu octets; expected at most %d, for a reply has three lines",
				strlen(text.text), CONFIG_TEXT_MAX);
	for (const char *at = text.text; at != NULL && *at != '\0'; at++) {
		if (!ascii_is_printable(*at)) {
			config_complain(
				reader, text.place,
				"a text that is not printable ASCII; SMTP replies can hold nothing else (RFC 5321, 4.2)");
			return;
		}
	}
}

struct rule
config_rule(struct config_reader *reader, struct place place, enum action action, struct word percent,
	    struct word code, struct word xcode, struct word text, const struct condition *condition)
{
	struct rule rule = { .action = action, .percent = 100, .condition = condition };
	char number[8] = "";

	rule.place = arena_printf(&reader->config->arena, "%s:%d", reader->shown, place.line);
	rule.where = config_where(reader, place);
	if (percent.text != NULL) {
		const size_t length = strlen(percent.text) - 1;

		if (length < sizeof number)
			memcpy(number, percent.text, length);
		if (!span_to_number(span_of(number), 1, 100, &rule.percent))
			config_complain(reader, percent.place, "a share of %.20s; expected 1%% to 100%%",
					percent.text);
		if (action == ACTION_ACCEPT || action == ACTION_TAG)
			config_complain(
				reader, percent.place,
				"a share for \"%s\"; expected one only for \"reject\", \"defer\" or \"quarantine\"",
				action_word(action));
	}
	set_codes(reader, &rule, code, xcode);
	set_text(reader, &rule, place, text);
	return rule;
}

void
config_add_rule(struct config_reader *reader, struct rule_set *rules, const struct rule *rule)
{
	struct rule *items = arena_grow(&reader->config->arena, rules->items, rules->count, sizeof *items);

	if (items == NULL)
		return;
	rules->items = items;
	items[rules->count++] = *rule;
}

/* An exception takes mail out of all policies; what refuses belongs into one of them. */
static void
check_exception(struct config_reader *reader, struct place place, const struct rule *rule)
{
	if (rule->action != ACTION_ACCEPT && rule->action != ACTION_TAG)
		config_complain(reader, place,
				"\"%s\" among the exceptions (%s); expected \"accept\" or \"tag\" there",
				action_word(rule->action), rule->where);
}

void
config_add_exceptions(struct config_reader *reader, struct place place, const struct rule_set *rules,
		      const struct rule *otherwise)
{
	config_once(reader, "exceptions", place);
	for (size_t i = 0; i < rules->count; i++)
		check_exception(reader, place, &rules->items[i]);
	if (otherwise->place != NULL)
		config_complain(
			reader, place,
			"\"otherwise\" among the exceptions (%s); expected it in a policy, which follows them",
			otherwise->where);
	reader->config->exceptions = *rules;
}

void
config_add_policy(struct config_reader *reader, struct place place, const struct value_set *domains,
		  const struct rule_set *rules, const struct rule *otherwise)
{
	struct policy_set *policies = &reader->config->policies;
	struct policy policy = {
		.where = config_where(reader, place),
		.rules = *rules,
		.otherwise = *otherwise,
	};
	struct policy *items;

	if (domains == NULL) {
		config_once(reader, "policy", place);
		if (otherwise->action == ACTION_DEFAULT)
			config_complain(
				reader, place,
				"\"otherwise default\" in the default policy itself; expected a verb");
		reader->config->default_policy = policy;
		return;
	}
	items = arena_grow(&reader->config->arena, policies->items, policies->count, sizeof *items);
	if (items == NULL)
		return;
	policies->items = items;
	policy.domains = config_patterns(reader, PATTERN_DOMAIN, domains);
	items[policies->count++] = policy;
}

/* Once all files are read. */

static bool
is_used_list(const struct config *config, const char *zone)
{
	for (size_t i = 0; i < config->lists.count; i++)
		if (strcmp(config->lists.items[i].shown, zone) == 0)
			return true;
	return false;
}

/* The first zone in `listed in { ... }` that no list of the configuration has, or NULL. */
static const char *
find_unused_zone(const struct config *config, const struct condition *condition)
{
	const char *zone;

	if (condition == NULL)
		return NULL;
	for (size_t i = 0; condition->kind == CONDITION_LISTED && i < condition->texts.count; i++)
		if (!is_used_list(config, condition->texts.items[i]))
			return condition->texts.items[i];
	for (size_t i = 0; i < condition->operand_count; i++)
		if ((zone = find_unused_zone(config, condition->operands[i])) != NULL)
			return zone;
	return NULL;
}

/* Whether a test asks for sealers, where none is trusted. */
static bool
asks_for_no_sealer(const struct config *config, const struct condition *condition)
{
	if (condition == NULL || config->arc_sealers.count > 0)
		return false;
	if ((condition->kind == CONDITION_TEXT || condition->kind == CONDITION_WORD)
	    && condition->subject == SUBJECT_ARC_SEALER)
		return true;
	for (size_t i = 0; i < condition->operand_count; i++)
		if (asks_for_no_sealer(config, condition->operands[i]))
			return true;
	return false;
}

static unsigned
complain_of_sealers(const struct config *config, const struct rule *rule, struct output *messages)
{
	if (!asks_for_no_sealer(config, rule->condition))
		return 0;
	output_put(
		messages,
		"%s: \"arc.sealer\" where no sealer is trusted; expected \"trust { arc-sealers { \"DOMAIN\" } }\" somewhere\n",
		rule->where);
	return 1;
}

/* The method that a test asks for; METHODS when it asks for none, or for several. */
static enum method
method_of_test(const struct condition *test)
{
	if (test->kind == CONDITION_RESULT)
		return test->method;
	if (test->kind == CONDITION_LOOKS_FORWARDED)
		return METHOD_DKIM;
	return test->kind == CONDITION_WORD || test->kind == CONDITION_TEXT
		       ? config_subject_method(test->subject)
		       : METHODS;
}

/* The first test of a condition for a method that is not switched on, NULL when there is none. */
static const struct condition *
find_test_that_is_off(const struct config *config, const struct condition *condition)
{
	const struct condition *test = NULL;
	enum method method;

	if (condition == NULL)
		return NULL;
	method = method_of_test(condition);
	if (method < METHODS && !config_switches_on(config, method))
		return condition;
	for (size_t i = 0; i < condition->operand_count && test == NULL; i++)
		test = find_test_that_is_off(config, condition->operands[i]);
	return test;
}

/* The word of a test that does not name its method; NULL: it does. */
static const char *
other_word_of(const struct condition *test)
{
	const char *word = test->kind == CONDITION_RESULT            ? NULL
			   : test->kind == CONDITION_LOOKS_FORWARDED ? "looks-forwarded"
								     : config_subjects[test->subject];
	const char *method = method_words(method_of_test(test))->policy_word;

	return word == NULL || strncmp(word, method, strlen(method)) == 0 ? NULL : word;
}

/* Complain of a test for a method that is not switched on; NULL: there is none. */
static unsigned
complain_of_switch(const struct config *config, const struct rule *rule, const struct condition *test,
		   struct output *messages)
{
	const enum method method = test != NULL ? method_of_test(test) : METHODS;
	const bool lacks_dkim = method == METHOD_DMARC && !config_wants(config, METHOD_DKIM);
	const char *word, *other;

	if (test == NULL)
		return 0;
	word = method_words(method)->policy_word;
	other = other_word_of(test);
	output_put(messages, "%s: ", rule->where);
	if (other != NULL)
		output_put(messages, "\"%s\" needs \"%s\", which", other, word);
	else
		output_put(messages, "\"%s\"", word);
	if (method_words(method)->needs == SWITCH_LOOK_BACK)
		output_put(messages, " needs \"look-back yes\"\n");
	else
		output_put(messages, " is not checked by itself; expected \"enable { %s%s }\" somewhere\n",
			   lacks_dkim ? "dkim, " : "", word);
	return 1;
}

static unsigned
check_rules(struct config *config, const struct rule_set *rules, struct output *messages)
{
	unsigned errors = 0;

	for (size_t i = 0; i < rules->count; i++) {
		const char *zone = find_unused_zone(config, rules->items[i].condition);
		const struct condition *test = find_test_that_is_off(config, rules->items[i].condition);
		char masked[CONFIG_MESSAGE_SIZE];

		errors += complain_of_switch(config, &rules->items[i], test, messages)
			  + complain_of_sealers(config, &rules->items[i], messages);
		if (zone == NULL)
			continue;
		output_put(
			messages,
			"%s: \"%.80s\" is not a list in use; expected the zone of a dnsbl, domain-dnsbl or dnswl line, without its key\n",
			rules->items[i].where, config_mask(config, zone, masked, sizeof masked));
		errors++;
	}
	return errors;
}

/* What DMARC rests on is made, too: without it mail would fail that is as it should be. */
static unsigned
check_dmarc_needs(const struct config *config, struct output *messages)
{
	static const enum method needs[] = { METHOD_DKIM, METHOD_SPF };
	const char *where = config->enabled_at[METHOD_DMARC];
	unsigned errors = 0;

	for (size_t i = 0; config_wants(config, METHOD_DMARC) && i < sizeof needs / sizeof needs[0]; i++) {
		const char *word = method_words(needs[i])->policy_word, *off = config->disabled_at[needs[i]];

		if (config_wants(config, needs[i]))
			continue;
		output_put(messages,
			   "%s: \"dmarc\" fails good mail without \"%s\"%s%s; expected both, or neither\n",
			   where, word, off != NULL ? ", which is disabled in " : "", off != NULL ? off : "");
		errors++;
	}
	return errors;
}

unsigned
config_check_policies(struct config *config, struct output *messages)
{
	unsigned errors = check_dmarc_needs(config, messages)
			  + check_rules(config, &config->exceptions, messages)
			  + check_rules(config, &config->default_policy.rules, messages);

	for (size_t i = 0; i < config->policies.count; i++)
		errors += check_rules(config, &config->policies.items[i].rules, messages);
	return errors;
}
