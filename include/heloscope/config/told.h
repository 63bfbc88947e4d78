/*
 * config_told: a configuration that is read by a program whose messages go to its log.
 */
#ifndef HELOSCOPE_CONFIG_TOLD_H
#define HELOSCOPE_CONFIG_TOLD_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"

/* Read it, with its messages in `text`, for config_log_told(). NULL when there were errors. */
struct config *config_read_told(const char *path, char **text) MUST_USE;

/* What is said of a configuration, a line each. Takes `text`, which may be NULL. */
void config_log_told(char *text, bool is_usable);

#endif
