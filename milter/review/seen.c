#include "heloscope/review/seen.h"

#include <string.h>

#include "heloscope/base/hash.h"

#define SEEN_MEMORY (512U << 20) /* octets: names of some millions */

struct name {
	struct table_link link; /* the first member */
	int64_t time_s;
	char text[];
};

bool
seen_init(struct seen *seen)
{
	arena_init(&seen->memory, SEEN_MEMORY);
	return table_init(&seen->names);
}

void
seen_clear(struct seen *seen)
{
	table_clear(&seen->names);
	arena_clear(&seen->memory);
}

static const struct name *
find(const struct seen *seen, const char *text, uint64_t hash)
{
	const struct table_link *link = table_first(&seen->names, hash);

	while (link != NULL && strcmp(((const struct name *)link)->text, text) != 0)
		link = table_next(link);
	return (const struct name *)link;
}

int64_t
seen_since(const struct seen *seen, const char *name)
{
	const struct name *known = find(seen, name, hash_of(span_of(name)));

	return known != NULL ? known->time_s : 0;
}

static void
note(struct seen *seen, const char *text, uint64_t hash, int64_t time_s)
{
	const size_t size = strlen(text) + 1;
	struct name *name;

	if (find(seen, text, hash) != NULL)
		return;
	name = arena_alloc(&seen->memory, sizeof *name + size);
	if (name == NULL)
		return;
	name->time_s = time_s;
	memcpy(name->text, text, size);
	table_add(&seen->names, &name->link, hash);
}

void
seen_note(struct seen *seen, const char *name, int64_t time_s)
{
	note(seen, name, hash_of(span_of(name)), time_s);
}

void
seen_add(struct seen *seen, const struct seen *part)
{
	for (size_t i = 0; i < part->names.head_count; i++)
		for (const struct table_link *link = part->names.heads[i]; link != NULL; link = link->next) {
			const struct name *name = (const struct name *)link;

			note(seen, name->text, link->hash, name->time_s);
		}
}
