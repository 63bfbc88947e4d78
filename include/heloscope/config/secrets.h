/*
 * config_secrets: keys of lists stay out of whatever is shown.
 */
#ifndef HELOSCOPE_CONFIG_SECRETS_H
#define HELOSCOPE_CONFIG_SECRETS_H

#include "heloscope/base/span.h"
#include "heloscope/config/config.h"

#define KEY_LENGTH_MIN 20 /* a first label as long as this, in no catalogue, is taken for a key */

/* What is a key, though the configuration does not say so again: copied. NULL and "" are allowed. */
void config_add_secret(struct config *config, struct span secret);

/*
 * Copy `text` into `memory` of `size` octets, with "***" for each key in it: those that were said, what
 * stands in front of a zone that the catalogue has as "*.ZONE", and words of KEY_LENGTH_MIN letters and
 * digits. What does not fit is cut. Returns `memory`.
 */
const char *config_mask(const struct config *config, const char *text, char *memory, size_t size);

#define CONFIG_MESSAGE_SIZE 2048 /* octets of a message, with its NUL */

#endif
