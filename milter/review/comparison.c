#include "heloscope/review/comparison.h"

#include <stdlib.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/document.h"
#include "heloscope/base/domain.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/base/table.h"
#include "heloscope/words/refusal.h"

#define REASONS 3      /* of a pair */
#define TEXT_MAX 400   /* octets that are kept of an answer */
#define PASSING_MAX 10 /* domains that pass, which a difference names */
#define DIFFERENCES_MAX 100
#define MEMORY (96U << 20)
#define DAY 86400

/* A reason, as often as it was given, and the beginning of what was answered last. */
struct reason {
	unsigned long count;
	struct recognition known; /* without the server */
	enum refusal_status status;
	char text[TEXT_MAX];
	size_t length;
};

/* Those that come often stay: who finds no place takes that of the rarest, and its number. */
struct reasons {
	struct reason *items;
	size_t count, size;
};

/* A sender's domain at a receiver, from one address of ours as far as it is known. */
struct pair {
	struct table_link link;
	const char *domain, *receiver;
	struct ipaddr client;
	unsigned long counts[REFUSAL_STATUSES];
	unsigned long blamed;             /* refusals that are not the recipient's or receiver's doing */
	time_t first_passed, last_passed; /* or REFUSAL_NO_TIME */
	time_t first_blamed, last_blamed;
	struct reasons reasons;
};

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

static void
count_reason(struct reasons *reasons, const struct refusal *refusal, const struct recognition *known)
{
	struct reason *reason = place_of(reasons, known);

	reason->count++;
	reason->known = *known;
	reason->known.host = SPAN("");
	reason->status = refusal->status;
	reason->length = refusal->text.length < TEXT_MAX ? refusal->text.length : TEXT_MAX;
	memcpy(reason->text, refusal->text.at, reason->length);
}

static const struct reason *
main_reason(const struct reasons *reasons)
{
	const struct reason *most = NULL;

	for (size_t i = 0; i < reasons->count; i++)
		if (most == NULL || reasons->items[i].count > most->count)
			most = &reasons->items[i];
	return most;
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

/* Whether a refusal may have to do with whose mail it is: not where it is the recipient's or receiver's
 * matter. */
static bool
is_blamed(const struct recognition *known, enum refusal_status status)
{
	static const enum refusal_category others[] = { CATEGORY_MAILBOX_UNKNOWN, CATEGORY_MAILBOX_FULL,
							CATEGORY_MAILBOX_DISABLED, CATEGORY_GREYLIST };

	if (known->party == PARTY_RECEIVER || known->party == PARTY_RECIPIENT
	    || known->party == PARTY_NOBODY_WAIT)
		return false;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (known->category == others[i])
			return false;
	return status != REFUSAL_DEFERRED || known->permanence == PERMANENCE_YES;
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
	if (is_blamed(known, refusal->status)) {
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
	if (known != NULL)
		count_refusal(comparison, pair, refusal, known);
	else
		note_time(refusal->time, &pair->first_passed, &pair->last_passed);
}

/* Differences. */

static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *left = *(struct pair *const *)a, *right = *(struct pair *const *)b;
	int order = strcmp(left->receiver, right->receiver);

	if (order == 0)
		order = ipaddr_compare(&left->client, &right->client);
	return order != 0 ? order : strcmp(left->domain, right->domain);
}

/* Whether the domain is refused now, as far as the log reaches. */
static bool
fails(const struct pair *pair)
{
	if (pair->blamed == 0)
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

static bool
is_same_way(const struct pair *a, const struct pair *b)
{
	return strcmp(a->receiver, b->receiver) == 0 && ipaddr_equals(&a->client, &b->client);
}

static json_t *
json_of_time(time_t time)
{
	char text[CLOCK_TEXT_SIZE];

	return time == REFUSAL_NO_TIME ? json_null() : document_text(span_of(clock_format(time, text)));
}

static json_t *
json_of_address(const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	return address->length == 0 ? json_null() : document_text(span_of(ipaddr_format(address, text)));
}

static json_t *
json_of_reason(const struct reason *reason)
{
	json_t *row;

	if (reason == NULL)
		return json_null();
	row = json_object();
	document_set_text(row, "category", config_refusal_categories[reason->known.category]);
	document_set_text(row, "party", config_refusal_parties[reason->known.party]);
	document_put(row, "entry",
		     reason->known.entry != NULL ? document_text(span_of(reason->known.entry->name))
						 : json_null());
	document_set_text(row, "meaning", refusal_meaning(&reason->known));
	document_set_text(row, "remedy", refusal_remedy(&reason->known));
	document_put(row, "reply",
		     reason->length > 0 ? document_text((struct span){ reason->text, reason->length })
					: json_null());
	document_set_number(row, "count", (json_int_t)reason->count);
	return row;
}

/* The reason for which a difference is told: the most frequent of those that are to be blamed. */
static const struct reason *
blamed_reason(const struct pair *pair)
{
	const struct reason *most = NULL;

	for (size_t i = 0; i < pair->reasons.count; i++) {
		const struct reason *reason = &pair->reasons.items[i];

		if (is_blamed(&reason->known, reason->status)
		    && (most == NULL || reason->count > most->count))
			most = reason;
	}
	return most != NULL ? most : main_reason(&pair->reasons);
}

static json_t *
json_of_difference(const struct pair *failing, json_t *passing)
{
	json_t *row = json_object();

	document_set_text(row, "receiver", failing->receiver);
	document_put(row, "client", json_of_address(&failing->client));
	document_set_text(row, "refused", failing->domain);
	document_put(row, "delivered", passing);
	document_set_number(row, "count", (json_int_t)failing->blamed);
	document_put(row, "first", json_of_time(failing->first_blamed));
	document_put(row, "last", json_of_time(failing->last_blamed));
	document_put(row, "reason", json_of_reason(blamed_reason(failing)));
	document_put(row, "rows", json_array()); /* in which doctor's findings about the domains differ */
	return row;
}

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
static json_t *
passing_beside(struct pair *const *first, size_t count, const struct pair *failing)
{
	json_t *passing = json_array();

	for (size_t i = 0; i < count && json_array_size(passing) < PASSING_MAX; i++)
		if (passes_then(first[i], failing))
			document_append(passing, json_of_passing(first[i]));
	return passing;
}

static int
compare_blamed(const void *a, const void *b)
{
	const struct pair *left = *(struct pair *const *)a, *right = *(struct pair *const *)b;

	if (left->blamed != right->blamed)
		return left->blamed < right->blamed ? 1 : -1;
	return compare_pairs(a, b);
}

/* Where those of the way of `pair` begin in the sorted pairs, and how many they are. */
static struct pair *const *
way_of(const struct comparison *comparison, const struct pair *pair, size_t *count)
{
	size_t begin = 0, end = comparison->count;

	while (begin < end) {
		const size_t middle = begin + (end - begin) / 2;
		const struct pair *other = comparison->all[middle];
		int order = strcmp(other->receiver, pair->receiver);

		order = order != 0 ? order : ipaddr_compare(&other->client, &pair->client);
		if (order < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	for (end = begin; end < comparison->count && is_same_way(comparison->all[end], pair); end++)
		;
	*count = end - begin;
	return &comparison->all[begin];
}

static json_t *
differences_of(const struct comparison *comparison)
{
	struct pair **failing = calloc(comparison->count + 1, sizeof *failing);
	json_t *differences = json_array();
	size_t count = 0;

	for (size_t i = 0; i < comparison->count && failing != NULL; i++)
		if (fails(comparison->all[i]))
			failing[count++] = comparison->all[i];
	if (failing != NULL)
		qsort(failing, count, sizeof *failing, compare_blamed);
	for (size_t i = 0; i < count && json_array_size(differences) < DIFFERENCES_MAX; i++) {
		size_t size;
		struct pair *const *way = way_of(comparison, failing[i], &size);
		json_t *passing = passing_beside(way, size, failing[i]);

		if (json_array_size(passing) > 0)
			document_append(differences, json_of_difference(failing[i], passing));
		else
			json_decref(passing);
	}
	free(failing);
	return differences;
}

static json_t *
json_of_pair(const struct pair *pair)
{
	json_t *row = json_object();

	document_set_text(row, "domain", pair->domain);
	document_set_text(row, "receiver", pair->receiver);
	document_put(row, "client", json_of_address(&pair->client));
	document_set_number(row, "delivered", (json_int_t)pair->counts[REFUSAL_DELIVERED]);
	document_set_number(row, "deferred", (json_int_t)pair->counts[REFUSAL_DEFERRED]);
	document_set_number(row, "refused",
			    (json_int_t)(pair->counts[REFUSAL_REFUSED] + pair->counts[REFUSAL_EXPIRED]));
	document_put(row, "last-delivered", json_of_time(pair->last_passed));
	document_put(row, "reason", json_of_reason(main_reason(&pair->reasons)));
	return row;
}

json_t *
comparison_json(struct comparison *comparison)
{
	json_t *json = json_object(), *rows = json_array();

	qsort(comparison->all, comparison->count, sizeof *comparison->all, compare_pairs);
	document_put(json, "differences", differences_of(comparison));
	for (size_t i = 0; i < comparison->count; i++)
		document_append(rows, json_of_pair(comparison->all[i]));
	document_put(json, "domains", rows);
	document_set_number(json, "left-out", (json_int_t)comparison->left_out);
	document_set_number(json, "without-sender", (json_int_t)comparison->without_sender);
	return json;
}
