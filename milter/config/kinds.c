#include "heloscope/config/kinds.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/config/comparison.h"
#include "heloscope/config/open.h"
#include "heloscope/config/servers.h"
#include "heloscope/config/written.h"

#define FAULT_SIZE 60

/* Fields. */

static void *
field_of(const struct setting *setting, struct config *config)
{
	return (char *)config + setting->offset;
}

static const void *
const_field_of(const struct setting *setting, const struct config *config)
{
	return (const char *)config + setting->offset;
}

static const char *
text_of(const struct setting *setting, const struct config *config)
{
	return *(const char *const *)const_field_of(setting, config);
}

/* The text that is the default of another. */
static const char *
like_of(const struct setting *setting, const struct config *config)
{
	return *(const char *const *)((const char *)config + setting->like);
}

static void
set_text(const struct setting *setting, struct config *config, const char *text)
{
	*(const char **)field_of(setting, config) = text;
}

/* Numbers are bool, uint16_t, unsigned (as are enums) or unsigned long, which differ in size. */
static unsigned long
number_of(const struct setting *setting, const struct config *config)
{
	const void *field = const_field_of(setting, config);

	switch (setting->size) {
	case sizeof(bool):
		return *(const bool *)field;
	case sizeof(uint16_t):
		return *(const uint16_t *)field;
	case sizeof(unsigned):
		return *(const unsigned *)field;
	default:
		return *(const unsigned long *)field;
	}
}

static void
set_number(const struct setting *setting, struct config *config, unsigned long number)
{
	void *field = field_of(setting, config);

	switch (setting->size) {
	case sizeof(bool):
		*(bool *)field = number != 0;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)number;
		break;
	case sizeof(unsigned):
		*(unsigned *)field = (unsigned)number;
		break;
	default:
		*(unsigned long *)field = number;
	}
}

static const struct network_set *
networks_of(const struct setting *setting, const struct config *config)
{
	return const_field_of(setting, config);
}

static const struct text_set *
texts_of(const struct setting *setting, const struct config *config)
{
	return const_field_of(setting, config);
}

/* How often a setting is written. */

static size_t
count_none(const struct setting *setting, const struct config *config)
{
	(void)setting;
	(void)config;
	return 0;
}

static size_t
count_one(const struct setting *setting, const struct config *config)
{
	(void)setting;
	(void)config;
	return 1;
}

static size_t
count_text(const struct setting *setting, const struct config *config)
{
	const char *text = text_of(setting, config);

	return text != NULL && !(setting->is_like && text == like_of(setting, config)) ? 1 : 0;
}

static size_t
count_texts(const struct setting *setting, const struct config *config)
{
	return texts_of(setting, config)->count > 0 ? 1 : 0;
}

static size_t
count_networks(const struct setting *setting, const struct config *config)
{
	return networks_of(setting, config)->count > 0 ? 1 : 0;
}

static size_t
count_methods(const struct setting *setting, const struct config *config)
{
	return number_of(setting, config) != 0 ? 1 : 0;
}

/* Whether a server is the first of its zone: all others come next. */
static bool
begins_zone(const struct zone_set *zones, size_t at)
{
	return at == 0 || strcmp(zones->items[at - 1].name, zones->items[at].name) != 0;
}

static size_t
count_zones(const struct setting *setting, const struct config *config)
{
	size_t count = 0;

	(void)setting;
	for (size_t i = 0; i < config->zones.count; i++)
		count += begins_zone(&config->zones, i) ? 1 : 0;
	return count;
}

/* Values, taken. */

static void
complain_of(struct config_reader *reader, const struct setting *setting, struct word value, const char *after)
{
	config_complain(reader, value.place, "%s\"%.80s\"%s; expected %s", setting->before, value.text,
			after != NULL ? after : "", setting->expected);
}

static void
take_text(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	const struct word value = values->items[0];
	char memory[FAULT_SIZE];
	struct strbuf fault = STRBUF_OVER(memory);

	if (setting->tell_fault != NULL)
		setting->tell_fault(value.text, &fault);
	if (fault.length > 0)
		complain_of(reader, setting, value, memory);
	else if (setting->is_good != NULL && !setting->is_good(value.text))
		complain_of(reader, setting, value, setting->after);
	set_text(setting, reader->config, value.text);
}

static void
take_file(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	const struct word path = values->items[0];
	struct error reason;
	FILE *file = config_open_file(path.text, NULL, &reason);

	set_text(setting, reader->config, path.text);
	if (file == NULL)
		config_complain(reader, path.place, "%s\"%.200s\" cannot be read: %s", setting->before,
				path.text, reason.text);
	else
		(void)fclose(file);
}

static void
take_patterns(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	*(struct text_set *)field_of(setting, reader->config) =
		config_patterns(reader, setting->pattern, values);
}

static void
take_word(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	const size_t index = config_known_word(reader, setting->before, values->items[0], setting->words,
					       setting->word_count);

	if (index == setting->word_count)
		return;
	if (setting->is_built == NULL || setting->is_built(index))
		set_number(setting, reader->config, index);
	else
		config_complain(reader, values->items[0].place,
				"this heloscope was built without the %s \"%s\"; expected another",
				setting->before, setting->words[index]);
}

/* Keep `number`, which `value` stands for, or complain: "a cache of 5kB; expected 256kB to 64GB". */
static void
take_in_range(struct config_reader *reader, const struct setting *setting, struct word value,
	      unsigned long number, const char *unit, const char *what)
{
	char min[MEASURE_SIZE], max[MEASURE_SIZE];

	if (number >= setting->min && number <= setting->max)
		set_number(setting, reader->config, number);
	else
		config_complain(reader, value.place, "%s%.20s%s; expected %s%s to %s%s", setting->before,
				value.text, setting->after != NULL ? setting->after : "", what,
				config_format_measure(setting->min, unit, min),
				config_format_measure(setting->max, unit, max),
				setting->expected != NULL ? setting->expected : "");
}

static void
take_duration(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	const struct word value = values->items[0];

	take_in_range(reader, setting, value, config_measure(value.text), "ms", "");
}

static void
take_size(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	const struct word value = values->items[0];

	take_in_range(reader, setting, value, config_measure(value.text), "kB", "");
}

static void
take_number(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	const struct word value = values->items[0];
	unsigned number = 0;
	const bool is_one = span_to_number(span_of(value.text), 0, UINT32_MAX, &number);

	take_in_range(reader, setting, value, is_one ? number : ULONG_MAX, "", "a number from ");
}

static void
take_file_mode(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	const struct word value = values->items[0];
	char *end;
	const unsigned long mode = strtoul(value.text, &end, 8);

	if (*end != '\0' || mode > 0777)
		config_complain(reader, value.place,
				"the mode %.20s is not a file mode; expected an octal number like 0660",
				value.text);
	else
		set_number(setting, reader->config, mode);
}

static void
take_networks(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	config_add_networks(reader, field_of(setting, reader->config), values);
}

/* The names of the checks that can stand there. Returns how many. */
static size_t
name_checks(const struct setting *setting, const char *names[METHODS])
{
	size_t count = 0;

	for (int i = 0; i < METHODS; i++)
		if (setting->needs == SWITCH_NONE || method_words((enum method)i)->needs == setting->needs)
			names[count++] = method_words((enum method)i)->policy_word;
	return count;
}

void
config_offer_checks(struct config_reader *reader, const struct setting *setting)
{
	const char *names[METHODS];

	config_offer_words(reader, names, name_checks(setting, names));
}

static void
take_methods(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	const char **places = (const char **)(void *)((char *)reader->config + setting->places);
	unsigned long bits = number_of(setting, reader->config);
	const char *known[METHODS];
	const size_t count = name_checks(setting, known);

	for (size_t i = 0; i < values->count; i++) {
		const struct word word = values->items[i];
		const size_t index = config_known_word(reader, setting->before, word, known, count);

		if (index == count)
			continue;
		bits |= 1UL << method_from_word(known[index]);
		places[method_from_word(known[index])] = config_where(reader, word.place);
	}
	set_number(setting, reader->config, bits);
}

static void
take_servers(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	(void)setting;
	config_set_servers(reader, values);
}

static void
take_zone(struct config_reader *reader, const struct setting *setting, const struct value_set *values)
{
	(void)setting;
	config_add_zone(reader, values);
}

/* Values, written. */

static void
put_text(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	(void)index;
	config_put_string(out, text_of(setting, config));
}

static void
put_patterns(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	(void)index;
	config_put_texts(out, texts_of(setting, config));
}

static void
put_word(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	(void)index;
	output_put(out, "%s", setting->words[number_of(setting, config)]);
}

static void
put_duration(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	char text[MEASURE_SIZE];

	(void)index;
	output_put(out, "%s", config_format_measure(number_of(setting, config), "ms", text));
}

static void
put_size(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	char text[MEASURE_SIZE];

	(void)index;
	output_put(out, "%s", config_format_measure(number_of(setting, config), "kB", text));
}

static void
put_number(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	(void)index;
	output_put(out, "%lu", number_of(setting, config));
}

static void
put_file_mode(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	(void)index;
	output_put(out, "0%lo", number_of(setting, config));
}

static void
put_networks(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	(void)index;
	config_put_networks(out, networks_of(setting, config));
}

static const char *
method_name(unsigned index)
{
	return method_words((enum method)index)->policy_word;
}

static void
put_methods(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	(void)index;
	config_put_bits(out, (unsigned)number_of(setting, config), method_name, METHODS);
}

static void
put_servers(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	(void)setting;
	(void)index;
	config_put_servers(out, config);
}

static void
put_zone(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	const struct zone_set *zones = &config->zones;
	size_t at = 0;

	(void)setting;
	for (size_t i = 0; i < index; i++)
		do
			at++;
		while (!begins_zone(zones, at));
	config_put_zone(out, config, zones->items[at].name);
	output_put(out, " servers %s", zones->items[at].server);
	for (at++; at < zones->count && !begins_zone(zones, at); at++)
		output_put(out, ", %s", zones->items[at].server);
}

/* Values, compared. */

static bool
same_nothing(const struct setting *setting, const struct config *a, const struct config *b)
{
	(void)setting;
	(void)a;
	(void)b;
	return true;
}

static bool
same_text(const struct setting *setting, const struct config *a, const struct config *b)
{
	const char *one = text_of(setting, a), *other = text_of(setting, b);

	return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static bool
same_texts(const struct setting *setting, const struct config *a, const struct config *b)
{
	return text_set_equals(texts_of(setting, a), texts_of(setting, b));
}

static bool
same_number(const struct setting *setting, const struct config *a, const struct config *b)
{
	return number_of(setting, a) == number_of(setting, b);
}

static bool
same_networks(const struct setting *setting, const struct config *a, const struct config *b)
{
	return network_set_equals(networks_of(setting, a), networks_of(setting, b));
}

static bool
same_servers(const struct setting *setting, const struct config *a, const struct config *b)
{
	(void)setting;
	return config_same_servers(a, b);
}

static bool
same_zones(const struct setting *setting, const struct config *a, const struct config *b)
{
	(void)setting;
	return config_same_zones(a, b);
}

/* The kinds. */

static const struct {
	void (*take)(struct config_reader *reader, const struct setting *setting,
		     const struct value_set *values);
	size_t (*count)(const struct setting *setting, const struct config *config);
	void (*put)(const struct setting *setting, const struct config *config, size_t index,
		    struct output *out);
	bool (*same)(const struct setting *setting, const struct config *a, const struct config *b);
	bool adds; /* keeps what was said before, so that it may be said any number of times */
} kinds[SETTING_KINDS] = {
	[KIND_BLOCK] = { NULL, count_none, NULL, same_nothing },
	[KIND_TEXT] = { take_text, count_text, put_text, same_text },
	[KIND_FILE] = { take_file, count_text, put_text, same_text },
	[KIND_PATTERNS] = { take_patterns, count_texts, put_patterns, same_texts },
	[KIND_WORD] = { take_word, count_one, put_word, same_number },
	[KIND_DURATION] = { take_duration, count_one, put_duration, same_number },
	[KIND_SIZE] = { take_size, count_one, put_size, same_number },
	[KIND_NUMBER] = { take_number, count_one, put_number, same_number },
	[KIND_FILE_MODE] = { take_file_mode, count_one, put_file_mode, same_number },
	[KIND_NETWORKS] = { take_networks, count_networks, put_networks, same_networks, true },
	[KIND_CHECKS] = { take_methods, count_methods, put_methods, same_number, true },
	[KIND_SERVERS] = { take_servers, count_one, put_servers, same_servers },
	[KIND_ZONES] = { take_zone, count_zones, put_zone, same_zones, true },
};

void
config_take(struct config_reader *reader, const struct setting *setting, struct place place,
	    const struct value_set *values)
{
	reader->awaited = NULL;
	reader->setting = setting;
	reader->end_of_last = reader->serial;
	if (!kinds[setting->kind].adds)
		config_once(reader, setting->full_name != NULL ? setting->full_name : setting->name, place);
	if (setting->has_effect != NULL && !setting->has_effect(reader->config))
		config_complain(reader, place, "\"%s\" %s", setting->name, setting->no_effect);
	if (values->count > 0) /* else memory ran out */
		kinds[setting->kind].take(reader, setting, values);
}

size_t
config_count(const struct setting *setting, const struct config *config)
{
	return kinds[setting->kind].count(setting, config);
}

void
config_put_value(const struct setting *setting, const struct config *config, size_t index, struct output *out)
{
	kinds[setting->kind].put(setting, config, index, out);
}

bool
config_same_value(const struct setting *setting, const struct config *a, const struct config *b)
{
	return kinds[setting->kind].same(setting, a, b);
}

void
config_preset_value(const struct setting *setting, struct config *config)
{
	if (setting->preset_text != NULL)
		set_text(setting, config, setting->preset_text);
	else if (setting->preset != 0)
		set_number(setting, config, setting->preset);
}

void
config_settle_value(const struct setting *setting, struct config *config)
{
	if (setting->is_like && text_of(setting, config) == NULL)
		set_text(setting, config, like_of(setting, config));
}
