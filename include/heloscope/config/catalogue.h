/*
 * config_catalogue: what is known of lists, and what follows for those that are asked.
 */
#ifndef HELOSCOPE_CONFIG_CATALOGUE_H
#define HELOSCOPE_CONFIG_CATALOGUE_H

#include "heloscope/config/values.h"

void config_add_test_entries(struct config_reader *reader, struct test_entry_set *entries, bool is_listed,
			     const struct value_set *values);
void config_set_no_test_entries(struct config_reader *reader, struct test_entry_set *entries,
				struct word none);
void config_set_kind(struct config_reader *reader, struct list_entry *entry, struct word kind);
void config_set_takes(struct config_reader *reader, struct list_entry *entry, struct word takes);
void config_set_ipv6(struct config_reader *reader, struct list_entry *entry, struct word ipv6);
void config_set_status(struct config_reader *reader, struct list_entry *entry, struct word status,
		       const char *text);
void config_set_contained(struct config_reader *reader, struct list_entry *entry,
			  const struct value_set *zones);
void config_add_entry(struct config_reader *reader, struct word zone, struct list_entry entry);

/* Once all files are read: join lists with their entries, and warn of what makes no sense. */
void config_resolve_lists(struct config *config, struct output *messages);

#endif
