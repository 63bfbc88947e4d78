#include "heloscope/config/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/config/words.h"

#define CATEGORY_TOKEN(NAME, token, traits) token,
#define CATEGORY_TRAITS(NAME, token, traits) traits,
#define PARTY_TOKEN(NAME, token) token,
const char *const config_refusal_categories[CATEGORIES] = { REFUSAL_CATEGORY_ROWS(CATEGORY_TOKEN) };
const unsigned char config_refusal_traits[CATEGORIES] = { REFUSAL_CATEGORY_ROWS(CATEGORY_TRAITS) };
const char *const config_refusal_parties[PARTIES] = { REFUSAL_PARTY_ROWS(PARTY_TOKEN) };

/* Octets below which a fragment stands in replies of any kind. */
#define FRAGMENT_MIN 2

/* Values. */

const char *
config_joined(struct config_reader *reader, const struct value_set *strings)
{
	struct arena *arena = &reader->config->arena;
	size_t length = 0;
	char *text, *end;

	for (size_t i = 0; i < strings->count; i++)
		length += strlen(strings->items[i].text);
	end = text = arena_alloc(arena, length + 1);
	for (size_t i = 0; text != NULL && i < strings->count; i++) {
		const size_t part = strlen(strings->items[i].text);

		memcpy(end, strings->items[i].text, part);
		end += part;
	}
	return text != NULL ? text : "";
}

struct text_set
config_fragments(struct config_reader *reader, const struct value_set *strings)
{
	for (size_t i = 0; i < strings->count; i++) {
		if (strchr(strings->items[i].text, '@') != NULL)
			config_complain(reader, strings->items[i].place,
					"\"%.60s\" has a mail address, which is never compared; "
					"expected other words of the reply",
					strings->items[i].text);
		if (span_trim(span_of(strings->items[i].text)).length < FRAGMENT_MIN)
			config_complain(
				reader, strings->items[i].place,
				"\"%.60s\" is in too many replies; expected at least %d characters of one",
				strings->items[i].text, FRAGMENT_MIN);
	}
	return config_texts(reader, strings);
}

/* "550", "5xx" */
static bool
read_reply_code(const char *text, struct code_pattern *code)
{
	unsigned number;

	if (strlen(text) != 3)
		return false;
	if (strcmp(text + 1, "xx") == 0) {
		number = (unsigned)(text[0] - '0') * 100;
		code->reply_min = number;
		code->reply_max = number + 99;
		return number == 400 || number == 500;
	}
	if (!span_to_number(span_of(text), 200, 599, &number))
		return false;
	code->reply_min = code->reply_max = number;
	return true;
}

/* "5.7.26", "5.7.x" */
static bool
read_enhanced_code(const char *text, struct code_pattern *code)
{
	struct span rest = span_of(text);

	for (int i = 0; i < 3; i++) {
		const struct span part = i < 2 ? span_until(&rest, '.') : rest;

		if (span_equals(part, SPAN("x")))
			code->parts[i] = CODE_ANY;
		else if (!span_to_number(part, 0, 999, &code->parts[i]))
			return false;
	}
	code->has_enhanced = true;
	return code->parts[0] == 4 || code->parts[0] == 5;
}

void
config_set_code(struct config_reader *reader, struct refusal_draft *draft, struct word code)
{
	const bool is_enhanced = strstr(code.text, ".") != NULL;

	config_once_here(reader, is_enhanced ? "an enhanced code" : "a reply code", code.place);
	if (!(is_enhanced ? read_enhanced_code : read_reply_code)(code.text, &draft->entry.code))
		config_complain(
			reader, code.place,
			"\"%.20s\" is not a code of a refusal; expected one like 550, 5xx, 5.7.1 or 5.7.x",
			code.text);
}

void
config_set_category(struct config_reader *reader, struct refusal_draft *draft, struct word category)
{
	const size_t index = CONFIG_KNOWN(reader, "category", category, config_refusal_categories);

	draft->has_category = true;
	draft->entry.category = (enum refusal_category)(index % CATEGORIES);
}

void
config_set_party(struct config_reader *reader, struct refusal_draft *draft, struct word party)
{
	const size_t index = CONFIG_KNOWN(reader, "party", party, config_refusal_parties);

	draft->has_party = true;
	draft->entry.party = (enum refusal_party)(index % PARTIES);
}

void
config_set_permanent(struct config_reader *reader, struct refusal_draft *draft, struct word permanent)
{
	draft->has_permanent = true;
	draft->entry.is_permanent = CONFIG_KNOWN(reader, "word", permanent, config_flags) == 1;
}

/* Entries. */

static bool
is_token(const char *text)
{
	const char *at = text;

	while (ascii_is_digit(*at) || *at == '-' || (*at >= 'a' && *at <= 'z'))
		at++;
	return at != text && *at == '\0';
}

/* What an entry lacks, or NULL. */
static const char *
what_lacks(const struct refusal_draft *draft)
{
	const struct refusal_entry *entry = &draft->entry;
	const bool is_told = draft->has_category || entry->meaning != NULL;

	if (entry->texts.count == 0 && entry->signs.count == 0
	    && (entry->is_frame
		|| (entry->servers.count == 0 && entry->code.reply_min == 0 && !entry->code.has_enhanced)))
		return entry->is_frame ? "\"text\"" : "\"text\", \"sign\", \"code\" or \"server\"";
	if (entry->is_frame && !is_told)
		return NULL;
	return !draft->has_category     ? "\"category\""
	       : !draft->has_party      ? "\"party\""
	       : !draft->has_permanent  ? "\"permanent\""
	       : entry->meaning == NULL ? "\"meaning\""
	       : entry->remedy == NULL  ? "\"remedy\""
					: NULL;
}

static void
add_entry(struct config_reader *reader, struct word name, struct refusal_entry entry)
{
	struct refusal_set *set = reader->reading->refusals;
	struct refusal_entry *items =
		arena_grow(&reader->config->arena, set->items, set->count, sizeof *items);

	if (items == NULL)
		return;
	entry.name = name.text;
	entry.where = config_where(reader, name.place);
	set->items = items;
	items[set->count++] = entry;
}

/* Whether it is one that may be used; complains. */
static bool
check_name(struct config_reader *reader, struct word name)
{
	if (is_token(name.text))
		return true;
	config_complain(
		reader, name.place,
		"\"%.60s\" is not a name of an entry; expected lower-case letters, digits and hyphens",
		name.text);
	return false;
}

void
config_add_refusal(struct config_reader *reader, struct word name, const struct refusal_draft *draft)
{
	const char *lacking = what_lacks(draft);

	if (!check_name(reader, name))
		return;
	/* What is in error may be what is missing. */
	if (lacking != NULL && reader->reading->errors == draft->errors_before)
		config_complain(reader, name.place, "\"%.60s\" lacks something; expected %s", name.text,
				lacking);
	add_entry(reader, name, draft->entry);
}

void
config_add_frame(struct config_reader *reader, struct word name, const struct refusal_draft *draft)
{
	struct refusal_draft frame = *draft;

	frame.entry.is_frame = true;
	config_add_refusal(reader, name, &frame);
}

void
config_add_operator(struct config_reader *reader, struct word name, struct operator_entry entry)
{
	struct refusal_set *set = reader->reading->refusals;
	struct operator_entry *items =
		arena_grow(&reader->config->arena, set->operators, set->operator_count, sizeof *items);

	if (items == NULL)
		return;
	entry.name = name.text;
	entry.where = config_where(reader, name.place);
	set->operators = items;
	items[set->operator_count++] = entry;
}

/* Samples. */

/* How line ends look in logs and in collections of replies. A reply that is read has a blank there. */
static void
check_line_ends(struct config_reader *reader, const struct value_set *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strstr(texts->items[i].text, "\\n") != NULL || strstr(texts->items[i].text, "⏎") != NULL)
			config_complain(reader, texts->items[i].place,
					"\"%.60s\" has a mark for the end of a line; expected a blank there",
					texts->items[i].text);
}

/* By text, and those of one text as they stand. */
static int
compare_words(const void *a, const void *b)
{
	const struct word *x = *(const struct word *const *)a, *y = *(const struct word *const *)b;
	const int order = strcmp(x->text, y->text);

	return order != 0 ? order : x < y ? -1 : 1;
}

static void
check_once(struct config_reader *reader, const struct value_set *texts)
{
	const struct word **sorted = arena_alloc(&reader->config->arena, (texts->count + 1) * sizeof *sorted);

	if (sorted == NULL)
		return;
	for (size_t i = 0; i < texts->count; i++)
		sorted[i] = &texts->items[i];
	qsort(sorted, texts->count, sizeof *sorted, compare_words);
	for (size_t i = 1; i < texts->count; i++)
		if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0)
			config_complain(reader, sorted[i]->place, "\"%.60s\" is given twice",
					sorted[i]->text);
}

void
config_add_samples(struct config_reader *reader, struct word category, struct word party,
		   const struct value_set *texts)
{
	struct refusal_set *set = reader->reading->refusals;
	struct refusal_samples *items =
		arena_grow(&reader->config->arena, set->samples, set->sample_count, sizeof *items);

	check_line_ends(reader, texts);
	check_once(reader, texts);
	if (items == NULL)
		return;
	set->samples = items;
	items[set->sample_count++] = (struct refusal_samples){
		(enum refusal_category)(CONFIG_KNOWN(reader, "category", category, config_refusal_categories)
					% CATEGORIES),
		(enum refusal_party)(CONFIG_KNOWN(reader, "party", party, config_refusal_parties) % PARTIES),
		config_texts(reader, texts),
	};
}
