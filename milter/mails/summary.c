#include "heloscope/mails/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/hash.h"

/* A report that was counted. */
struct seen_report {
	struct table_link link;
};

bool
summary_init(struct summary *summary)
{
	*summary = (struct summary){ .domains = NULL };
	arena_init(&summary->arena, BOUND_SUMMARY_OCTETS);
	return table_init(&summary->known) && table_init(&summary->reports);
}

void
summary_clear(struct summary *summary)
{
	table_clear(&summary->known);
	table_clear(&summary->reports);
	arena_clear(&summary->arena);
}

/* A sum of counts that strangers wrote ends with the largest number that JSON's readers take. */
static void
add_count(uint64_t *sum, uint64_t count)
{
	const uint64_t room = (uint64_t)INT64_MAX - *sum;

	*sum += count < room ? count : room;
}

/* The hash of some texts together, which nobody can make fall together. Case does not count in them. */
static uint64_t
hash_of_all(const struct span *texts, size_t count)
{
	uint64_t hashes[8];

	for (size_t i = 0; i < count; i++)
		hashes[i] = hash_of_nocase(texts[i]);
	return hash_of((struct span){ (const char *)hashes, count * sizeof hashes[0] });
}

/* Memory for something new; NULL when no more is noted. */
static void *
make(struct summary *summary, size_t size, uint64_t hash)
{
	struct table_link *link = summary->arena.has_failed ? NULL : arena_alloc(&summary->arena, size);

	if (link != NULL)
		table_add(&summary->known, link, hash);
	return link;
}

static const char *
keep(struct summary *summary, struct span text)
{
	return text.length > 0 ? arena_copy(&summary->arena, text) : "";
}

/* DMARC. */

static struct summary_domain *
domain_of(struct summary *summary, const char *name)
{
	const struct span texts[] = { SPAN("domain"), span_of(name) };
	const uint64_t hash = hash_of_all(texts, 2);
	struct table_link *link = table_first(&summary->known, hash);
	struct summary_domain *domain;

	if (link != NULL)
		return (struct summary_domain *)link;
	domain = make(summary, sizeof *domain, hash);
	if (domain == NULL)
		return NULL;
	domain->name = keep(summary, span_of(name));
	domain->policy = "";
	domain->next = summary->domains;
	summary->domains = domain;
	return domain;
}

static struct summary_source *
source_of(struct summary *summary, struct summary_domain *domain, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];
	const struct span texts[] = { SPAN("source"), span_of(domain->name),
				      span_of(ipaddr_format(address, text)) };
	const uint64_t hash = hash_of_all(texts, 3);
	struct table_link *link = table_first(&summary->known, hash);
	struct summary_source *source;

	if (link != NULL)
		return (struct summary_source *)link;
	source = make(summary, sizeof *source, hash);
	if (source == NULL)
		return NULL;
	source->address = *address;
	source->domain = domain;
	source->spf_domain = source->spf_result = "";
	source->dkim_domain = source->dkim_selector = source->dkim_result = "";
	source->next = domain->sources;
	domain->sources = source;
	domain->source_count++;
	return source;
}

static uint64_t
hash_of_report(const struct aggregate_report *report)
{
	char period[48];
	const int length =
		snprintf(period, sizeof period, "%" PRId64 " to %" PRId64, report->begin, report->end);
	const struct span texts[] = { span_of(report->organization),
				      span_of(report->id),
				      span_of(report->domain),
				      { period, (size_t)length } };

	return hash_of_all(texts, 4);
}

/* Whether a report, whose first row this is, was counted before; it is noted. */
static bool
was_seen(struct summary *summary, const struct aggregate_report *report)
{
	const uint64_t hash = hash_of_report(report);
	struct seen_report *seen;

	if (report->id[0] == '\0')
		return false;
	if (table_first(&summary->reports, hash) != NULL)
		return true;
	seen = summary->arena.has_failed ? NULL : arena_alloc(&summary->arena, sizeof *seen);
	if (seen != NULL)
		table_add(&summary->reports, &seen->link, hash);
	return false;
}

static void
note_report(struct summary *summary, struct summary_domain *domain, const struct aggregate_report *report)
{
	domain->reports++;
	if (report->end >= domain->end && report->policy[0] != '\0'
	    && strcmp(domain->policy, report->policy) != 0)
		domain->policy = keep(summary, span_of(report->policy));
	if (report->end > domain->end)
		domain->end = report->end;
	if (report->begin > 0 && (domain->begin == 0 || report->begin < domain->begin))
		domain->begin = report->begin;
}

static bool
is_forwarding(const char *override)
{
	static const char *const types[] = { "forwarded", "mailing_list", "trusted_forwarder" };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(override, types[i]) == 0)
			return true;
	return false;
}

/* The signature that says most about a failure: one that is valid, or else the first. */
static const struct aggregate_result *
telling_signature(const struct aggregate_row *row)
{
	for (size_t i = 0; i < row->dkim_count; i++)
		if (strcmp(row->dkim[i].result, "pass") == 0)
			return &row->dkim[i];
	return row->dkim_count > 0 ? &row->dkim[0] : NULL;
}

/* What was found where DMARC failed: the first that there is, and one that passes before others. */
static void
note_failure(struct summary *summary, struct summary_source *source, const struct aggregate_row *row)
{
	const struct aggregate_result *dkim = telling_signature(row);

	if (row->has_spf && (source->spf_result[0] == '\0' || strcmp(row->spf.result, "pass") == 0)
	    && strcmp(source->spf_result, row->spf.result) != 0) {
		source->spf_domain = keep(summary, span_of(row->spf.domain));
		source->spf_result = keep(summary, span_of(row->spf.result));
	}
	if (dkim != NULL && (source->dkim_result[0] == '\0' || strcmp(dkim->result, "pass") == 0)
	    && strcmp(source->dkim_result, dkim->result) != 0) {
		source->dkim_domain = keep(summary, span_of(dkim->domain));
		source->dkim_selector = keep(summary, span_of(dkim->selector));
		source->dkim_result = keep(summary, span_of(dkim->result));
	}
}

static void
note_row(struct summary *summary, struct summary_source *source, const struct aggregate_row *row)
{
	const bool has_passed = row->is_dkim_aligned || row->is_spf_aligned;

	add_count(&source->messages, row->count);
	add_count(&source->passed, has_passed ? row->count : 0);
	add_count(&source->by_dkim, row->is_dkim_aligned ? row->count : 0);
	add_count(&source->by_spf, row->is_spf_aligned ? row->count : 0);
	add_count(&source->quarantined, strcmp(row->disposition, "quarantine") == 0 ? row->count : 0);
	add_count(&source->rejected, strcmp(row->disposition, "reject") == 0 ? row->count : 0);
	add_count(&source->forwarded, is_forwarding(row->override_type) ? row->count : 0);
	if (!has_passed)
		note_failure(summary, source, row);
}

void
summary_add_aggregate(void *context, const struct aggregate_report *report, const struct aggregate_row *row)
{
	struct summary *summary = context;
	struct summary_domain *domain;
	struct summary_source *source;

	if (report->rows == 0)
		summary->is_passed_over = was_seen(summary, report);
	if (report->rows == 0 && summary->is_passed_over)
		summary->repeated++;
	if (summary->is_passed_over)
		return;
	domain = domain_of(summary, report->domain[0] != '\0' ? report->domain : row->header_from);
	if (domain == NULL) {
		summary->left_out++;
		return;
	}
	if (report->rows == 0)
		note_report(summary, domain, report);
	add_count(&domain->messages, row->count);
	add_count(&domain->passed, row->is_dkim_aligned || row->is_spf_aligned ? row->count : 0);
	source = source_of(summary, domain, &row->source);
	if (source != NULL)
		note_row(summary, source, row);
	else
		add_count(&domain->left_out, row->count);
}

/* TLS. */

static struct summary_tls *
tls_of(struct summary *summary, struct span name)
{
	const struct span texts[] = { SPAN("tls"), name };
	const uint64_t hash = hash_of_all(texts, 2);
	struct table_link *link = table_first(&summary->known, hash);
	struct summary_tls *tls;

	if (link != NULL)
		return (struct summary_tls *)link;
	tls = make(summary, sizeof *tls, hash);
	if (tls == NULL)
		return NULL;
	tls->domain = keep(summary, name);
	tls->next = summary->tls;
	summary->tls = tls;
	return tls;
}

static struct summary_failure *
failure_of(struct summary *summary, struct summary_tls *tls, const struct tls_row *row)
{
	const struct span mx = row->receiving_mx.length > 0 ? row->receiving_mx : row->mx_host;
	const struct span texts[] = { SPAN("failure"), row->domain, mx, row->result_type };
	const uint64_t hash = hash_of_all(texts, 4);
	struct table_link *link = table_first(&summary->known, hash);
	struct summary_failure *failure;

	if (link != NULL)
		return (struct summary_failure *)link;
	failure = make(summary, sizeof *failure, hash);
	if (failure == NULL)
		return NULL;
	failure->domain = tls->domain;
	failure->mx = keep(summary, mx);
	failure->result_type = keep(summary, row->result_type);
	failure->policy_type = keep(summary, row->policy_type);
	failure->next = tls->failures;
	tls->failures = failure;
	return failure;
}

void
summary_add_tls(void *context, const struct tls_report *report, const struct tls_row *row)
{
	struct summary *summary = context;
	struct summary_tls *tls = tls_of(summary, row->domain);
	struct summary_failure *failure;

	(void)report;
	if (tls != NULL && !row->is_failure) {
		add_count(&tls->successful, row->successful);
		add_count(&tls->failed, row->failed);
		return;
	}
	failure = tls != NULL ? failure_of(summary, tls, row) : NULL;
	if (failure != NULL)
		add_count(&failure->sessions, row->failed);
	else
		summary->left_out++;
}

/* What is told of them. */

enum summary_owner
summary_owner(const struct summary_source *source)
{
	if (source->passed > 0)
		return SUMMARY_YOURS;
	return strcmp(source->spf_result, "pass") == 0 || strcmp(source->dkim_result, "pass") == 0
		       ? SUMMARY_SERVICE
		       : SUMMARY_STRANGER;
}

const char *
summary_owner_token(enum summary_owner owner)
{
	static const char *const tokens[] = {
		[SUMMARY_YOURS] = "yours", [SUMMARY_SERVICE] = "service", [SUMMARY_STRANGER] = "unknown"
	};

	return tokens[owner];
}

static bool
comes_first(const struct summary_source *a, const struct summary_source *b)
{
	return a->messages != b->messages ? a->messages > b->messages
					  : ipaddr_compare(&a->address, &b->address) <= 0;
}

/* The list of both, which are in order. */
static struct summary_source *
merge(struct summary_source *a, struct summary_source *b)
{
	struct summary_source *first = NULL, **end = &first;

	while (a != NULL && b != NULL) {
		struct summary_source **from = comes_first(a, b) ? &a : &b;

		*end = *from;
		end = &(*from)->next;
		*from = *end;
	}
	*end = a != NULL ? a : b;
	return first;
}

/* A list of `count`, which is brought into order. */
static struct summary_source *
sort(struct summary_source *list, size_t count)
{
	struct summary_source *half = list, *second;

	if (count < 2)
		return list;
	for (size_t i = 1; i < count / 2; i++)
		half = half->next;
	second = half->next;
	half->next = NULL;
	list = sort(list, count / 2);
	return merge(list, sort(second, count - count / 2));
}

void
summary_sort(struct summary *summary)
{
	for (struct summary_domain *domain = summary->domains; domain != NULL; domain = domain->next)
		domain->sources = sort(domain->sources, domain->source_count);
}
