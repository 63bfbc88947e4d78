/* Any octets as a field: its relaxed form is the same with other blanks, other folding and another case of
 * its name; to leave out nothing changes nothing. */
#include "fuzz.h"
#include "heloscope/dkim/header.h"

static void
hash_field(enum dkim_canon canon, struct span name, struct span value, struct span without,
	   struct dkim_mark *mark)
{
	struct dkim_hasher hasher;

	*mark = (struct dkim_mark){ .at = UINT64_MAX };
	dkim_hasher_init(&hasher, mark, 1);
	dkim_field_add(&hasher, canon, name, value, without);
	dkim_hasher_finish(&hasher);
	dkim_hasher_clear(&hasher);
	PROMISE(mark->is_reached);
}

static bool
are_equal(const struct dkim_mark *a, const struct dkim_mark *b)
{
	return memcmp(a->hash, b->hash, sizeof a->hash) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span value = { (const char *)data, size };
	char *other = malloc(4 * size + 1);
	size_t length = 0;
	struct dkim_mark first, second;

	if (other == NULL)
		return 0;
	for (size_t i = 0; i < size; i++) {
		if (value.at[i] == ' ' || value.at[i] == '\t') {
			memcpy(other + length, "\r\n\t ", 4);
			length += 4;
		} else {
			other[length++] = value.at[i];
		}
	}
	hash_field(DKIM_RELAXED, SPAN("Name "), value, SPAN(""), &first);
	hash_field(DKIM_RELAXED, SPAN("naME"), (struct span){ other, length }, SPAN(""), &second);
	PROMISE(are_equal(&first, &second));
	for (int canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
		hash_field((enum dkim_canon)canon, SPAN("n"), value, value, &first);
		hash_field((enum dkim_canon)canon, SPAN("n"), SPAN(""), SPAN(""), &second);
		PROMISE(are_equal(&first, &second));
	}
	free(other);
	return 0;
}
