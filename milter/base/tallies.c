#include "heloscope/base/tallies.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/refcount.h"

struct named_tally {
	struct tally tally; /* first, so that one pointer serves for both */
	struct refcount references;
	char name[];
};

struct item {
	struct named_tally *tally; /* counted */
	bool is_repeated;
};

struct tallies {
	size_t count;
	struct item items[];
};

/* One more reference to that of the name, or NULL. */
static struct named_tally *
find(const struct tallies *tallies, const char *name)
{
	for (size_t i = 0; tallies != NULL && i < tallies->count; i++) {
		struct named_tally *tally = tallies->items[i].tally;

		if (strcmp(tally->name, name) != 0)
			continue;
		refcount_take(&tally->references);
		return tally;
	}
	return NULL;
}

static struct named_tally *
make(const char *name)
{
	const size_t size = strlen(name) + 1;
	struct named_tally *tally = calloc(1, sizeof *tally + size);

	if (tally != NULL)
		memcpy(tally->name, name, size);
	return tally;
}

struct tallies *
tallies_new(const char *const *names, size_t count, const struct tallies *previous)
{
	struct tallies *tallies = calloc(1, sizeof *tallies + count * sizeof tallies->items[0]);

	for (size_t i = 0; i < count && tallies != NULL; i++) {
		struct item *item = &tallies->items[i];

		item->tally = find(tallies, names[i]);
		item->is_repeated = item->tally != NULL;
		if (item->tally == NULL)
			item->tally = find(previous, names[i]);
		if (item->tally == NULL)
			item->tally = make(names[i]);
		if (item->tally == NULL) {
			tallies_free(tallies);
			return NULL;
		}
		tallies->count++;
	}
	return tallies;
}

void
tallies_free(struct tallies *tallies)
{
	for (size_t i = 0; tallies != NULL && i < tallies->count; i++)
		if (refcount_drop(&tallies->items[i].tally->references))
			free(tallies->items[i].tally);
	free(tallies);
}

struct tally *
tallies_at(const struct tallies *tallies, size_t index)
{
	return &tallies->items[index].tally->tally;
}

bool
tallies_is_repeated(const struct tallies *tallies, size_t index)
{
	return tallies->items[index].is_repeated;
}
