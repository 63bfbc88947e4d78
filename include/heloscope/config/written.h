/*
 * config_written: values as heloscope.conf(5) has them, for -T.
 */
#ifndef HELOSCOPE_CONFIG_WRITTEN_H
#define HELOSCOPE_CONFIG_WRITTEN_H

#include "heloscope/config/config.h"

/* In quotes, so that the scanner reads it back. */
void config_put_string(struct output *out, const char *text);

/* A zone in quotes, with "***" for a key in front of it. */
void config_put_zone(struct output *out, const struct config *config, const char *zone);

/* ` WORD "TEXT"`, or nothing for NULL. */
void config_put_option(struct output *out, const char *word, const char *text);

/* "{ a, b }" of strings, of networks, and of the words whose bits are set. */
void config_put_texts(struct output *out, const struct text_set *texts);
void config_put_networks(struct output *out, const struct network_set *networks);
void config_put_bits(struct output *out, unsigned bits, const char *(*word)(unsigned index), unsigned count);

#endif
