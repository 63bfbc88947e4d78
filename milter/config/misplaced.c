#include "heloscope/config/misplaced.h"

#include <string.h>

#include "heloscope/config/settings.h"

/* Words of the grammar that begin no statement. */
static const struct {
	const char *word, *where;
} belongings[] = {
	{ "audit",
	  "in front of a verb in policy { ... }; in front of the path of a log it is \"records\" now" },
	{ "accept", "in policy { ... } or exceptions { ... }" },
	{ "defer", "in policy { ... }" },
	{ "otherwise", "in policy { ... }" },
	{ "quarantine", "in policy { ... }" },
	{ "reject", "in policy { ... }" },
	{ "tag", "in policy { ... } or exceptions { ... }" },
	{ "when", "after the verb of a rule, in policy { ... }" },
	{ "answers", "after the zone of a list, or in list \"ZONE\" { ... }" },
	{ "key", "after the zone of a list" },
	{ "key-file", "after the zone of a list" },
	{ "on", "after the zone of a list" },
	{ "test-entries", "after the zone of a list, or in list \"ZONE\" { ... }" },
	{ "weight", "after the zone of a list" },
	{ "contains", "in list \"ZONE\" { ... }" },
	{ "errors", "in list \"ZONE\" { ... }" },
	{ "ipv6", "in list \"ZONE\" { ... }" },
	{ "kind", "in list \"ZONE\" { ... }" },
	{ "operator", "in list \"ZONE\" { ... }" },
	{ "page", "in list \"ZONE\" { ... }" },
	{ "status", "in list \"ZONE\" { ... }" },
	{ "takes", "in list \"ZONE\" { ... }" },
	{ "terms", "in list \"ZONE\" { ... }" },
};

/* Add the block in which a setting stands, as one begins it, or the setting behind which it does. */
static void
add_place(struct strbuf *where, const struct setting *setting)
{
	size_t count;
	const struct setting *settings = config_settings(&count), *opener = settings;

	strbuf_add(where, where->length > 0 ? " or " : "");
	if (setting->behind != NULL) {
		strbuf_printf(where, "after \"%s\"", setting->behind);
		return;
	}
	if (setting->section == SECTION_SHARE) {
		strbuf_add(where, "after \"share\"");
		return;
	}
	while (opener->opens != setting->section)
		opener++;
	strbuf_printf(where, "in %s%s { ... }", opener->name,
		      opener->kind == KIND_WORD   ? " yes"
		      : opener->kind == KIND_TEXT ? " \"...\""
						  : "");
}

bool
config_complain_of_misplaced(struct config_reader *reader, struct place place, const char *word)
{
	size_t count;
	const struct setting *settings = config_settings(&count);
	char memory[200];
	struct strbuf where;

	strbuf_init(&where, memory, sizeof memory);
	for (size_t i = 0; i < sizeof belongings / sizeof belongings[0]; i++)
		if (strcmp(belongings[i].word, word) == 0)
			strbuf_add(&where, belongings[i].where);
	for (size_t i = 0; i < count; i++)
		if (strcmp(settings[i].name, word) == 0
		    && (settings[i].section != SECTION_TOP || settings[i].behind != NULL))
			add_place(&where, &settings[i]);
	if (where.length > 0)
		config_complain(reader, place, "found \"%s\"; it belongs %s", word, memory);
	return where.length > 0;
}

bool
config_complain_of_renamed(struct config_reader *reader, struct place place, const char *word)
{
	static const struct {
		const char *old, *now;
	} names[] = {
		{ "probe", "\"look-back\" and, for the test entries of a list, \"test-entries\"" },
		{ "probe-interval", "\"test-interval\"" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].old, word) == 0) {
			config_complain(reader, place, "found \"%s\", which was an older name; expected %s",
					word, names[i].now);
			return true;
		}
	return false;
}
