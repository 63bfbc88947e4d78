/*
 * config_sense: warnings of rules that are well written and yet do not do what they seem to.
 */
#ifndef HELOSCOPE_CONFIG_SENSE_H
#define HELOSCOPE_CONFIG_SENSE_H

#include "heloscope/config/config.h"

/*
 * Warn, a line each, of what is well written and yet hardly meant: a file at `path` without a setting or a
 * policy, rules that never act, exceptions that a policy lacks, zones that look misspelt, trust in too many.
 * For those who check or start, not for each reader.
 */
void config_warn_of_nonsense(const struct config *config, const char *path, struct output *messages);

#endif
