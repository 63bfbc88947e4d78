/*
 * config_patterns: the patterns of addresses and names, and which of them could never fit anything.
 */
#ifndef HELOSCOPE_CONFIG_PATTERNS_H
#define HELOSCOPE_CONFIG_PATTERNS_H

#include "heloscope/config/values.h"

/* What a pattern is compared with. */
enum config_pattern {
	PATTERN_RECIPIENT,
	PATTERN_MAIL_FROM,
	PATTERN_HELO_NAME,
	PATTERN_CLIENT_NAME,
	PATTERN_SIGNER, /* of a message */
	PATTERN_DOMAIN, /* of recipients: `policy for` */
	PATTERN_OWN_ID, /* of Authentication-Results fields */
	PATTERN_ZONE,   /* of lists */
};

/* Copies of patterns, their domains in the form that the DNS has; complains of those that fit nothing. */
struct text_set config_patterns(struct config_reader *reader, enum config_pattern kind,
				const struct value_set *values);

#endif
