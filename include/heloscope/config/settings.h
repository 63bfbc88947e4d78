/*
 * config_settings: all settings, a row each.
 *
 * The row is all that the scanner, the grammar, -T and a reload know of a setting. To add one: its row here,
 * its field in config.h, its paragraph in heloscope.conf(5), its line in the sample, its test.
 *
 * Rules, lists and conditions are no settings: the grammar has them.
 */
#ifndef HELOSCOPE_CONFIG_SETTINGS_H
#define HELOSCOPE_CONFIG_SETTINGS_H

#include "heloscope/config/kinds.h"

/* The rows, in the order of -T. */
const struct setting *config_settings(size_t *count);

/* The setting of this name there, behind `last`, which may be NULL; NULL when there is none. */
const struct setting *config_find_setting(enum config_section section, const char *name,
					  const struct setting *last);

/* Give each setting its default. */
void config_preset(struct config *config);

/* Once all is read: settings that have the value of another when they are not said. */
void config_settle(struct config *config);

void config_show_settings(const struct config *config, struct output *out);

/* Whether two configurations have the same values for all settings of this effect. */
bool config_same(const struct config *a, const struct config *b, enum setting_effect effect);

/* Name those of this effect that differ: "listen", "owner of the socket". */
void config_tell_changes(const struct config *a, const struct config *b, enum setting_effect effect,
			 void (*tell)(const char *setting));

#endif
