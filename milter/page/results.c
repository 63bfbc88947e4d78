#include "heloscope/page/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
results_clear(struct results *results)
{
	for (size_t i = 0; i < BOUND_PAGE_RESULTS; i++)
		free(results->items[i].line);
	*results = (struct results){ .running = 0 };
}

struct outcome *
results_find(struct results *results, const char *ident)
{
	for (size_t i = 0; i < BOUND_PAGE_RESULTS; i++)
		if (strcmp(results->items[i].ident, ident) == 0)
			return &results->items[i];
	return NULL;
}

static bool
is_new(const struct outcome *result, uint64_t now_ms)
{
	return result->is_running || now_ms - result->begun_ms < RESULT_STAYS_MS;
}

bool
results_has_new(struct results *results, const char *ident, uint64_t now_ms)
{
	const struct outcome *result = results_find(results, ident);

	return result != NULL && is_new(result, now_ms);
}

static bool
is_near(const struct ipaddr *one, const struct ipaddr *other)
{
	return one->length == other->length
	       && span_equals(ipaddr_common(one, REACH_NETWORK), ipaddr_common(other, REACH_NETWORK));
}

bool
results_is_testing(const struct results *results, const struct ipaddr *client)
{
	for (size_t i = 0; i < BOUND_PAGE_RESULTS; i++)
		if (results->items[i].is_running && is_near(&results->items[i].client, client))
			return true;
	return false;
}

/* The place that is free, or of the oldest. */
static struct outcome *
find_place(struct results *results)
{
	struct outcome *oldest = NULL;

	for (size_t i = 0; i < BOUND_PAGE_RESULTS; i++) {
		struct outcome *result = &results->items[i];

		if (result->ident[0] == '\0')
			return result;
		if (!result->is_running && (oldest == NULL || result->begun_ms < oldest->begun_ms))
			oldest = result;
	}
	return oldest;
}

struct outcome *
results_begin(struct results *results, const char *ident, const struct ipaddr *client, uint64_t now_ms)
{
	struct outcome *place = results_find(results, ident);

	if (place == NULL) {
		place = find_place(results);
		if (place != NULL && place->ident[0] != '\0' && is_new(place, now_ms))
			place = NULL;
	} else if (is_new(place, now_ms)) {
		place = NULL;
	}
	if (place == NULL || results->running == BOUND_PAGE_TESTS || results_is_testing(results, client))
		return NULL;
	free(place->line);
	*place = (struct outcome){ .client = *client, .is_running = true, .begun_ms = now_ms };
	(void)snprintf(place->ident, sizeof place->ident, "%s", ident);
	results->running++;
	return place;
}

void
results_end(struct results *results, struct outcome *result, char *line)
{
	result->is_running = false;
	result->line = line;
	results->running--;
}
