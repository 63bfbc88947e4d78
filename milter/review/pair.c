#include "heloscope/review/pair.h"

#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/words/refusal.h"

bool
pair_is_blamed(const struct recognition *known, enum refusal_status status)
{
	if (known->party == PARTY_RECEIVER || known->party == PARTY_RECIPIENT
	    || known->party == PARTY_NOBODY_WAIT)
		return false;
	if (known->category == CATEGORY_GREYLIST || config_refusal_has(known->category, TRAIT_RECIPIENT))
		return false;
	return status != REFUSAL_DEFERRED || known->permanence == PERMANENCE_YES;
}

int
pair_compare_ways(const struct pair *a, const struct pair *b)
{
	const int order = strcmp(a->receiver, b->receiver);

	return order != 0 ? order : ipaddr_compare(&a->client, &b->client);
}

int
pair_compare(const void *a, const void *b)
{
	const struct pair *left = *(struct pair *const *)a, *right = *(struct pair *const *)b;
	const int order = pair_compare_ways(left, right);

	return order != 0 ? order : strcmp(left->domain, right->domain);
}

const struct reason *
pair_main_reason(const struct pair *pair)
{
	const struct reasons *reasons = &pair->reasons;
	const struct reason *most = NULL;

	for (size_t i = 0; i < reasons->count; i++)
		if (most == NULL || reasons->items[i].count > most->count)
			most = &reasons->items[i];
	return most;
}

/* For programs. */

json_t *
pair_json_of_reason(const struct reason *reason)
{
	char memory[REFUSAL_REMEDY_SIZE];
	struct strbuf remedy = STRBUF_OVER(memory);
	json_t *row;

	if (reason == NULL)
		return json_null();
	row = json_object();
	refusal_add_remedy(&reason->known, reason->status, &remedy);
	document_set_text(row, "category", config_refusal_categories[reason->known.category]);
	document_set_text(row, "party", config_refusal_parties[reason->known.party]);
	document_set_span(row, "entry",
			  span_of(reason->known.entry != NULL ? reason->known.entry->name : NULL));
	document_set_text(row, "meaning", refusal_meaning(&reason->known));
	document_set_text(row, "remedy", memory);
	document_set_span(row, "reply", (struct span){ reason->text, reason->length });
	document_set_number(row, "count", (json_int_t)reason->count);
	return row;
}

json_t *
pair_json(const struct pair *pair)
{
	json_t *row = json_object();

	document_set_text(row, "domain", pair->domain);
	document_set_text(row, "receiver", pair->receiver);
	document_set_address(row, "client", &pair->client);
	document_set_number(row, "delivered", (json_int_t)pair->counts[REFUSAL_DELIVERED]);
	document_set_number(row, "deferred", (json_int_t)pair->counts[REFUSAL_DEFERRED]);
	document_set_number(row, "refused",
			    (json_int_t)(pair->counts[REFUSAL_REFUSED] + pair->counts[REFUSAL_EXPIRED]));
	document_set_time(row, "last-delivered", pair->last_passed);
	document_put(row, "reason", pair_json_of_reason(pair_main_reason(pair)));
	return row;
}
