/*
 * config_index: which rule has a condition, and which policy a name, found without looking at all of them.
 *
 * For config/sense.c, whose questions about each of many rules would else cost the square of their number. An
 * index keeps what it is given and must not outlive it. NULL, when memory ran out, is an index in which there
 * is nothing.
 */
#ifndef HELOSCOPE_CONFIG_INDEX_H
#define HELOSCOPE_CONFIG_INDEX_H

#include "heloscope/config/config.h"

#define INDEX_NONE SIZE_MAX

struct rule_index;
struct name_index;

/* Of the rules for which `is_in` is true. */
struct rule_index *rule_index_new(const struct rule_set *rules,
				  bool (*is_in)(const struct rule *rule)) MUST_USE;
void rule_index_free(struct rule_index *index);

/* The number of the first of them that has the same condition, or INDEX_NONE. */
size_t rule_index_find(const struct rule_index *index, const struct condition *condition);

/* Of the domains of policies. */
struct name_index *name_index_new(const struct policy_set *policies) MUST_USE;
void name_index_free(struct name_index *index);

/* The number of the first policy for exactly this name or pattern, or INDEX_NONE. */
size_t name_index_find(const struct name_index *index, const char *name);

#endif
