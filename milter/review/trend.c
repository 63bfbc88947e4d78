#include "heloscope/review/trend.h"

#include <stdio.h>

#include "heloscope/base/document.h"
#include "heloscope/review/counts.h"

#define HOURS_SHOWN 48 /* a longer trend is told by day */

enum { HOUR_LENGTH = 13, DAY_LENGTH = 10 }; /* "2026-11-24T12" */

/* The row whose name is the first `length` octets; NULL: there is none, and no room for it. */
static json_t *
row_at(json_t *trend, const char *time, int length)
{
	char key[HOUR_LENGTH + 1];
	json_t *row;

	(void)snprintf(key, sizeof key, "%.*s", length, time);
	row = document_member(trend, key);
	if (row != NULL || json_object_size(trend) >= TREND_HOURS_MAX)
		return row;
	row = json_object();
	document_put(trend, key, row);
	return row;
}

void
trend_add(json_t *trend, const char *time, const char *name, json_int_t count)
{
	json_t *row = time[0] != '\0' ? row_at(trend, time, HOUR_LENGTH) : NULL;

	if (row != NULL)
		document_count(row, name, count);
}

static void
add_rows(json_t *trend, json_t *part, int length)
{
	for (void *at = json_object_iter(part); at != NULL; at = json_object_iter_next(part, at)) {
		json_t *row = row_at(trend, json_object_iter_key(at), length);

		if (row != NULL)
			document_count_all(row, json_object_iter_value(at));
	}
}

void
trend_add_all(json_t *trend, json_t *part)
{
	add_rows(trend, part, HOUR_LENGTH);
}

json_t *
trend_rows(json_t *trend)
{
	json_t *shown = json_object(), *rows;

	add_rows(shown, trend, json_object_size(trend) > HOURS_SHOWN ? DAY_LENGTH : HOUR_LENGTH);
	rows = counts_of_names(shown, "time");
	json_decref(shown);
	return rows;
}
