#include "heloscope/config/values.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
config_add_value(struct config_reader *reader, struct value_set *set, enum value_kind kind, struct word value)
{
	struct word *items = arena_grow(&reader->config->arena, set->items, set->count, sizeof *items);

	if (items == NULL)
		return;
	if (set->count == 0)
		set->kind = kind;
	set->items = items;
	set->items[set->count++] = value;
}

struct text_set
config_texts(struct config_reader *reader, const struct value_set *values)
{
	struct text_set texts = { 0 };

	for (size_t i = 0; i < values->count; i++)
		config_add_text(reader, &texts, values->items[i].text);
	return texts;
}

void
config_add_networks(struct config_reader *reader, struct network_set *networks,
		    const struct value_set *values)
{
	for (size_t i = 0; i < values->count; i++) {
		struct network *items =
			arena_grow(&reader->config->arena, networks->items, networks->count, sizeof *items);
		const char *reason;

		if (items == NULL)
			return;
		networks->items = items;
		if (network_parse(span_of(values->items[i].text), &items[networks->count], &reason))
			networks->count++;
		else
			config_complain(reader, values->items[i].place,
					"\"%.60s\" %s; expected a network like 192.0.2.0/24 or 2001:db8::/32",
					values->items[i].text, reason);
	}
	network_set_sort(networks);
}

static const struct unit {
	const char *name, *smallest; /* of its kind */
	unsigned long factor;
} units[] = { { "h", "ms", 3600000 },   { "m", "ms", 60000 },      { "s", "ms", 1000 },
	      { "ms", "ms", 1 },        { "GB", "kB", 1UL << 30 }, { "MB", "kB", 1UL << 20 },
	      { "kB", "kB", 1UL << 10 } };

#define UNITS (sizeof units / sizeof units[0])

unsigned long
config_measure(const char *text)
{
	char *unit;
	const unsigned long value = strtoul(text, &unit, 10);

	for (size_t i = 0; i < UNITS; i++)
		if (strcmp(units[i].name, unit) == 0)
			return value <= ULONG_MAX / units[i].factor ? value * units[i].factor : ULONG_MAX;
	return ULONG_MAX;
}

const char *
config_format_measure(unsigned long number, const char *unit, char text[MEASURE_SIZE])
{
	unsigned long factor = 1;

	for (size_t i = 0; i < UNITS; i++) {
		if (strcmp(units[i].smallest, unit) != 0 || number % units[i].factor != 0)
			continue;
		unit = units[i].name;
		factor = units[i].factor;
		break;
	}
	(void)snprintf(text, MEASURE_SIZE, "%lu%s", number / factor, unit);
	return text;
}
