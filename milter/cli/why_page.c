#include "heloscope/cli/why_page.h"

#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/cli/compared.h"
#include "heloscope/cli/why_page_comparison.h"
#include "heloscope/cli/why_page_parts.h"
#include "heloscope/cli/why_page_reports.h"
#include "heloscope/cli/why_page_trend.h"

static const char *const page_lines[] = {
#include "review/why_page.h"
};

/* Refusals. */

/* What the DNS says of a kind of refusals, in a word; of several cases what comes first here. */
static const struct mark {
	const char *claim, *colour, *words;
} marks[] = {
	{ "confirmed", "bad", "confirmed" },
	{ "not-confirmed", "good", "not confirmed" },
	{ "not-testable", "wait", "cannot be tested from here" },
	{ "not-tested", "", "not tested" },
};

static bool
has_case(const json_t *cases, const char *claim)
{
	const json_t *one;

	for (size_t i = 0; (one = json_array_get(cases, i)) != NULL; i++)
		if (strcmp(document_text_of(one, "claim"), claim) == 0)
			return true;
	return false;
}

static const struct mark *
mark_of(const json_t *group)
{
	const struct mark *mark = marks, *last = marks + sizeof marks / sizeof marks[0] - 1;

	while (mark < last && !has_case(document_member(group, "cases"), mark->claim))
		mark++;
	return mark;
}

static void
put_first(struct output *out, const json_t *group)
{
	static const struct {
		const char *title, *key;
	} points[] = {
		{ "Server", "server" },    { "Sender", "sender" }, { "Recipient", "recipient" },
		{ "Sent from", "client" }, { "Time", "time" },     { "File", "file" },
	};

	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
		why_page_put_point(out, points[i].title, document_span_of(group, points[i].key));
}

/* A page of the operator's, as the catalogue has it. */
static void
put_link(struct output *out, const char *page)
{
	if (strncmp(page, "https://", 8) == 0)
		output_put(out, "<dt>More</dt><dd><a rel=\"noreferrer\" href=\"%s\">%s</a></dd>\n", page,
			   page);
}

/* Whose refusal it is: the operator's, as the catalogue calls it, or else the servers'. */
static const char *
owner_of(const json_t *group)
{
	const char *owner = document_text_of(group, "operator"),
		   *servers = document_text_of(group, "servers");

	if (strcmp(owner, "generic") != 0)
		return owner;
	return servers[0] != '\0' ? servers : "A mail server";
}

static void
put_refusal(struct output *out, const json_t *group)
{
	const struct mark *mark = mark_of(group);
	const json_t *cases = document_member(group, "cases"), *one;

	output_put(
		out,
		"<details class=\"item\"><summary><b>%s</b> %s, %s: %lld <span class=\"mark %s\">%s</span></summary>\n<dl>\n",
		owner_of(group), document_text_of(group, "category"),
		document_text_of(group, "code")[0] != '\0' ? document_text_of(group, "code") : "no code",
		(long long)document_number_of(group, "count"), mark->colour, mark->words);
	why_page_put_reason(out, group, "Meaning",
			    json_is_true(document_member(group, "is-settled")) ? CLI_SETTLED : "");
	for (size_t i = 0; (one = json_array_get(cases, i)) != NULL; i++)
		why_page_put_claim(out, one);
	put_link(out, document_text_of(group, "page"));
	output_put(out, "<dt>The reply%s</dt><dd><pre>",
		   document_number_of(group, "count") > 1 ? ", of the first" : "");
	output_lines(out, document_span_of(group, "reply"));
	output_put(out, "</pre></dd>\n");
	put_first(out, group);
	output_put(out, "</dl></details>\n");
}

static void
put_refusals(struct output *out, const json_t *refusals)
{
	const json_t *group;

	if (json_array_size(refusals) == 0)
		return;
	output_put(
		out,
		"<section id=\"refusals\"><h2>Refusals by kind</h2>\n"
		"<p class=\"faint\">With how many there were, and what the DNS says now of the reason.</p>\n");
	for (size_t i = 0; (group = json_array_get(refusals, i)) != NULL; i++)
		put_refusal(out, group);
	output_put(out, "</section>\n");
}

/* The whole. */

static void
put_content(struct output *out, const void *context)
{
	const struct why_page *page = context;

	if (json_array_size(page->refusals) + json_array_size(page->reports) == 0)
		output_put(out, "<p>No refusal was found.</p>\n");
	output_put(
		out,
		"<p hidden><input id=\"filter\" type=\"search\" placeholder=\"Show only what holds&hellip;\" "
		"aria-label=\"Show only what holds\"></p>\n<main>\n");
	why_page_put_comparison(out, page->comparison, page->refusals);
	why_page_put_trend(out, page->trend);
	put_refusals(out, page->refusals);
	why_page_put_reports(out, page->reports);
	output_put(out, "</main>\n<p id=\"none\" class=\"faint\" hidden>Nothing holds that.</p>\n");
}

bool
why_page_write(const char *path, const struct why_page *page)
{
	return html_write(
		"why", path,
		&(struct html){ .template = { page_lines, sizeof page_lines / sizeof page_lines[0] },
				.is_markup = true,
				.put = put_content,
				.context = page });
}
