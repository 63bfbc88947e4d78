#include "heloscope/base/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LENGTH_MAX 64 /* octets of a known word, with its end */

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* One row of the table of distances, from the two above it: for the letters up to a[i - 1]. */
static void
fill_row(const char *a, size_t i, const char *b, size_t length, size_t (*rows)[LENGTH_MAX])
{
	size_t *row = rows[i % 3];
	const size_t *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];

	row[0] = i;
	for (size_t j = 1; j <= length; j++) {
		row[j] = smaller(above[j - 1] + (a[i - 1] != b[j - 1]), smaller(above[j], row[j - 1]) + 1);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			row[j] = smaller(row[j], higher[j - 2] + 1);
	}
}

size_t
nearest_distance(const char *a, const char *b)
{
	const size_t length = strlen(b), count = strlen(a);
	size_t rows[3][LENGTH_MAX];

	if (length >= LENGTH_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= count; i++)
		fill_row(a, i, b, length, rows);
	return rows[count % 3][length];
}

const char *
nearest_word(const char *word, const char *const *known, size_t count)
{
	const char *nearest = NULL;
	size_t least = (strlen(word) + 1) / 3;

	for (size_t i = 0; i < count; i++) {
		const size_t distance = nearest_distance(word, known[i]);
		const bool is_as_long = strlen(known[i]) == strlen(word);

		if (distance >= strlen(known[i]) || distance > least)
			continue;
		/* Of equal ones the one as long: letters were mistyped, not left out. */
		if (nearest == NULL || distance < least || is_as_long)
			nearest = known[i];
		least = distance;
	}
	return nearest;
}
