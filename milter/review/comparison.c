#include "heloscope/review/comparison.h"

#include <stdlib.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/document.h"
#include "heloscope/base/domain.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/base/table.h"
#include "heloscope/review/differences.h"
#include "heloscope/review/pair.h"

#define REASONS 3 /* of a pair */
#define MEMORY (96U << 20)

/* A name whose receiver is known: a server, or a domain of recipients behind "@". */
struct known_name {
	struct table_link link;
	const char *name, *receiver;
};

struct comparison {
	struct recognizer *recognizer;
	struct arena memory;
	struct table pairs, names;
	struct pair **all; /* BOUND_COMPARED */
	size_t count;
	unsigned long left_out, without_sender;
};

struct comparison *
comparison_new(struct recognizer *recognizer)
{
	struct comparison *comparison = calloc(1, sizeof *comparison);
	bool has_memory;

	if (comparison == NULL)
		return NULL;
	comparison->recognizer = recognizer;
	arena_init(&comparison->memory, MEMORY);
	comparison->all = calloc(BOUND_COMPARED, sizeof *comparison->all);
	has_memory = table_init(&comparison->pairs);
	has_memory = table_init(&comparison->names) && has_memory && comparison->all != NULL;
	if (has_memory)
		return comparison;
	comparison_free(comparison);
	return NULL;
}

void
comparison_free(struct comparison *comparison)
{
	if (comparison == NULL)
		return;
	table_clear(&comparison->pairs);
	table_clear(&comparison->names);
	arena_clear(&comparison->memory);
	free(comparison->all);
	free(comparison);
}

/* Receivers. */

static const char *
find_name(const struct comparison *comparison, struct span name)
{
	for (struct table_link *link = table_first(&comparison->names, hash_of_nocase(name)); link != NULL;
	     link = table_next(link)) {
		const struct known_name *known = (const struct known_name *)link;

		if (span_equals_nocase(span_of(known->name), name))
			return known->receiver;
	}
	return NULL;
}

/* Remember whose a name is; of too many names only the receivers of the first. */
static const char *
keep_name(struct comparison *comparison, struct span name, const char *receiver)
{
	struct known_name *known = comparison->names.count < BOUND_COMPARED
					   ? arena_alloc(&comparison->memory, sizeof *known)
					   : NULL;

	if (known == NULL)
		return NULL;
	known->name = arena_copy(&comparison->memory, name);
	known->receiver = arena_string(&comparison->memory, receiver);
	table_add(&comparison->names, &known->link, hash_of_nocase(name));
	return known->receiver;
}

/* Whose server it is, or whose the recipient's domain; NULL: not in the catalogue. */
static const char *
owner_of(struct comparison *comparison, struct span host, struct span recipient)
{
	struct refusal server = refusal_of_text(SPAN(""));

	server.host = host;
	server.recipient = recipient;
	return recognize(comparison->recognizer, &server).owner;
}

/* An operator's name, or the registered one below which `name` lies. Remembered for
 * `key`. */
static const char *
name_receiver(struct comparison *comparison, struct span key, const char *owner, struct span name)
{
	char normal[DOMAIN_SIZE];

	if (owner == NULL && !domain_normalize(name, normal))
		return NULL;
	return keep_name(comparison, key, owner != NULL ? owner : domain_organization(normal));
}

/* The domain of an address, with its "@"; empty: it has none. */
static struct span
at_domain(struct span address)
{
	const char *at = memrchr(address.at, '@', address.length);

	return at != NULL ? span_from(address, (size_t)(at - address.at)) : SPAN("");
}

static const char *
receiver_of(struct comparison *comparison, const struct refusal *refusal)
{
	const struct span at = at_domain(refusal->recipient), domain = span_from(at, 1), nobody = SPAN("");
	const char *receiver = find_name(comparison, at), *of_host;

	if (refusal->host.length == 0 || !domain_has_dot(refusal->host)) {
		if (receiver == NULL && find_name(comparison, domain) == NULL)
			return name_receiver(comparison, domain,
					     owner_of(comparison, nobody, refusal->recipient), domain);
		return receiver != NULL ? receiver : find_name(comparison, domain);
	}
	of_host = find_name(comparison, refusal->host);
	if (of_host == NULL)
		of_host = name_receiver(comparison, refusal->host,
					owner_of(comparison, refusal->host, nobody), refusal->host);
	if (receiver == NULL && of_host != NULL && at.length > 0)
		(void)keep_name(comparison, at, of_host);
	return of_host;
}

/* Reasons. */

static bool
is_same_reason(const struct recognition *a, const struct recognition *b)
{
	if (a->entry != NULL || b->entry != NULL)
		return a->entry == b->entry;
	return a->word == b->word && a->codes.reply == b->codes.reply && a->category == b->category
	       && span_equals(span_of(a->owner), span_of(b->owner));
}

/* The place of a reason: its own, a free one, or that of the rarest. */
static struct reason *
place_of(struct reasons *reasons, const struct recognition *known)
{
	struct reason *rarest = NULL;

	for (size_t i = 0; i < reasons->count; i++) {
		if (is_same_reason(&reasons->items[i].known, known))
			return &reasons->items[i];
		if (rarest == NULL || reasons->items[i].count < rarest->count)
			rarest = &reasons->items[i];
	}
	return reasons->count < reasons->size ? &reasons->items[reasons->count++] : rarest;
}

/* What is kept of an answer ends with a whole word: a part of an address would be another address. */
static size_t
kept_length(struct span text)
{
	size_t length = PAIR_TEXT_MAX;

	if (text.length <= length)
		return text.length;
	while (length > 0 && !ascii_is_blank(text.at[length]))
		length--;
	return length;
}

static void
count_reason(struct reasons *reasons, const struct refusal *refusal, const struct recognition *known)
{
	struct reason *reason = place_of(reasons, known);

	/* Where any mail that waited is lost, that is what has to be said. */
	if (reason->count++ == 0 || reason->status != REFUSAL_EXPIRED)
		reason->status = refusal->status;
	reason->known = *known;
	reason->known.host = SPAN("");
	reason->length = kept_length(refusal->text);
	memcpy(reason->text, refusal->text.at, reason->length);
}

/* Pairs. */

static struct pair *
find_pair(const struct comparison *comparison, const struct pair *like, uint64_t hash)
{
	for (struct table_link *link = table_first(&comparison->pairs, hash); link != NULL;
	     link = table_next(link)) {
		struct pair *pair = (struct pair *)link;

		if (strcmp(pair->domain, like->domain) == 0 && strcmp(pair->receiver, like->receiver) == 0
		    && ipaddr_equals(&pair->client, &like->client))
			return pair;
	}
	return NULL;
}

static struct pair *
add_pair(struct comparison *comparison, const struct pair *like, uint64_t hash)
{
	struct pair *pair =
		comparison->count < BOUND_COMPARED ? arena_alloc(&comparison->memory, sizeof *pair) : NULL;

	if (pair == NULL)
		return NULL;
	*pair = *like;
	pair->domain = arena_string(&comparison->memory, like->domain);
	pair->first_passed = pair->last_passed = pair->first_blamed = pair->last_blamed = REFUSAL_NO_TIME;
	table_add(&comparison->pairs, &pair->link, hash);
	comparison->all[comparison->count++] = pair;
	return pair;
}

static struct pair *
pair_of(struct comparison *comparison, const struct refusal *refusal, const char *domain)
{
	struct pair like = { .domain = domain, .client = refusal->client };
	char memory[3 * DOMAIN_SIZE];
	struct strbuf key = STRBUF_OVER(memory);
	struct pair *pair;
	uint64_t hash;

	like.receiver = receiver_of(comparison, refusal);
	if (like.receiver == NULL)
		return NULL;
	strbuf_printf(&key, "%s %s", domain, like.receiver);
	hash = hash_of((struct span){ memory, key.length });
	pair = find_pair(comparison, &like, hash);
	return pair != NULL ? pair : add_pair(comparison, &like, hash);
}

static void
note_time(time_t time, time_t *first, time_t *last)
{
	if (time == REFUSAL_NO_TIME)
		return;
	*first = *first == REFUSAL_NO_TIME || time < *first ? time : *first;
	*last = *last == REFUSAL_NO_TIME || time > *last ? time : *last;
}

static void
count_refusal(struct comparison *comparison, struct pair *pair, const struct refusal *refusal,
	      const struct recognition *known)
{
	if (pair_is_blamed(known, refusal->status)) {
		pair->is_mixed = pair->is_mixed || pair->is_over;
		pair->is_over = false;
		pair->blamed++;
		note_time(refusal->time, &pair->first_blamed, &pair->last_blamed);
	}
	if (pair->reasons.items == NULL) {
		pair->reasons.items = arena_alloc(&comparison->memory, REASONS * sizeof(struct reason));
		pair->reasons.size = pair->reasons.items != NULL ? REASONS : 0;
	}
	if (pair->reasons.size > 0)
		count_reason(&pair->reasons, refusal, known);
}

void
comparison_take(struct comparison *comparison, const struct refusal *refusal, const struct recognition *known)
{
	const struct span at = at_domain(refusal->sender);
	char domain[DOMAIN_SIZE];
	struct pair *pair;

	if (!domain_normalize(span_from(at, 1), domain)) {
		comparison->without_sender++;
		return;
	}
	pair = pair_of(comparison, refusal, domain);
	if (pair == NULL) {
		comparison->left_out++;
		return;
	}
	pair->counts[refusal->status]++;
	if (known != NULL) {
		count_refusal(comparison, pair, refusal, known);
	} else {
		pair->is_over = pair->blamed > 0;
		note_time(refusal->time, &pair->first_passed, &pair->last_passed);
	}
}

json_t *
comparison_json(struct comparison *comparison, struct claims *claims)
{
	json_t *json = json_object(), *rows = json_array();

	qsort(comparison->all, comparison->count, sizeof *comparison->all, pair_compare);
	document_put(json, "differences", differences_json(comparison->all, comparison->count, claims));
	for (size_t i = 0; i < comparison->count; i++)
		document_append(rows, pair_json(comparison->all[i]));
	document_put(json, "domains", rows);
	document_set_number(json, "left-out", (json_int_t)comparison->left_out);
	document_set_number(json, "without-sender", (json_int_t)comparison->without_sender);
	return json;
}
