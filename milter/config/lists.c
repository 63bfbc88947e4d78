#include "heloscope/config/lists.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/regular_file.h"
#include "heloscope/config/comparison.h"
#include "heloscope/config/open.h"
#include "heloscope/config/secrets.h"

/* Octets that the longest question leaves for a zone: 32 nibbles with their dots (RFC 5782, 2.4). */
#define ZONE_MAX (253 - 64)
#define WEIGHT_MAX 1000

#define RANGE_FORM "expected an answer like 127.0.0.2, 127.0.0.10-127.0.0.11 or 127.0.0.10-11"

static bool
parse_answer(struct span text, uint32_t *answer)
{
	struct ipaddr address;

	if (!ipaddr_parse(text, &address) || address.length != 4)
		return false;
	*answer = ipaddr_to_ipv4(&address);
	return true;
}

/* "127.0.0.2", "127.0.0.2-127.0.0.11" or "127.0.0.2-11". */
static bool
parse_range(const char *text, struct answer_range *range)
{
	const char *dash = strchr(text, '-');
	const size_t length = dash != NULL ? (size_t)(dash - text) : strlen(text);
	unsigned last;

	if (!parse_answer((struct span){ text, length }, &range->first))
		return false;
	range->last = range->first;
	if (dash == NULL)
		return true;
	if (span_to_number(span_of(dash + 1), 0, 255, &last))
		range->last = (range->first & 0xffffff00U) | last;
	else if (!parse_answer(span_of(dash + 1), &range->last))
		return false;
	return range->first <= range->last;
}

void
config_add_answer(struct config_reader *reader, struct answer_set *answers, struct word range,
		  const char *meaning)
{
	struct answer_range *items =
		arena_grow(&reader->config->arena, answers->items, answers->count, sizeof *items);
	struct answer_range parsed = { .meaning = meaning };

	if (items == NULL)
		return;
	answers->items = items;
	if (!parse_range(range.text, &parsed))
		config_complain(reader, range.place, "\"%.60s\" is not an answer of a list; " RANGE_FORM,
				range.text);
	else if (parsed.first >> 24 != 127 || parsed.last >> 24 != 127)
		config_complain(reader, range.place, "\"%.60s\" lies outside 127.0.0.0/8; " RANGE_FORM,
				range.text);
	else if (parsed.last >= 0x7fffff00)
		config_complain(
			reader, range.place,
			"\"%.60s\" reaches into 127.255.255.0/24, where lists report errors; " RANGE_FORM,
			range.text);
	else
		items[answers->count++] = parsed;
}

/* The first word of the file; NULL with a complaint. */
static const char *
take_key(struct config_reader *reader, struct word path, struct file_lines *lines)
{
	const enum line_state state = file_lines_next(lines);
	const char *line = state == LINE_READ ? lines->line.at : "";
	const struct span key = { line, strcspn(line, " \t\r") };

	if (state == LINES_FAULT)
		config_complain(reader, path.place, "the key file \"%.200s\" cannot be read: %s", path.text,
				file_lines_reason(lines));
	else if (!domain_is_host_name(key))
		config_complain(
			reader, path.place,
			"the key file \"%.200s\" begins with no key; expected one label of letters and digits on its first line",
			path.text);
	else
		return arena_copy(&reader->config->arena, key);
	return NULL;
}

/* The first line of a key file. */
static const char *
read_key(struct config_reader *reader, struct word path)
{
	struct file_lines lines;
	struct error reason;
	FILE *file = config_open_file(path.text, NULL, &reason);
	const char *key;

	if (file == NULL) {
		config_complain(reader, path.place, "the key file \"%.200s\" cannot be read: %s", path.text,
				reason.text);
		return NULL;
	}
	file_lines_init(&lines, file);
	key = take_key(reader, path, &lines);
	file_lines_clear(&lines);
	(void)fclose(file);
	return key;
}

static void
set_zone(struct config_reader *reader, struct list *list, struct word zone,
	 const struct list_options *options)
{
	char name[DOMAIN_SIZE];
	const char *key = options->key.text;

	list->key_file = options->key_file.text;
	if (list->key_file != NULL)
		key = read_key(reader, options->key_file);
	if (key != NULL)
		config_add_secret(reader->config, span_of(key));
	if (!domain_normalize(span_of(zone.text), name) || !domain_has_dot(span_of(name))) {
		config_complain(
			reader, zone.place,
			"\"%.80s\" is not a zone of a list; expected a domain name like \"zen.spamhaus.org\"",
			zone.text);
		return;
	}
	list->zone = list->shown = arena_string(&reader->config->arena, name);
	if (key != NULL) {
		if (!domain_is_host_name(span_of(key)))
			config_complain(reader, options->key.place,
					"a key is one label of letters and digits");
		list->key = key;
		list->zone = arena_printf(&reader->config->arena, "%s.%s", key, name);
	}
	if (strlen(list->zone) > ZONE_MAX)
		config_complain(reader, zone.place, "a zone of more than %d octets; expected a shorter one",
				ZONE_MAX);
}

/* Which domains a domain list is asked for: `on { sender, helo, ptr }`. */
#define SUBJECTS_OF_DOMAINS (LIST_SUBJECTS - LIST_PTR)

static void
name_subjects(const char *words[SUBJECTS_OF_DOMAINS])
{
	for (int i = 0; i < SUBJECTS_OF_DOMAINS; i++)
		words[i] = list_subject_word((enum list_subject)(LIST_PTR + i));
}

void
config_offer_subjects(struct config_reader *reader)
{
	const char *words[SUBJECTS_OF_DOMAINS];

	name_subjects(words);
	CONFIG_OFFER(reader, words);
}

static unsigned
subjects_of(struct config_reader *reader, const struct value_set *on)
{
	const char *words[SUBJECTS_OF_DOMAINS];
	unsigned subjects = 0;

	name_subjects(words);
	for (size_t i = 0; i < on->count; i++) {
		const size_t number = CONFIG_KNOWN(reader, "subject", on->items[i], words);

		if (number < SUBJECTS_OF_DOMAINS)
			subjects |= 1U << (LIST_PTR + number);
	}
	return subjects;
}

void
config_add_list(struct config_reader *reader, enum list_subject subject, bool is_allow, struct word zone,
		const struct list_options *options)
{
	struct list_set *lists = &reader->config->lists;
	struct list *items = arena_grow(&reader->config->arena, lists->items, lists->count, sizeof *items);
	struct list list = { .is_allow = is_allow, .weight = 1, .subjects = 1U << subject };

	if (items == NULL)
		return;
	lists->items = items;
	list.where = config_where(reader, zone.place);
	list.answers = options->answers;
	list.test_entries = options->test_entries;
	if (options->weight.text != NULL
	    && !span_to_number(span_of(options->weight.text), 1, WEIGHT_MAX, &list.weight))
		config_complain(reader, options->weight.place,
				"a weight of %.20s; expected a number from 1 to %d", options->weight.text,
				WEIGHT_MAX);
	if (subject == LIST_SENDER)
		list.subjects = 1U << LIST_SENDER | 1U << LIST_HELO | 1U << LIST_PTR;
	if (options->has_on && subject == LIST_CLIENT)
		config_complain(reader, zone.place,
				"\"on\" is for domain lists; a %s is queried for the client's address",
				is_allow ? "dnswl" : "dnsbl");
	else if (options->has_on)
		list.subjects = subjects_of(reader, &options->on);
	set_zone(reader, &list, zone, options);
	if (list.zone == NULL)
		return;
	for (size_t i = 0; i < lists->count; i++)
		if (strcmp(items[i].zone, list.zone) == 0 && (items[i].subjects & list.subjects) != 0)
			config_complain(reader, zone.place,
					"this list is used twice; expected it once (the other is at %s)",
					items[i].where);
	items[lists->count++] = list;
}
