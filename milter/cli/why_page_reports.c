#include "heloscope/cli/why_page_reports.h"

#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/cli/why_page_parts.h"

#define SOURCES_SHOWN 200 /* of a domain */

/* DMARC. */

static const struct {
	const char *key, *title;
} counts[] = {
	{ "messages", "Messages" },  { "passed", "Pass DMARC" },       { "dkim-aligned", "by DKIM" },
	{ "spf-aligned", "by SPF" }, { "quarantined", "Quarantined" }, { "rejected", "Rejected" },
};

#define COUNTS (sizeof counts / sizeof counts[0])

static const char *
owner_words(const char *token)
{
	return strcmp(token, "yours") == 0     ? "yours"
	       : strcmp(token, "service") == 0 ? "a service"
					       : "unknown";
}

static void
put_result(struct output *out, const char *title, const json_t *result)
{
	if (document_text_of(result, "result")[0] != '\0')
		output_put(out, "<dt>%s</dt><dd>%s for %s</dd>\n", title, document_text_of(result, "result"),
			   document_text_of(result, "domain"));
}

/* What is to be done about a source of which mail does not pass, and what was seen of that. */
static void
put_remedy(struct output *out, const json_t *source)
{
	if (document_text_of(source, "remedy")[0] == '\0')
		return;
	output_put(out, "<tr><td colspan=\"%zu\"><details><summary>What to do</summary><dl>\n", COUNTS + 2);
	why_page_put_point(out, "What to do", document_span_of(source, "remedy"));
	put_result(out, "SPF, where DMARC failed", document_member(source, "spf"));
	put_result(out, "DKIM, where DMARC failed", document_member(source, "dkim"));
	output_put(out, "</dl></details></td></tr>\n");
}

static void
put_state(struct output *out, json_int_t messages, json_int_t passed)
{
	if (passed == messages)
		output_put(out, "<td class=\"good\">&#10003; passes</td>");
	else if (passed > 0)
		output_put(out, "<td class=\"wait\">&hellip; partly passes</td>");
	else
		output_put(out, "<td class=\"bad\">&#10007; does not pass</td>");
}

static void
put_source(struct output *out, const json_t *source)
{
	output_put(out, "<tbody class=\"item\"><tr><td data-name=\"Address\"><b>%s</b> (%s)</td>",
		   document_text_of(source, "address"), owner_words(document_text_of(source, "owner")));
	put_state(out, document_number_of(source, "messages"), document_number_of(source, "passed"));
	for (size_t i = 0; i < COUNTS; i++)
		output_put(out, "<td class=\"number\" data-name=\"%s\">%lld</td>", counts[i].title,
			   (long long)document_number_of(source, counts[i].key));
	output_put(out, "</tr>\n");
	put_remedy(out, source);
	output_put(out, "</tbody>\n");
}

static void
put_sources(struct output *out, const json_t *sources)
{
	const size_t count = json_array_size(sources);

	output_put(out, "<table class=\"counts\"><thead><tr><th>Address</th><th>Result</th>");
	for (size_t i = 0; i < COUNTS; i++)
		output_put(out, "<th class=\"number\">%s</th>", counts[i].title);
	output_put(out, "</tr></thead>\n");
	for (size_t i = 0; i < count && i < SOURCES_SHOWN; i++)
		put_source(out, json_array_get(sources, i));
	output_put(out, "</table>\n");
	if (count > SOURCES_SHOWN)
		output_put(out, "<p>And %zu more sources; --json has them.</p>\n", count - SOURCES_SHOWN);
}

static void
put_dmarc(struct output *out, const json_t *domain)
{
	const json_int_t messages = document_number_of(domain, "messages"),
			 passed = document_number_of(domain, "passed");
	const char *policy = document_text_of(domain, "policy");

	output_put(
		out,
		"<h3>Mail in the name of %s</h3>\n<p>Reports: %lld, %.10s to %.10s. Messages: %lld; %lld pass DMARC, "
		"%lld do not.%s%s%s</p>\n",
		document_text_of(domain, "domain"), (long long)document_number_of(domain, "reports"),
		document_text_of(domain, "begin"), document_text_of(domain, "end"), (long long)messages,
		(long long)passed, (long long)(messages - passed),
		policy[0] != '\0' ? " The policy is p=" : "", policy, policy[0] != '\0' ? "." : "");
	put_sources(out, document_member(domain, "sources"));
}

/* TLS. */

static void
put_failure(struct output *out, const json_t *failure)
{
	const char *mx = document_text_of(failure, "mx");

	output_put(out, "<details class=\"item\"><summary class=\"bad\"><b>%s</b> %s: %lld</summary><dl>\n",
		   mx[0] != '\0' ? mx : "(no server named)", document_text_of(failure, "result"),
		   (long long)document_number_of(failure, "sessions"));
	why_page_put_point(out, "What to do", document_span_of(failure, "remedy"));
	output_put(out, "</dl></details>\n");
}

static void
put_tls(struct output *out, const json_t *domain)
{
	const json_t *failures = document_member(domain, "failures"), *failure;

	output_put(out,
		   "<h3>TLS with mail servers of %s</h3>\n<p>%lld sessions succeeded, %lld failed.</p>\n",
		   document_text_of(domain, "domain"), (long long)document_number_of(domain, "successful"),
		   (long long)document_number_of(domain, "failed"));
	for (size_t i = 0; (failure = json_array_get(failures, i)) != NULL; i++)
		put_failure(out, failure);
}

void
why_page_put_reports(struct output *out, const json_t *reports)
{
	const json_t *report;

	if (json_array_size(reports) == 0)
		return;
	output_put(out, "<section id=\"reports\"><h2>What receivers reported</h2>\n");
	for (size_t i = 0; (report = json_array_get(reports, i)) != NULL; i++)
		(strcmp(document_text_of(report, "kind"), "tls") == 0 ? put_tls : put_dmarc)(out, report);
	output_put(out, "</section>\n");
}
