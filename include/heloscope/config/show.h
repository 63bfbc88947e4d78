/*
 * config_show: writes a configuration in its own language, as it takes effect.
 *
 * Files are joined, defaults are spelled out, and of the catalogue only what belongs to the lists
 * in use is there. Keys are masked; but for them, what is written reads back as the same
 * configuration. Any thread.
 */
#ifndef HELOSCOPE_CONFIG_SHOW_H
#define HELOSCOPE_CONFIG_SHOW_H

#include "heloscope/config/config.h"

void config_show(const struct config *config, struct output *out);

/*
 * The rule at `place`, which a record names, in the same language on one line, for free(3). NULL when none
 * stands there or several do, it cannot end in `action`, so that it is another than the record knows, or
 * memory ran out.
 */
char *config_rule_text(const struct config *config, const char *place, const char *action);

#endif
