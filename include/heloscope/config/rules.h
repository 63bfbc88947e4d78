/*
 * config_rules: policies, rules and their conditions.
 */
#ifndef HELOSCOPE_CONFIG_RULES_H
#define HELOSCOPE_CONFIG_RULES_H

#include "heloscope/config/values.h"

/* Conditions and rules. `left` becomes part of what comes back, or is it; `right` is NULL for NOT. */
struct condition *config_condition(struct config_reader *reader, struct place place, enum condition_kind kind,
				   struct condition *left, const struct condition *right);
struct condition *config_flag_condition(struct config_reader *reader, struct word name);
struct condition *config_number_condition(struct config_reader *reader, struct word name,
					  enum compare compare, struct word number);
struct condition *config_set_condition(struct config_reader *reader, struct word name, bool is_negated,
				       const struct value_set *values);

struct rule config_rule(struct config_reader *reader, struct place place, enum action action,
			struct word percent, struct word code, struct word xcode, struct word text,
			const struct condition *condition);
void config_add_rule(struct config_reader *reader, struct rule_set *rules, const struct rule *rule);
void config_add_exceptions(struct config_reader *reader, struct place place, const struct rule_set *rules,
			   const struct rule *otherwise);
void config_add_policy(struct config_reader *reader, struct place place, const struct value_set *domains,
		       const struct rule_set *rules, const struct rule *otherwise);

/* Complain of rules that name a list which is not asked; once all files are read. Returns how many. */
unsigned config_check_policies(struct config *config, struct output *messages);

#endif
