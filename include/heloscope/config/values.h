/*
 * config_values: values of a statement as they were written, and what they stand for.
 *
 * Sets of words, strings or addresses; networks; numbers with a unit.
 */
#ifndef HELOSCOPE_CONFIG_VALUES_H
#define HELOSCOPE_CONFIG_VALUES_H

#include "heloscope/config/reader.h"

/* The kinds of values that a set may hold. */
enum value_kind { VALUE_WORD, VALUE_STRING, VALUE_ADDRESS };

struct value_set {
	enum value_kind kind; /* of the first */
	struct word *items;
	size_t count;
};

void config_add_value(struct config_reader *reader, struct value_set *set, enum value_kind kind,
		      struct word value);

/* Copies of the texts. */
struct text_set config_texts(struct config_reader *reader, const struct value_set *values);

void config_add_networks(struct config_reader *reader, struct network_set *networks,
			 const struct value_set *values);

/* A number with a unit: milliseconds, or octets. ULONG_MAX when that is more than fits. */
unsigned long config_measure(const char *text);

#define MEASURE_SIZE 24

/* The reverse, with the largest unit that fits: 90000 with the unit "ms" -> "90s". No unit: a plain number.
 */
const char *config_format_measure(unsigned long number, const char *unit, char text[MEASURE_SIZE]);

#endif
