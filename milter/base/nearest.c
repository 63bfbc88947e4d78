#include "heloscope/base/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
nearest_distance(const char *a, const char *b)
{
	const size_t length = strlen(b);
	size_t row[64];

	if (length >= sizeof row / sizeof row[0])
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			const size_t above = row[j], changed = diagonal + (a[i - 1] != b[j - 1]);

			row[j] = smaller(changed, smaller(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[length];
}

const char *
nearest_word(const char *word, const char *const *known, size_t count)
{
	const char *nearest = NULL;
	size_t least = strlen(word) / 3 + 1;

	for (size_t i = 0; i < count; i++) {
		const size_t distance = nearest_distance(word, known[i]);
		const bool is_as_long = strlen(known[i]) == strlen(word);

		if (distance >= strlen(known[i]) || distance > least)
			continue;
		/* Of equal ones the one as long: two letters were exchanged. */
		if (nearest == NULL || distance < least || is_as_long)
			nearest = known[i];
		least = distance;
	}
	return nearest;
}
