#include "heloscope/config/show.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/config/settings.h"
#include "heloscope/config/words.h"
#include "heloscope/config/written.h"

/* Words. */

static const char *
method_policy_word(unsigned index)
{
	return method_words((enum method)index)->policy_word;
}

static const char *
result_name(unsigned index)
{
	return result_word((enum result)index);
}

static const char *
subject_name(unsigned index)
{
	return list_subject_word((enum list_subject)index);
}

/* Lists. */

static void
put_answers(struct output *out, const char *word, const struct answer_set *answers)
{
	if (answers->count == 0)
		return;
	output_put(out, " %s { ", word);
	for (size_t i = 0; i < answers->count; i++) {
		const struct answer_range *range = &answers->items[i];
		const struct ipaddr first = ipaddr_from_ipv4(range->first),
				    last = ipaddr_from_ipv4(range->last);
		char text[IPADDR_TEXT_SIZE];

		output_put(out, "%s%s", i > 0 ? ", " : "", ipaddr_format(&first, text));
		if (range->last != range->first)
			output_put(out, "-%s", ipaddr_format(&last, text));
		if (range->meaning != NULL) {
			output_put(out, " ");
			config_put_string(out, range->meaning);
		}
	}
	output_put(out, " }");
}

static void
put_test_entries(struct output *out, const struct test_entry_set *entries)
{
	output_put(out, "%s", entries->count == 0 ? " test-entries none" : " test-entries {");
	for (size_t i = 0; i < entries->count; i++)
		config_put_option(out, entries->items[i].is_listed ? "listed" : "unlisted",
				  entries->items[i].entry);
	output_put(out, "%s", entries->count == 0 ? "" : " }");
}

static void
show_entry(const struct config *config, const struct list_entry *entry, struct output *out)
{
	output_put(out, "list ");
	config_put_zone(out, config, entry->zone);
	output_put(out, " {");
	config_put_option(out, "operator", entry->operator);
	if (entry->kind != LIST_KIND_UNKNOWN)
		output_put(out, " kind %s", config_list_kinds[entry->kind - 1]);
	if (entry->takes != LIST_TAKES_UNKNOWN)
		output_put(out, " takes %s", config_list_takes[entry->takes - 1]);
	if (entry->ipv6 != LIST_IPV6_UNKNOWN)
		output_put(out, " ipv6 %s", config_list_ipv6[entry->ipv6 - 1]);
	if (entry->status != LIST_STATUS_ALIVE)
		config_put_option(out,
				  entry->status == LIST_STATUS_CLOSED ? "status closed" : "status merged",
				  entry->status_text != NULL ? entry->status_text : "");
	config_put_option(out, "terms", entry->terms);
	config_put_option(out, "page", entry->page);
	if (entry->contained.count > 0) {
		output_put(out, " contains { ");
		for (size_t i = 0; i < entry->contained.count; i++) {
			output_put(out, "%s", i > 0 ? ", " : "");
			config_put_zone(out, config, entry->contained.items[i]);
		}
		output_put(out, " }");
	}
	put_answers(out, "answers", &entry->answers);
	put_answers(out, "errors", &entry->errors);
	if (entry->test_entries.is_said)
		put_test_entries(out, &entry->test_entries);
	output_put(out, " }\n");
}

static bool
is_first_with_entry(const struct config *config, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (config->lists.items[i].entry == config->lists.items[index].entry)
			return false;
	return config->lists.items[index].entry != NULL;
}

static void
show_list(const struct list *list, struct output *out)
{
	const unsigned domains = 1U << LIST_PTR | 1U << LIST_HELO | 1U << LIST_SENDER;
	const bool is_of_addresses = (list->subjects & 1U << LIST_CLIENT) != 0;

	output_put(out, "%s ", list->is_allow ? "dnswl" : is_of_addresses ? "dnsbl" : "domain-dnsbl");
	config_put_string(out, list->shown);
	output_put(out, " weight %u", list->weight);
	if (list->key_file != NULL)
		config_put_option(out, "key-file", list->key_file);
	else if (list->key != NULL)
		config_put_option(out, "key", "***");
	if (!is_of_addresses && list->subjects != domains) {
		output_put(out, " on ");
		config_put_bits(out, list->subjects, subject_name, LIST_SUBJECTS);
	}
	if (list->entry == NULL || list->answers.items != list->entry->answers.items)
		put_answers(out, "answers", &list->answers);
	put_test_entries(out, &list->test_entries);
	if (list->is_left_out)
		output_put(out, " # not queried; see the warning");
	else if (strcmp(list->group, list->shown) != 0)
		output_put(out, " # counts once with \"%s\"", list->group);
	output_put(out, "\n");
}

static void
show_lists(const struct config *config, struct output *out)
{
	for (size_t i = 0; i < config->lists.count; i++)
		if (is_first_with_entry(config, i))
			show_entry(config, config->lists.items[i].entry, out);
	for (size_t i = 0; i < config->lists.count; i++)
		show_list(&config->lists.items[i], out);
}

/* Policies. */

static const char *const compare_words[] = {
	[COMPARE_LESS] = "<",       [COMPARE_AT_MOST] = "<=",  [COMPARE_EQUAL] = "=",
	[COMPARE_DIFFERENT] = "!=", [COMPARE_AT_LEAST] = ">=", [COMPARE_MORE] = ">",
};

static void show_condition(const struct condition *condition, struct output *out);

/* In parentheses when it binds less than what it is an operand of: "or", "and", "not". */
static void
show_operand(const struct condition *condition, enum condition_kind of, struct output *out)
{
	const bool is_joined = (condition->kind == CONDITION_OR && of != CONDITION_OR)
			       || (condition->kind == CONDITION_AND && of == CONDITION_NOT);

	output_put(out, "%s", is_joined ? "(" : "");
	show_condition(condition, out);
	output_put(out, "%s", is_joined ? ")" : "");
}

static const char *
author_word(unsigned kind)
{
	return config_subject_words[SUBJECT_FROM][kind];
}

static const char *
dmarc_word(unsigned policy)
{
	return config_subject_words[SUBJECT_DMARC_POLICY][policy];
}

static const char *
arc_word(unsigned standing)
{
	return config_subject_words[SUBJECT_ARC_SEALER][standing];
}

static const char *(*const word_names[SUBJECTS])(unsigned word) = {
	[SUBJECT_FROM] = author_word,
	[SUBJECT_DMARC_POLICY] = dmarc_word,
	[SUBJECT_ARC_SEALER] = arc_word,
};

static void
show_in(const char *name, const struct condition *condition, struct output *out)
{
	output_put(out, "%s%s in ", name, condition->is_negated ? " not" : "");
	if (condition->kind == CONDITION_CLIENT)
		config_put_networks(out, &condition->networks);
	else
		config_put_texts(out, &condition->texts);
}

/* One word, or several in braces: the bits that are set. */
static void
show_bits(const char *name, const struct condition *condition, unsigned bits,
	  const char *(*word)(unsigned index), unsigned count, struct output *out)
{
	for (unsigned i = 0; i < count; i++) {
		if (bits != 1U << i)
			continue;
		output_put(out, "%s %s %s", name, condition->is_negated ? "!=" : "=", word(i));
		return;
	}
	output_put(out, "%s%s in ", name, condition->is_negated ? " not" : "");
	config_put_bits(out, bits, word, count);
}

static void
show_condition(const struct condition *condition, struct output *out)
{
	switch (condition->kind) {
	case CONDITION_AND:
	case CONDITION_OR:
		for (size_t i = 0; i < condition->operand_count; i++) {
			if (i > 0)
				output_put(out, "%s", condition->kind == CONDITION_AND ? " and " : " or ");
			show_operand(condition->operands[i], condition->kind, out);
		}
		break;
	case CONDITION_NOT:
		output_put(out, "not ");
		show_operand(condition->operands[0], condition->kind, out);
		break;
	case CONDITION_TRUSTED:
		output_put(out, "trusted");
		break;
	case CONDITION_AUTHENTICATED:
		output_put(out, "authenticated");
		break;
	case CONDITION_LOOKS_FORWARDED:
		output_put(out, "looks-forwarded");
		break;
	case CONDITION_RESULT:
		show_bits(method_policy_word((unsigned)condition->method), condition, condition->results,
			  result_name, RESULTS, out);
		break;
	case CONDITION_QUANTITY:
		output_put(out, "%s", config_quantities[condition->quantity]);
		if (condition->quantity == QUANTITY_DNSBL_OPERATORS || condition->compare != COMPARE_MORE
		    || condition->number != 0)
			output_put(out, " %s %u", compare_words[condition->compare], condition->number);
		break;
	case CONDITION_TEXT:
		show_in(config_subjects[condition->subject], condition, out);
		break;
	case CONDITION_WORD:
		show_bits(config_subjects[condition->subject], condition, condition->words,
			  word_names[condition->subject], CONFIG_SUBJECT_WORDS_MAX, out);
		break;
	case CONDITION_CLIENT:
		show_in("client", condition, out);
		break;
	case CONDITION_LISTED:
		show_in("listed", condition, out);
		break;
	}
}

static void
put_rule(const struct rule *rule, struct output *out)
{
	output_put(out, "%s%s", rule->is_audit ? "audit " : "", action_word(rule->action));
	if (rule->percent < 100)
		output_put(out, " %u%%", rule->percent);
	if (rule->code > 0)
		output_put(out, " %u", rule->code);
	if (rule->xcode != NULL)
		output_put(out, " %s", rule->xcode);
	if (rule->text != NULL) {
		output_put(out, " ");
		config_put_string(out, rule->text);
	}
	output_put(out, " when ");
	show_condition(rule->condition, out);
}

static void
show_rule(const struct rule *rule, struct output *out)
{
	output_put(out, "    ");
	put_rule(rule, out);
	output_put(out, " # %s\n", rule->place);
}

static void
show_exceptions(const struct rule_set *rules, struct output *out)
{
	if (rules->count == 0)
		return;
	output_put(out, "exceptions {\n");
	for (size_t i = 0; i < rules->count; i++)
		show_rule(&rules->items[i], out);
	output_put(out, "}\n");
}

static void
show_policy(const struct policy *policy, struct output *out)
{
	output_put(out, "policy ");
	if (policy->domains.count > 0) {
		output_put(out, "for ");
		config_put_texts(out, &policy->domains);
		output_put(out, " ");
	}
	output_put(out, "{\n");
	for (size_t i = 0; i < policy->rules.count; i++)
		show_rule(&policy->rules.items[i], out);
	output_put(out, "    otherwise %s\n}\n", action_word(policy->otherwise.action));
}

void
config_show(const struct config *config, struct output *out)
{
	config_show_settings(config, out);
	show_lists(config, out);
	show_exceptions(&config->exceptions, out);
	show_policy(&config->default_policy, out);
	for (size_t i = 0; i < config->policies.count; i++)
		show_policy(&config->policies.items[i], out);
}

/* One rule. */

/* What is looked for: the rule at a place. */
struct search {
	const char *place;
	const struct rule *found;
	bool is_otherwise;
	size_t count; /* of rules there */
};

static void
note_if_there(struct search *search, const struct rule *rule, bool is_otherwise)
{
	if (rule->place == NULL || strcmp(rule->place, search->place) != 0)
		return;
	search->found = rule;
	search->is_otherwise = is_otherwise;
	search->count++;
}

static void
search_rules(struct search *search, const struct rule_set *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		note_if_there(search, &rules->items[i], false);
}

static void
search_policy(struct search *search, const struct policy *policy)
{
	search_rules(search, &policy->rules);
	note_if_there(search, &policy->otherwise, true);
}

/* Whether it is from a rule for `action`: a rejection in doubt is a deferral. */
static bool
can_say(const struct rule *rule, const char *action)
{
	return strcmp(action_word(rule->action), action) == 0
	       || (rule->action == ACTION_REJECT && strcmp(action_word(ACTION_DEFER), action) == 0);
}

char *
config_rule_text(const struct config *config, const char *place, const char *action)
{
	struct search search = { .place = place };
	struct output out = { .is_utf8 = true };
	char *text = NULL;
	size_t size;

	search_rules(&search, &config->exceptions);
	search_policy(&search, &config->default_policy);
	for (size_t i = 0; i < config->policies.count; i++)
		search_policy(&search, &config->policies.items[i]);
	if (search.count != 1 || !can_say(search.found, action)
	    || (out.file = open_memstream(&text, &size)) == NULL)
		return NULL;
	if (search.is_otherwise)
		output_put(&out, "otherwise %s", action_word(search.found->action));
	else
		put_rule(search.found, &out);
	if (output_close(&out))
		return text;
	free(text);
	return NULL;
}
