#include "heloscope/cli/why_reports.h"

#include "heloscope/base/document.h"
#include "heloscope/words/reports.h"

/* As a document has it: summaries have 0 for what is not known. */
static int64_t
known_time(int64_t time)
{
	return time > 0 ? time : -1;
}

static void
set_count(json_t *object, const char *name, uint64_t count)
{
	document_set_number(object, name, (json_int_t)count);
}

static json_t *
result_object(const char *domain, const char *selector, const char *result)
{
	json_t *object = json_object();

	document_set_span(object, "domain", span_of(domain));
	if (selector != NULL)
		document_set_span(object, "selector", span_of(selector));
	document_set_span(object, "result", span_of(result));
	return object;
}

static json_t *
source_object(const struct summary_source *source)
{
	char memory[REPORTS_REMEDY_SIZE];
	struct strbuf remedy = STRBUF_OVER(memory);
	json_t *object = json_object();

	reports_remedy(source, &remedy);
	document_set_address(object, "address", &source->address);
	document_set_text(object, "owner", summary_owner_token(summary_owner(source)));
	set_count(object, "messages", source->messages);
	set_count(object, "passed", source->passed);
	set_count(object, "dkim-aligned", source->by_dkim);
	set_count(object, "spf-aligned", source->by_spf);
	set_count(object, "quarantined", source->quarantined);
	set_count(object, "rejected", source->rejected);
	set_count(object, "forwarded", source->forwarded);
	document_put(object, "spf", result_object(source->spf_domain, NULL, source->spf_result));
	document_put(object, "dkim",
		     result_object(source->dkim_domain, source->dkim_selector, source->dkim_result));
	document_set_span(object, "remedy", span_of(remedy.text));
	return object;
}

static json_t *
domain_object(const struct summary_domain *domain)
{
	json_t *object = json_object(), *sources = json_array();

	document_set_text(object, "kind", "dmarc");
	document_set_span(object, "domain", span_of(domain->name));
	document_set_span(object, "policy", span_of(domain->policy));
	document_set_time(object, "begin", known_time(domain->begin));
	document_set_time(object, "end", known_time(domain->end));
	set_count(object, "reports", domain->reports);
	set_count(object, "messages", domain->messages);
	set_count(object, "passed", domain->passed);
	set_count(object, "left-out", domain->left_out);
	for (const struct summary_source *source = domain->sources; source != NULL; source = source->next)
		document_append(sources, source_object(source));
	document_put(object, "sources", sources);
	return object;
}

static json_t *
failure_object(const struct summary_failure *failure)
{
	json_t *object = json_object();

	document_set_span(object, "mx", span_of(failure->mx));
	document_set_span(object, "result", span_of(failure->result_type));
	document_set_span(object, "policy", span_of(failure->policy_type));
	set_count(object, "sessions", failure->sessions);
	document_set_text(object, "remedy", reports_tls_remedy(failure->result_type));
	return object;
}

static json_t *
tls_object(const struct summary_tls *tls)
{
	json_t *object = json_object(), *failures = json_array();

	document_set_text(object, "kind", "tls");
	document_set_span(object, "domain", span_of(tls->domain));
	set_count(object, "successful", tls->successful);
	set_count(object, "failed", tls->failed);
	for (const struct summary_failure *failure = tls->failures; failure != NULL; failure = failure->next)
		document_append(failures, failure_object(failure));
	document_put(object, "failures", failures);
	return object;
}

json_t *
why_reports(const struct summary *summary)
{
	json_t *reports = json_array();

	for (const struct summary_domain *domain = summary->domains; domain != NULL; domain = domain->next)
		document_append(reports, domain_object(domain));
	for (const struct summary_tls *tls = summary->tls; tls != NULL; tls = tls->next)
		document_append(reports, tls_object(tls));
	return reports;
}
