#include "heloscope/review/differences.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/doctor/claim_tell.h"

#define PASSING_MAX 10 /* domains that pass, which a difference names */
#define DIFFERENCES_MAX 100
#define TESTED_MAX 10 /* of them, in the DNS: each may take several of BOUND_CLAIM_EXAMS */
#define DAY 86400

/* Whether all that was refused came before all that was delivered since. */
static bool
is_over(const struct pair *pair)
{
	return pair->is_over && !pair->is_mixed
	       && (pair->last_blamed == REFUSAL_NO_TIME || pair->last_passed == REFUSAL_NO_TIME
		   || pair->last_passed >= pair->last_blamed);
}

/* Whether the domain is refused now, as far as the log reaches. */
static bool
fails(const struct pair *pair)
{
	if (pair->blamed == 0 || is_over(pair))
		return false;
	if (pair->last_blamed == REFUSAL_NO_TIME || pair->last_passed == REFUSAL_NO_TIME)
		return pair->blamed >= pair->counts[REFUSAL_DELIVERED];
	return pair->last_blamed > pair->last_passed || pair->blamed > pair->counts[REFUSAL_DELIVERED];
}

/* Whether mail of the other domain passed within a day of the refusals. */
static bool
passes_then(const struct pair *pair, const struct pair *failing)
{
	if (pair->counts[REFUSAL_DELIVERED] == 0 || fails(pair))
		return false;
	if (pair->last_passed == REFUSAL_NO_TIME || failing->last_blamed == REFUSAL_NO_TIME)
		return true;
	return pair->first_passed <= failing->last_blamed + DAY
	       && pair->last_passed >= failing->first_blamed - DAY;
}

/* The reason for which a difference is told: the most frequent of those that are to be blamed. */
static const struct reason *
blamed_reason(const struct pair *pair)
{
	const struct reason *most = NULL;

	for (size_t i = 0; i < pair->reasons.count; i++) {
		const struct reason *reason = &pair->reasons.items[i];

		if (pair_is_blamed(&reason->known, reason->status)
		    && (most == NULL || reason->count > most->count))
			most = reason;
	}
	return most != NULL ? most : pair_main_reason(pair);
}

/* Domains that pass, by name. */
struct passing {
	const struct pair *pairs[PASSING_MAX];
	const char *domains[PASSING_MAX];
	size_t count;
};

static json_t *
json_of_passing(const struct pair *pair)
{
	json_t *row = json_object();

	document_set_text(row, "domain", pair->domain);
	document_set_number(row, "count", (json_int_t)pair->counts[REFUSAL_DELIVERED]);
	return row;
}

/* The domains that pass where this one fails, among those of the same way, which are `count` from `first` on.
 */
static struct passing
passing_beside(struct pair *const *first, size_t count, const struct pair *failing)
{
	struct passing passing = { .count = 0 };

	for (size_t i = 0; i < count && passing.count < PASSING_MAX; i++) {
		if (first[i] == failing || !passes_then(first[i], failing))
			continue;
		passing.pairs[passing.count] = first[i];
		passing.domains[passing.count++] = first[i]->domain;
	}
	return passing;
}

static json_t *
json_of_all_passing(const struct passing *passing)
{
	json_t *array = json_array();

	for (size_t i = 0; i < passing->count; i++)
		document_append(array, json_of_passing(passing->pairs[i]));
	return array;
}

/* What the DNS says of it. */
static void
set_claim(json_t *row, const struct pair *failing, const struct passing *passing, struct claims *claims)
{
	const struct reason *reason = blamed_reason(failing);
	struct claim claim = { CLAIM_NOT_TESTED, "", NULL };
	struct claim_subject subject;
	struct refusal refusal;
	json_t *rows = NULL;

	if (claims != NULL && reason != NULL) {
		refusal = refusal_of_text((struct span){ reason->text, reason->length });
		refusal.sender = span_of(failing->domain);
		refusal.client = failing->client;
		if (claims_find_subject(claims, &refusal, &reason->known, &subject))
			claim = claims_test(claims, &subject);
		claim_set_json(&claim, row);
		rows = claims_compare(claims, &subject, passing->domains, passing->count);
	} else {
		claim_set_json(&claim, row);
	}
	document_put(row, "rows", rows != NULL ? rows : json_null());
}

static json_t *
json_of_difference(const struct pair *failing, const struct passing *passing, struct claims *claims)
{
	json_t *row = json_object();

	document_set_text(row, "receiver", failing->receiver);
	document_set_address(row, "client", &failing->client);
	document_set_text(row, "refused", failing->domain);
	document_put(row, "delivered", json_of_all_passing(passing));
	document_set_number(row, "count", (json_int_t)failing->blamed);
	document_set_time(row, "first", failing->first_blamed);
	document_set_time(row, "last", failing->last_blamed);
	document_set_flag(row, "is-over", is_over(failing));
	document_set_time(row, "last-delivered", failing->last_passed);
	document_put(row, "reason", pair_json_of_reason(blamed_reason(failing)));
	set_claim(row, failing, passing, claims);
	return row;
}

static int
compare_blamed(const void *a, const void *b)
{
	const struct pair *left = *(struct pair *const *)a, *right = *(struct pair *const *)b;

	if (is_over(left) != is_over(right))
		return is_over(left) ? 1 : -1;
	if (left->blamed != right->blamed)
		return left->blamed < right->blamed ? 1 : -1;
	return pair_compare(a, b);
}

/* Where those of the way of `pair` begin in the sorted pairs, and how many they are. */
static struct pair *const *
way_of(struct pair *const *all, size_t all_count, const struct pair *pair, size_t *count)
{
	size_t begin = 0, end = all_count;

	while (begin < end) {
		const size_t middle = begin + (end - begin) / 2;

		if (pair_compare_ways(all[middle], pair) < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	for (end = begin; end < all_count && pair_compare_ways(all[end], pair) == 0; end++)
		;
	*count = end - begin;
	return &all[begin];
}

json_t *
differences_json(struct pair *const *all, size_t all_count, struct claims *claims)
{
	struct pair **failing = calloc(all_count + 1, sizeof *failing);
	json_t *differences = json_array();
	size_t count = 0;

	for (size_t i = 0; i < all_count && failing != NULL; i++)
		if (fails(all[i]) || is_over(all[i]))
			failing[count++] = all[i];
	if (failing != NULL)
		qsort(failing, count, sizeof *failing, compare_blamed);
	for (size_t i = 0; i < count && json_array_size(differences) < DIFFERENCES_MAX; i++) {
		size_t size;
		struct pair *const *way = way_of(all, all_count, failing[i], &size);
		const struct passing passing = passing_beside(way, size, failing[i]);
		const bool is_tested = json_array_size(differences) < TESTED_MAX;

		if (passing.count > 0)
			document_append(differences,
					json_of_difference(failing[i], &passing, is_tested ? claims : NULL));
	}
	free(failing);
	return differences;
}
