#include "heloscope/config/show.h"

#include <string.h>

#include "heloscope/config/secrets.h"
#include "heloscope/config/words.h"

/* Values. */

static void
put_string(struct output *out, const char *text)
{
	output_put(out, "\"");
	for (;;) {
		const size_t length = strcspn(text, "\"\\");

		output_span(out, (struct span){ text, length });
		text += length;
		if (*text == '\0')
			break;
		output_put(out, "\\%c", *text++);
	}
	output_put(out, "\"");
}

/* " WORD "TEXT"", or nothing for NULL. */
static void
put_option(struct output *out, const char *word, const char *text)
{
	if (text == NULL)
		return;
	output_put(out, " %s ", word);
	put_string(out, text);
}

static void
put_texts(struct output *out, const struct text_set *texts)
{
	output_put(out, "{ ");
	for (size_t i = 0; i < texts->count; i++) {
		output_put(out, "%s", i > 0 ? ", " : "");
		put_string(out, texts->items[i]);
	}
	output_put(out, " }");
}

static void
put_networks(struct output *out, const struct network_set *networks)
{
	char text[IPADDR_TEXT_SIZE];

	output_put(out, "{ ");
	for (size_t i = 0; i < networks->count; i++)
		output_put(out, "%s%s/%u", i > 0 ? ", " : "",
			   ipaddr_format(&networks->items[i].address, text), networks->items[i].prefix);
	output_put(out, " }");
}

static void
put_duration(struct output *out, const char *word, unsigned milliseconds)
{
	if (milliseconds % 1000 == 0)
		output_put(out, "%s %us\n", word, milliseconds / 1000);
	else
		output_put(out, "%s %ums\n", word, milliseconds);
}

/* "{ a, b }" of the words whose bits are set. */
static void
put_bits(struct output *out, unsigned bits, const char *(*word)(unsigned index), unsigned count)
{
	const char *between = "{ ";

	for (unsigned i = 0; i < count; i++) {
		if ((bits & 1U << i) == 0)
			continue;
		output_put(out, "%s%s", between, word(i));
		between = ", ";
	}
	output_put(out, " }");
}

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
			put_string(out, range->meaning);
		}
	}
	output_put(out, " }");
}

static void
put_probes(struct output *out, const struct probe_set *probes)
{
	output_put(out, "%s", probes->count == 0 ? " probe none" : " probe {");
	for (size_t i = 0; i < probes->count; i++)
		put_option(out, probes->items[i].is_listed ? "listed" : "unlisted", probes->items[i].entry);
	output_put(out, "%s", probes->count == 0 ? "" : " }");
}

/* A zone in quotes, with "***" for a key in front of it. */
static void
put_zone(struct output *out, const struct config *config, const char *zone)
{
	char masked[CONFIG_MESSAGE_SIZE];

	put_string(out, config_mask(config, zone, masked, sizeof masked));
}

static void
show_entry(const struct config *config, const struct list_entry *entry, struct output *out)
{
	output_put(out, "list ");
	put_zone(out, config, entry->zone);
	output_put(out, " {");
	put_option(out, "operator", entry->operator);
	if (entry->kind != LIST_KIND_UNKNOWN)
		output_put(out, " kind %s", config_list_kinds[entry->kind - 1]);
	if (entry->takes != LIST_TAKES_UNKNOWN)
		output_put(out, " takes %s", config_list_takes[entry->takes - 1]);
	if (entry->ipv6 != LIST_IPV6_UNKNOWN)
		output_put(out, " ipv6 %s", config_list_ipv6[entry->ipv6 - 1]);
	if (entry->status != LIST_STATUS_ALIVE)
		put_option(out, entry->status == LIST_STATUS_CLOSED ? "status closed" : "status merged",
			   entry->status_text != NULL ? entry->status_text : "");
	put_option(out, "terms", entry->terms);
	put_option(out, "page", entry->page);
	if (entry->contained.count > 0) {
		output_put(out, " contains { ");
		for (size_t i = 0; i < entry->contained.count; i++) {
			output_put(out, "%s", i > 0 ? ", " : "");
			put_zone(out, config, entry->contained.items[i]);
		}
		output_put(out, " }");
	}
	put_answers(out, "answers", &entry->answers);
	put_answers(out, "errors", &entry->errors);
	if (entry->probes.is_said)
		put_probes(out, &entry->probes);
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
	put_string(out, list->shown);
	output_put(out, " weight %u", list->weight);
	if (list->key_file != NULL)
		put_option(out, "key-file", list->key_file);
	else if (list->key != NULL)
		put_option(out, "key", "***");
	if (!is_of_addresses && list->subjects != domains) {
		output_put(out, " on ");
		put_bits(out, list->subjects, subject_name, LIST_SUBJECTS);
	}
	if (list->entry == NULL || list->answers.items != list->entry->answers.items)
		put_answers(out, "answers", &list->answers);
	put_probes(out, &list->probes);
	if (list->is_left_out)
		output_put(out, " # not asked; see the warning");
	else if (strcmp(list->group, list->shown) != 0)
		output_put(out, " # counts once with \"%s\"", list->group);
	output_put(out, "\n");
}

static void
show_lists(const struct config *config, struct output *out)
{
	put_duration(out, "probe-interval", config->probe_interval_ms);
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

static void
show_in(const char *name, const struct condition *condition, struct output *out)
{
	output_put(out, "%s%s in ", name, condition->is_negated ? " not" : "");
	if (condition->kind == CONDITION_RESULT)
		put_bits(out, condition->results, result_name, RESULTS);
	else if (condition->kind == CONDITION_CLIENT)
		put_networks(out, &condition->networks);
	else
		put_texts(out, &condition->texts);
}

static void
show_results(const struct condition *condition, struct output *out)
{
	const char *name = method_policy_word((unsigned)condition->method);

	for (int i = RESULT_NONE; i < RESULTS; i++) {
		if (condition->results != 1U << i)
			continue;
		output_put(out, "%s %s %s", name, condition->is_negated ? "!=" : "=",
			   result_name((unsigned)i));
		return;
	}
	show_in(name, condition, out);
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
	case CONDITION_RESULT:
		show_results(condition, out);
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
	case CONDITION_CLIENT:
		show_in("client", condition, out);
		break;
	case CONDITION_LISTED:
		show_in("listed", condition, out);
		break;
	}
}

static void
show_rule(const struct rule *rule, struct output *out)
{
	output_put(out, "    %s%s", rule->is_audit ? "audit " : "", action_word(rule->action));
	if (rule->percent < 100)
		output_put(out, " %u%%", rule->percent);
	if (rule->code > 0)
		output_put(out, " %u", rule->code);
	if (rule->xcode != NULL)
		output_put(out, " %s", rule->xcode);
	if (rule->text != NULL) {
		output_put(out, " ");
		put_string(out, rule->text);
	}
	output_put(out, " when ");
	show_condition(rule->condition, out);
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
		put_texts(out, &policy->domains);
		output_put(out, " ");
	}
	output_put(out, "{\n");
	for (size_t i = 0; i < policy->rules.count; i++)
		show_rule(&policy->rules.items[i], out);
	output_put(out, "    otherwise %s\n}\n", action_word(policy->otherwise.action));
}

/* The rest. */

static void
show_identity(const struct config *config, struct output *out)
{
	const struct text_set also = { config->own_ids.items + 1, config->own_ids.count - 1 };

	output_put(out, "authserv-id ");
	put_string(out, config->authserv_id);
	if (also.count > 0) {
		output_put(out, " also ");
		put_texts(out, &also);
	}
	output_put(out, "\nlisten ");
	put_string(out, config->listen);
	output_put(out, " {");
	put_option(out, "owner", config->socket_owner);
	put_option(out, "group", config->socket_group);
	output_put(out, " mode 0%o }\nuser ", config->socket_mode);
	put_string(out, config->user);
	put_option(out, "group", config->group);
	output_put(out, "\nmode %s\nlog %s level %s\n", config->mode == MODE_ENFORCE ? "enforce" : "audit",
		   config_log_targets[config->log_target], config_log_levels[config->log_level]);
	if (config->audit_log != NULL) {
		put_option(out, "audit log", config->audit_log);
		output_put(out, "\n");
	}
	if (config->contact != NULL) {
		put_option(out, "contact", config->contact);
		output_put(out, "\n");
	}
}

static void
show_resolver(const struct config *config, struct output *out)
{
	output_put(out, "resolver {\n    servers ");
	if (config->resolver.mode != RESOLVER_SERVERS)
		output_put(out, "%s", config->resolver.mode == RESOLVER_SYSTEM ? "system" : "recursive");
	for (size_t i = 0; i < config->servers.count; i++)
		output_put(out, "%s%s", i > 0 ? ", " : "", config->servers.items[i]);
	output_put(out, "\n");
	for (size_t i = 0; i < config->zones.count; i++) {
		output_put(out, "    zone ");
		put_zone(out, config, config->zones.items[i].name);
		output_put(out, " servers %s\n", config->zones.items[i].server);
	}
	put_duration(out, "    timeout", config->timeout_ms);
	output_put(out, "    cache %lukB\n", config->cache_octets >> 10);
	if (config->resolver.trust_anchor != NULL) {
		output_put(out, "   ");
		put_option(out, "trust-anchor", config->resolver.trust_anchor);
		output_put(out, "\n");
	}
	output_put(out, "}\n");
}

static void
show_probe(const struct config *config, struct output *out)
{
	const struct prober_settings *probe = &config->probe;

	output_put(out, "probe %s {", config_flags[config->probes]);
	put_option(out, "ehlo-name", probe->ehlo_name != config->authserv_id ? probe->ehlo_name : NULL);
	output_put(out, " port %u at-a-time %u per-minute %u", probe->port, probe->at_a_time,
		   probe->per_minute);
	put_option(out, "file", probe->file);
	if (probe->allowed.count > 0) {
		output_put(out, " networks ");
		put_networks(out, &probe->allowed);
	}
	put_duration(out, " timeout", probe->timeout_ms);
	output_put(out, "}\n");
}

static void
show_checks(const struct config *config, struct output *out)
{
	output_put(out, "trust {\n");
	if (config->trusted.count > 0) {
		output_put(out, "    networks ");
		put_networks(out, &config->trusted);
		output_put(out, "\n");
	}
	output_put(out, "    authenticated %s\n    keep-results %s\n}\n",
		   config_flags[config->trusts_authenticated], config_flags[config->keeps_trusted_results]);
	output_put(out, "spf { engine %s explanation %s }\nreceived-spf %s\n",
		   config_spf_engines[config->spf_engine], config_flags[config->shows_spf_explanation],
		   config_flags[config->adds_received_spf]);
	show_probe(config, out);
	if (config->disabled != 0) {
		output_put(out, "disable ");
		put_bits(out, config->disabled, method_policy_word, METHODS);
		output_put(out, "\n");
	}
}

void
config_show(const struct config *config, struct output *out)
{
	show_identity(config, out);
	show_resolver(config, out);
	show_checks(config, out);
	show_lists(config, out);
	show_exceptions(&config->exceptions, out);
	show_policy(&config->default_policy, out);
	for (size_t i = 0; i < config->policies.count; i++)
		show_policy(&config->policies.items[i], out);
}
