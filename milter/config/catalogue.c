#include "heloscope/config/catalogue.h"

#include <string.h>

#include "heloscope/config/patterns.h"
#include "heloscope/config/secrets.h"
#include "heloscope/config/words.h"

/* Entries. In their enums 0 stands for what is not said, and for a word that is not known. */

void
config_add_entry(struct config_reader *reader, struct word zone, struct list_entry entry)
{
	struct list_entry_set *catalogue = &reader->config->catalogue;
	struct list_entry *items =
		arena_grow(&reader->config->arena, catalogue->items, catalogue->count, sizeof *items);
	struct word one = zone;
	const struct value_set zones = { VALUE_STRING, &one, 1 };
	const struct text_set patterns = config_patterns(reader, PATTERN_ZONE, &zones);

	if (items == NULL || patterns.count == 0)
		return;
	catalogue->items = items;
	entry.zone = patterns.items[0];
	items[catalogue->count++] = entry;
}

void
config_set_kind(struct config_reader *reader, struct list_entry *entry, struct word kind)
{
	entry->kind = (enum list_kind)((CONFIG_KNOWN(reader, "kind", kind, config_list_kinds) + 1) % 3);
}

void
config_set_takes(struct config_reader *reader, struct list_entry *entry, struct word takes)
{
	entry->takes = (enum list_takes)(
		(CONFIG_KNOWN(reader, "subject of a list", takes, config_list_takes) + 1) % 4);
}

void
config_set_ipv6(struct config_reader *reader, struct list_entry *entry, struct word ipv6)
{
	entry->ipv6 = (enum list_ipv6)((CONFIG_KNOWN(reader, "word", ipv6, config_list_ipv6) + 1) % 4);
}

void
config_set_status(struct config_reader *reader, struct list_entry *entry, struct word status,
		  const char *text)
{
	entry->status = (enum list_status)(CONFIG_KNOWN(reader, "status", status, config_list_states) % 3);
	entry->status_text = text;
}

void
config_set_contained(struct config_reader *reader, struct list_entry *entry, const struct value_set *zones)
{
	entry->contained = config_patterns(reader, PATTERN_ZONE, zones);
}

static void
add_test_entry(struct arena *arena, struct test_entry_set *entries, const char *entry, bool is_listed)
{
	struct test_entry *items = arena_grow(arena, entries->items, entries->count, sizeof *items);

	if (items == NULL)
		return;
	entries->items = items;
	items[entries->count++] = (struct test_entry){ entry, is_listed };
}

void
config_add_test_entries(struct config_reader *reader, struct test_entry_set *entries, bool is_listed,
			const struct value_set *values)
{
	char name[DOMAIN_SIZE];
	struct ipaddr address;

	entries->is_said = true;
	for (size_t i = 0; i < values->count; i++) {
		const struct span text = span_of(values->items[i].text);

		if (ipaddr_parse(text, &address) || domain_normalize(text, name))
			add_test_entry(&reader->config->arena, entries, values->items[i].text, is_listed);
		else
			config_complain(
				reader, values->items[i].place,
				"\"%.60s\" is not a test entry; expected an address or a domain, like \"127.0.0.2\" or \"test\"",
				values->items[i].text);
	}
}

void
config_set_no_test_entries(struct config_reader *reader, struct test_entry_set *entries, struct word none)
{
	(void)CONFIG_KNOWN(reader, "kind of test entries", none, config_no_test_entries);
	entries->is_said = true;
}

/* Lists and their entries. */

static const struct list_entry *
find_entry(const struct config *config, const char *zone)
{
	for (size_t i = config->catalogue.count; i-- > 0;) /* the last one counts: one's own file overrides */
		if (domain_matches(span_of(zone), span_of(config->catalogue.items[i].zone)))
			return &config->catalogue.items[i];
	return NULL;
}

/* "KEY.zen.dq.spamhaus.net": what the catalogue, or common sense, takes for a key is secret. */
static void
find_key(struct config *config, struct list *list)
{
	const size_t label = strcspn(list->zone, ".");
	size_t length = 0;

	if (list->key != NULL)
		return;
	if (list->entry != NULL && strncmp(list->entry->zone, "*.", 2) == 0)
		length = strlen(list->zone) - strlen(list->entry->zone) + 1;
	else if (label >= KEY_LENGTH_MIN) /* also where it was written into the catalogue */
		length = label;
	if (length == 0)
		return;
	list->key = arena_copy(&config->arena, (struct span){ list->zone, length });
	list->shown = list->zone + length + 1;
	config_add_secret(config, span_of(list->key));
}

/*
 * Test entries by which a list can be known (RFC 5782, section 5). Those for IPv6 are there only when
 * somebody says so: many lists lack them, and are well all the same.
 */
static void
set_test_entries(struct config *config, struct list *list)
{
	struct arena *arena = &config->arena;
	const bool is_of_addresses = (list->subjects & 1U << LIST_CLIENT) != 0;

	if (list->test_entries.is_said)
		return;
	if (list->entry != NULL && list->entry->test_entries.is_said) {
		list->test_entries = list->entry->test_entries;
		return;
	}
	if (!is_of_addresses) {
		add_test_entry(arena, &list->test_entries, "test", true);
		add_test_entry(arena, &list->test_entries, "invalid", false);
		return;
	}
	if (list_takes_family(list, 4)) {
		add_test_entry(arena, &list->test_entries, "127.0.0.2", true);
		add_test_entry(arena, &list->test_entries, "127.0.0.1", false);
	}
}

/* Warn of a list that is not what its line takes it for; whether it cannot be asked at all. */
static bool
is_unfit(const struct list *list, struct output *messages)
{
	const bool is_of_addresses = (list->subjects & 1U << LIST_CLIENT) != 0;
	const struct list_entry *entry = list->entry;

	if (entry->status == LIST_STATUS_CLOSED)
		config_warn(messages, list->where,
			    "the list \"%s\" is closed%s%s; it is not queried. Remove the line", list->shown,
			    entry->status_text != NULL ? ": " : "",
			    entry->status_text != NULL ? entry->status_text : "");
	else if (is_of_addresses && entry->takes == LIST_TAKES_DOMAIN)
		config_warn(messages, list->where,
			    "the list \"%s\" knows domains only; it is not queried. Use domain-dnsbl",
			    list->shown);
	else if (!is_of_addresses && entry->takes == LIST_TAKES_ADDRESS)
		config_warn(messages, list->where,
			    "the list \"%s\" knows addresses only; it is not queried. Use dnsbl",
			    list->shown);
	else if (entry->kind == (list->is_allow ? LIST_KIND_BLOCK : LIST_KIND_ALLOW))
		config_warn(messages, list->where, "\"%s\" is %s; it is not queried. Use %s", list->shown,
			    list->is_allow ? "a blocklist" : "an allowlist",
			    list->is_allow ? "dnsbl" : "dnswl");
	else
		return false;
	return true;
}

static void
check_list(struct list *list, struct output *messages)
{
	if (list->entry == NULL)
		return;
	list->is_left_out = is_unfit(list, messages);
	if (!list->is_left_out && list->entry->status == LIST_STATUS_MERGED)
		config_warn(messages, list->where, "the list \"%s\" has been merged into another%s%s",
			    list->shown, list->entry->status_text != NULL ? ": " : "",
			    list->entry->status_text != NULL ? list->entry->status_text : "");
}

/* Whether `outer` says that the data of `inner` is within its own. */
static bool
contains(const struct list *outer, const struct list *inner)
{
	const char *known_as = inner->entry != NULL ? inner->entry->zone : inner->shown;

	if (outer->entry == NULL || outer->is_left_out || (outer->subjects & inner->subjects) == 0)
		return false;
	for (size_t i = 0; i < outer->entry->contained.count; i++)
		if (strcmp(outer->entry->contained.items[i], known_as) == 0)
			return true;
	return false;
}

/* The first list of the configuration that contains `inner`, or NULL. Of two that contain each other the
 * first. */
static const struct list *
find_container(const struct config *config, const struct list *inner)
{
	for (size_t i = 0; i < config->lists.count && !inner->is_left_out; i++) {
		const struct list *outer = &config->lists.items[i];

		if (outer != inner && contains(outer, inner) && !(contains(inner, outer) && inner < outer))
			return outer;
	}
	return NULL;
}

static void
set_group(const struct config *config, struct list *inner, struct output *messages)
{
	const struct list *outer = find_container(config, inner);

	inner->group = inner->shown;
	if (outer == NULL)
		return;
	config_warn(
		messages, inner->where,
		"the list \"%s\" is contained in \"%s\" (%s), which is queried, too; what both list counts once",
		inner->shown, outer->shown, outer->where);
	for (size_t depth = 0; outer != NULL && depth < config->lists.count; depth++) {
		inner->group = outer->shown;
		outer = find_container(config, outer);
	}
}

void
config_resolve_lists(struct config *config, struct output *messages)
{
	for (size_t i = 0; i < config->lists.count; i++) {
		struct list *list = &config->lists.items[i];

		list->entry = find_entry(config, list->zone);
		find_key(config, list);
		list->operator= list->entry != NULL && list->entry->operator!= NULL
			? list->entry->operator: list->shown;
		if (list->answers.count == 0 && list->entry != NULL)
			list->answers = list->entry->answers;
		set_test_entries(config, list);
		check_list(list, messages);
	}
	for (size_t i = 0; i < config->lists.count; i++)
		set_group(config, &config->lists.items[i], messages);
}
