/*
 * rule_counts: how often each rule of a configuration would have acted, and did not: in mode audit, for an
 * "audit" rule, or for a share that leaves the client out. By the places of rules, across reloads. Immutable
 * but for the counters; any thread.
 */
#ifndef HELOSCOPE_METRICS_RULES_H
#define HELOSCOPE_METRICS_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"

struct rule_counts;

/* For the rules of `config` that refuse, defer or quarantine, which must outlive it. `previous` may be NULL.
 * NULL when memory ran out. */
struct rule_counts *rule_counts_new(const struct config *config, const struct rule_counts *previous) MUST_USE;
void rule_counts_free(struct rule_counts *rules); /* NULL is allowed */

/* Count a message on which the rule would have acted. Other rules than those are passed over. */
void rule_counts_add(const struct rule_counts *rules, const struct rule *rule);

/* Of several rules of one place and action, the first stands for all, and the others are left out. */
size_t rule_counts_size(const struct rule_counts *rules);
const struct rule *rule_counts_rule(const struct rule_counts *rules, size_t index);
uint64_t rule_counts_value(const struct rule_counts *rules, size_t index);

#endif
