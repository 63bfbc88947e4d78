#include "heloscope/refusals/examples.h"

#include <string.h>

#include "heloscope/base/domain.h"
#include "heloscope/refusals/recognize.h"

/* A host that fits a pattern. */
static struct span
host_of(const char *pattern, char name[DOMAIN_SIZE + 8])
{
	const bool is_below = strncmp(pattern, "*.", 2) == 0;
	struct strbuf host;

	strbuf_init(&host, name, DOMAIN_SIZE + 8);
	strbuf_printf(&host, "%s%s", is_below ? "mx1." : "", pattern + (is_below ? 2 : 0));
	return span_of(name);
}

/* The first pattern of the operator's servers, or NULL. */
static const char *
first_server(const struct catalogue *catalogue, const char *name)
{
	for (size_t i = 0; i < catalogue->names.head_count; i++) {
		const struct table_link *link = catalogue->names.heads[i];

		for (; link != NULL; link = link->next) {
			const struct owner_name *known = (const struct owner_name *)link;

			if (known->owned == OWNED_SERVER && strcmp(known->owner->name, name) == 0)
				return known->owner->servers.items[0];
		}
	}
	return NULL;
}

/* Whether an entry recognizes its example at a server of that pattern, NULL for one that is not known. */
static bool
proves_itself(struct recognizer *recognizer, const struct refusal_entry *entry, const char *server,
	      struct output *messages)
{
	struct refusal refusal = refusal_of_text(span_of(entry->example));
	char name[DOMAIN_SIZE + 8];
	struct recognition known;

	if (server != NULL)
		refusal.host = host_of(server, name);
	known = recognize(recognizer, &refusal);
	if (known.entry == entry && known.rival == NULL)
		return true;
	output_put(messages, "%s: the example of \"%s\"%s%s is recognized %s%s%s\n", entry->where,
		   entry->name, server != NULL ? " at " : "", server != NULL ? name : "",
		   known.entry == NULL    ? "by no entry"
		   : known.entry == entry ? "just as well by \""
					  : "by \"",
		   known.entry == NULL    ? ""
		   : known.entry == entry ? known.rival->name
					  : known.entry->name,
		   known.entry == NULL ? "" : "\"");
	return false;
}

size_t
recognize_examples(const struct catalogue *catalogue, struct output *messages)
{
	struct recognizer *recognizer = recognizer_new(catalogue);
	size_t faults = recognizer == NULL;

	for (size_t i = 0; i < catalogue->entry_count && recognizer != NULL; i++) {
		const struct refusal_entry *entry = catalogue->entries[i];
		const bool has_servers_itself = entry->servers.count > 0;
		const char *server = has_servers_itself     ? entry->servers.items[0]
				     : entry->owner != NULL ? first_server(catalogue, entry->owner)
							    : NULL;

		if (entry->example == NULL)
			continue;
		if (server != NULL)
			faults += !proves_itself(recognizer, entry, server, messages);
		if (!has_servers_itself)
			faults += !proves_itself(recognizer, entry, NULL, messages);
	}
	recognizer_free(recognizer);
	return faults;
}
