#include "heloscope/dmarc/dmarc.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/wire/taglist.h"

#define PREFIX "_dmarc."
#define SHORT_LABELS 7 /* what is left of longer names at the second step (4.10) */

static const char *const policy_words[] = {
	[DMARC_NONE] = "none",     [DMARC_QUARANTINE] = "quarantine",
	[DMARC_REJECT] = "reject", [DMARC_ABSENT] = NULL,
	[DMARC_INVALID] = NULL,
};

const char *
dmarc_policy_word(enum dmarc_policy policy)
{
	return policy_words[policy];
}

/* Records. */

bool
dmarc_record_is_one(struct span text)
{
	struct tag tag;

	return text.length > 0 && text.at[0] == 'v' && taglist_next(&text, &tag)
	       && span_equals(tag.name, SPAN("v")) && span_equals(tag.value, SPAN("DMARC1"));
}

static enum dmarc_policy
policy_of(struct span value)
{
	for (int policy = DMARC_NONE; policy <= DMARC_REJECT; policy++)
		if (span_equals_nocase(value, span_of(policy_words[policy])))
			return (enum dmarc_policy)policy;
	return DMARC_INVALID;
}

/* The end of an address that says how large a report may be: "!10m"; nobody looks at it any more (4.8). */
static struct span
without_size(struct span uri)
{
	size_t at = uri.length;

	if (at > 0 && memchr("kmgtKMGT", uri.at[at - 1], 8) != NULL)
		at--;
	while (at > 0 && ascii_is_digit(uri.at[at - 1]))
		at--;
	if (at == 0 || at == uri.length || uri.at[at - 1] != '!' || !ascii_is_digit(uri.at[at]))
		return uri;
	return (struct span){ uri.at, at - 1 };
}

/* Whether it is "local@domain"; "mailto:a@b?subject=x" is allowed (RFC 6068). */
static bool
is_mail_address(struct span text)
{
	const char *question = memchr(text.at, '?', text.length), *at;
	char name[DOMAIN_SIZE];

	if (question != NULL)
		text.length = (size_t)(question - text.at);
	at = memchr(text.at, '@', text.length);
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' || memchr("!<>\"\\:", text.at[i], 6) != NULL)
			return false;
	return at != NULL && at != text.at
	       && domain_normalize(span_from(text, (size_t)(at - text.at) + 1), name)
	       && domain_has_dot(span_of(name));
}

/* "https://..." (RFC 3986, 3.1). */
static bool
has_scheme(struct span uri)
{
	const char *colon = memchr(uri.at, ':', uri.length);

	if (colon == NULL || colon == uri.at || !ascii_is_alpha(uri.at[0])
	    || memchr(uri.at, ' ', uri.length) != NULL)
		return false;
	for (const char *at = uri.at; at < colon; at++)
		if (!ascii_is_alnum(*at) && memchr("+-.", *at, 3) == NULL)
			return false;
	return span_from(uri, (size_t)(colon - uri.at) + 1).length > 0;
}

bool
dmarc_next_uri(struct span *rest, struct span *text, struct span *address, enum dmarc_uri *kind)
{
	struct span uri;

	if (rest->length == 0)
		return false;
	*text = span_trim(span_until(rest, ','));
	uri = without_size(*text);
	*address = uri;
	if (span_starts_with_nocase(uri, SPAN("mailto:"))) {
		*address = span_from(uri, sizeof "mailto:" - 1);
		*kind = is_mail_address(*address) ? DMARC_URI_MAIL : DMARC_URI_INVALID;
	} else if (is_mail_address(uri)) {
		*kind = DMARC_URI_BARE;
	} else {
		*kind = has_scheme(uri) ? DMARC_URI_OTHER : DMARC_URI_INVALID;
	}
	return true;
}

static bool
has_valid_uri(struct span list)
{
	struct span text, address;
	enum dmarc_uri kind;

	while (dmarc_next_uri(&list, &text, &address, &kind))
		if (kind == DMARC_URI_MAIL || kind == DMARC_URI_OTHER)
			return true;
	return false;
}

/* A tag and what it says; an empty value: it is there twice. */
typedef void dmarc_take(struct dmarc_record *record, struct span value);

static void
take_policy(struct dmarc_record *record, struct span value)
{
	record->policy = policy_of(value);
}

static void
take_subdomain_policy(struct dmarc_record *record, struct span value)
{
	record->subdomain_policy = policy_of(value);
}

static void
take_absent_policy(struct dmarc_record *record, struct span value)
{
	record->absent_policy = policy_of(value);
}

static void
take_dkim_alignment(struct dmarc_record *record, struct span value)
{
	record->is_dkim_strict = span_equals_nocase(value, SPAN("s"));
}

static void
take_spf_alignment(struct dmarc_record *record, struct span value)
{
	record->is_spf_strict = span_equals_nocase(value, SPAN("s"));
}

static void
take_testing(struct dmarc_record *record, struct span value)
{
	record->is_testing = span_equals_nocase(value, SPAN("y"));
}

static void
take_reports(struct dmarc_record *record, struct span value)
{
	record->has_reports = has_valid_uri(value);
}

static void
take_suffix(struct dmarc_record *record, struct span value)
{
	const bool is_known = value.length == 1 && ascii_is_among(value.at[0], "ynYN");

	record->psd = is_known ? ascii_lower(value.at[0]) : 'u';
}

static const struct {
	const char *name;
	dmarc_take *take;
} tags[] = {
	{ "p", take_policy },           { "sp", take_subdomain_policy },
	{ "np", take_absent_policy },   { "adkim", take_dkim_alignment },
	{ "aspf", take_spf_alignment }, { "t", take_testing },
	{ "rua", take_reports },        { "psd", take_suffix },
};

void
dmarc_record_read(struct span text, struct dmarc_record *record)
{
	struct tag tag;
	unsigned seen = 0;

	*record = (struct dmarc_record){ .text = text,
					 .policy = DMARC_ABSENT,
					 .subdomain_policy = DMARC_ABSENT,
					 .absent_policy = DMARC_ABSENT,
					 .psd = 'u' };
	while (taglist_next(&text, &tag)) {
		for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
			if (!span_equals(tag.name, span_of(tags[i].name)))
				continue;
			tags[i].take(record, (seen & 1U << i) != 0 ? SPAN("") : tag.value);
			seen |= 1U << i;
		}
	}
}

/* The walk. */

static size_t
count_labels(const char *domain)
{
	size_t count = 1;

	for (; *domain != '\0'; domain++)
		count += *domain == '.' ? 1 : 0;
	return count;
}

/* What an answer holds. */
struct dmarc_read {
	struct dmarc_read *next;
	const struct dns_answer *answer;
	size_t records;
	struct dmarc_record record; /* when there is one alone */
};

static struct dmarc_read
read_answer(const struct dns_answer *answer)
{
	struct dmarc_read read = { .answer = answer };
	struct span text;

	for (size_t i = 0; i < answer->count; i++) {
		if (!dmarc_record_is_one(answer->records[i].text))
			continue;
		text = answer->records[i].text;
		read.records++;
	}
	if (read.records == 1)
		dmarc_record_read(text, &read.record);
	return read;
}

/* The same, once an answer. Those without records are read at once. */
static struct dmarc_read
recall(struct dmarc_memo *memo, const struct dns_answer *answer)
{
	struct dmarc_read *read = memo != NULL && answer->count > 0 ? memo->first : NULL;

	while (read != NULL && read->answer != answer)
		read = read->next;
	if (read != NULL)
		return *read;
	if (memo == NULL || answer->count == 0 || (read = arena_alloc(memo->memory, sizeof *read)) == NULL)
		return read_answer(answer);
	*read = read_answer(answer);
	read->next = memo->first;
	memo->first = read;
	return *read;
}

/* The answer to the question for the record of `domain`. False when there is none to be put. */
static bool
ask_for(const struct dmarc_source *source, const char *domain, const struct dns_answer **answer)
{
	char name[DOMAIN_SIZE + sizeof PREFIX];

	(void)snprintf(name, sizeof name, PREFIX "%s", domain);
	if (strlen(name) >= DOMAIN_SIZE)
		return false;
	*answer = source->ask(source->context, name, DNS_TXT);
	return true;
}

/* Take what was answered for a domain. False when the walk ends there. */
static bool
take_answer(struct dmarc_walk *walk, const char *domain, const struct dns_answer *answer,
	    struct dmarc_memo *memo)
{
	const struct dmarc_read read = recall(memo, answer);

	walk->lookups[walk->lookup_count++] = (struct dmarc_lookup){ domain, answer, read.records };
	if (dns_status_is_fault(answer->status) && walk->unknown == NULL) {
		walk->unknown = domain;
		walk->fault = answer;
	}
	if (read.records != 1)
		return true;
	walk->steps[walk->count++] = (struct dmarc_step){ domain, read.record };
	return read.record.psd == 'u';
}

/* The name without its first label; NULL at the end. */
static const char *
parent_of(const char *domain)
{
	const char *dot = strchr(domain, '.');

	return dot != NULL ? dot + 1 : NULL;
}

/* Where the walk goes from its start (4.10, step 4): one label up, or to the seventh. */
static const char *
second_of(const char *domain)
{
	size_t labels = count_labels(domain);

	do {
		domain = parent_of(domain);
		labels--;
	} while (labels > SHORT_LABELS);
	return domain;
}

bool
dmarc_walk(const struct dmarc_source *source, const char *domain, struct dmarc_walk *walk)
{
	const char *next = second_of(domain);
	bool is_known = true;

	*walk = (struct dmarc_walk){ .count = 0 };
	for (; domain != NULL; domain = next, next = domain != NULL ? parent_of(domain) : NULL) {
		const struct dns_answer *answer;

		if (!ask_for(source, domain, &answer))
			continue;
		is_known = is_known && answer != NULL;
		if (is_known && !take_answer(walk, domain, answer, source->memo))
			return true;
	}
	return is_known;
}

/* The name one label below `parent` on the way to `domain`. */
static const char *
child_of(const char *parent, const char *domain)
{
	for (const char *next = parent_of(domain); next != NULL && strlen(next) > strlen(parent);
	     next = parent_of(domain))
		domain = next;
	return domain;
}

const char *
dmarc_organization(const struct dmarc_walk *walk, const char *domain)
{
	const struct dmarc_step *last = walk->count > 0 ? &walk->steps[walk->count - 1] : NULL;

	if (last == NULL)
		return domain;
	if (last->record.psd == 'y' && strcmp(last->domain, domain) != 0)
		return child_of(last->domain, domain);
	return last->domain;
}

static const struct dmarc_step *
step_at(const struct dmarc_walk *walk, const char *domain)
{
	for (size_t i = 0; i < walk->count; i++)
		if (strcmp(walk->steps[i].domain, domain) == 0)
			return &walk->steps[i];
	return NULL;
}

const struct dmarc_step *
dmarc_step_that_applies(const struct dmarc_walk *walk, const char *domain)
{
	const struct dmarc_step *step = step_at(walk, domain);

	if (step == NULL)
		step = step_at(walk, dmarc_organization(walk, domain));
	if (step == NULL && walk->count > 0)
		step = &walk->steps[walk->count - 1]; /* of the public suffix */
	return step;
}

enum dmarc_policy
dmarc_policy_for(const struct dmarc_step *step, const char *domain, bool exists)
{
	const struct dmarc_record *record = &step->record;
	enum dmarc_policy policy = record->policy;

	if (record->policy > DMARC_REJECT || record->subdomain_policy == DMARC_INVALID
	    || record->absent_policy == DMARC_INVALID)
		return record->has_reports ? DMARC_NONE : DMARC_INVALID;
	if (strcmp(step->domain, domain) == 0)
		return policy;
	if (record->subdomain_policy != DMARC_ABSENT)
		policy = record->subdomain_policy;
	if (!exists && record->absent_policy != DMARC_ABSENT)
		policy = record->absent_policy;
	return policy;
}
