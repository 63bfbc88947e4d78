/*
 * config_sense_trust: warnings of "trust" that is well written and yet trusts all, or nobody, or lets rules
 * refuse what a gateway has accepted.
 */
#ifndef HELOSCOPE_CONFIG_SENSE_TRUST_H
#define HELOSCOPE_CONFIG_SENSE_TRUST_H

#include "heloscope/config/config.h"

/* A line each. `path` is that of the configuration. */
void config_warn_of_trust(const struct config *config, const char *path, struct output *messages);

#endif
