#include "heloscope/cli/why_page_comparison.h"

#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/cli/compared.h"
#include "heloscope/cli/why_page_parts.h"

#define DIFFERENCES_SHOWN 100
#define ROWS_SHOWN 2000
#define CASES_SHOWN 3 /* of a row */
#define SENTENCE_MAX 2048

/* Where one domain is refused and another is not. */

static void
put_doctor_row(struct output *out, const json_t *row)
{
	char memory[SENTENCE_MAX];
	struct strbuf title = STRBUF_OVER(memory);

	cli_add_doctor_row(row, &title);
	output_put(out, "<dt>%s</dt><dd>%s</dd>\n", memory, document_text_of(row, "finding"));
	why_page_put_records(out, document_member(row, "records"));
}

static void
put_difference(struct output *out, const json_t *row)
{
	const bool is_over = json_is_true(document_member(row, "is-over"));
	const json_t *reason = document_member(row, "reason"), *rows = document_member(row, "rows"), *one;
	char headline_memory[SENTENCE_MAX], times_memory[SENTENCE_MAX];
	struct strbuf headline = STRBUF_OVER(headline_memory), times = STRBUF_OVER(times_memory);
	char settled_memory[200];
	struct strbuf settled = STRBUF_OVER(settled_memory);

	cli_add_headline(row, &headline);
	cli_add_times(row, &times);
	cli_add_settled(row, &settled);
	output_put(out, "<details class=\"item\" open><summary class=\"%s\"><b>%s</b></summary>\n<dl>\n",
		   is_over ? "good" : "bad", headline_memory);
	why_page_put_reason(out, reason, "Why", settled_memory);
	why_page_put_claim(out, row);
	for (size_t i = 0; (one = json_array_get(rows, i)) != NULL; i++)
		if (strstr(document_text_of(row, "finding"), document_text_of(one, "finding")) == NULL)
			put_doctor_row(out, one);
	why_page_put_point(out, "When", span_of(times_memory));
	output_put(out, "</dl></details>\n");
}

static void
put_differences(struct output *out, const json_t *differences)
{
	const size_t count = json_array_size(differences);

	if (count == 0)
		return;
	output_put(out, "<section id=\"differences\"><h2>Refused where others are accepted</h2>\n");
	for (size_t i = 0; i < count && i < DIFFERENCES_SHOWN; i++)
		put_difference(out, json_array_get(differences, i));
	if (count > DIFFERENCES_SHOWN)
		output_put(out, "<p>And %zu more; --json has them.</p>\n", count - DIFFERENCES_SHOWN);
	output_put(out, "</section>\n");
}

/* Domains by receivers. */

/* Whether what was tested is of that domain, or of the address from which it was sent. */
static bool
is_case_of(const json_t *one, const json_t *row)
{
	const char *domain = document_text_of(one, "domain"), *client = document_text_of(one, "client");
	const char *sent_from = document_text_of(row, "client");

	if (domain[0] != '\0' && strcmp(domain, document_text_of(row, "domain")) != 0)
		return false;
	if (client[0] != '\0' && sent_from[0] != '\0' && strcmp(client, sent_from) != 0)
		return false;
	return domain[0] != '\0' || client[0] != '\0';
}

/* What the DNS says of the reason of a row: the cases of refusals with the same entry. */
static void
put_cases(struct output *out, const json_t *row, const json_t *refusals)
{
	const char *entry = document_text_of(document_member(row, "reason"), "entry");
	const json_t *group, *one;
	size_t shown = 0;

	for (size_t i = 0; entry[0] != '\0' && (group = json_array_get(refusals, i)) != NULL; i++) {
		const json_t *cases = document_member(group, "cases");

		if (strcmp(document_text_of(group, "entry"), entry) != 0)
			continue;
		for (size_t j = 0; (one = json_array_get(cases, j)) != NULL && shown < CASES_SHOWN; j++)
			if (is_case_of(one, row)) {
				why_page_put_claim(out, one);
				shown++;
			}
	}
}

static void
put_reason(struct output *out, const json_t *row, const json_t *refusals)
{
	const json_t *reason = document_member(row, "reason");

	if (!json_is_object(reason))
		return;
	output_put(out, "<tr><td colspan=\"6\"><details><summary>Mostly for %s</summary>\n<dl>\n",
		   document_text_of(reason, "category"));
	why_page_put_reason(out, reason, "Meaning", "");
	put_cases(out, row, refusals);
	why_page_put_point(out, "The last such reply", document_span_of(reason, "reply"));
	why_page_put_point(out, "Last accepted", document_span_of(row, "last-delivered"));
	output_put(out, "</dl></details></td></tr>\n");
}

static void
put_count(struct output *out, const json_t *row, const char *title, const char *key, const char *colour)
{
	const json_int_t count = document_number_of(row, key);

	output_put(out, "<td class=\"number %s\" data-name=\"%s\">%lld</td>", count > 0 ? colour : "", title,
		   (long long)count);
}

static void
put_state(struct output *out, const json_t *row)
{
	const bool is_delivered = document_number_of(row, "delivered") > 0;

	if (document_number_of(row, "refused") > 0)
		output_put(out, "<td class=\"bad\">&#10007; %s</td>",
			   is_delivered ? "partly refused" : "refused");
	else if (document_number_of(row, "deferred") > 0)
		output_put(out, "<td class=\"wait\">&hellip; %s</td>",
			   is_delivered ? "partly deferred" : "deferred");
	else
		output_put(out, "<td class=\"good\">&#10003; accepted</td>");
}

static void
put_row(struct output *out, const json_t *row, const json_t *refusals)
{
	const char *client = document_text_of(row, "client");

	output_put(
		out,
		"<tbody class=\"item\"><tr><td data-name=\"Domain\"><b>%s</b></td><td data-name=\"Receiver\">%s%s%s</td>",
		document_text_of(row, "domain"), document_text_of(row, "receiver"),
		client[0] != '\0' ? " from " : "", client);
	put_state(out, row);
	put_count(out, row, "Delivered", "delivered", "good");
	put_count(out, row, "Deferred", "deferred", "wait");
	put_count(out, row, "Refused", "refused", "bad");
	output_put(out, "</tr>\n");
	put_reason(out, row, refusals);
	output_put(out, "</tbody>\n");
}

static void
put_rest(struct output *out, const json_t *comparison, size_t rows)
{
	const json_int_t left_out = document_number_of(comparison, "left-out");
	const json_int_t without = document_number_of(comparison, "without-sender");

	if (rows > ROWS_SHOWN)
		output_put(out, "<p>And %zu more; --json has them.</p>\n", rows - ROWS_SHOWN);
	if (left_out > 0)
		output_put(out, "<p>" CLI_LEFT_OUT "</p>\n", (long long)left_out);
	if (without > 0)
		output_put(out, "<p>" CLI_WITHOUT_SENDER "</p>\n", (long long)without);
}

void
why_page_put_comparison(struct output *out, const json_t *comparison, const json_t *refusals)
{
	const json_t *rows = document_member(comparison, "domains");
	const size_t count = json_array_size(rows);

	if (count == 0)
		return;
	put_differences(out, document_member(comparison, "differences"));
	output_put(
		out,
		"<section id=\"domains\"><h2>Domains of senders by receivers</h2>\n<table class=\"counts\"><thead><tr>"
		"<th>Domain</th><th>Receiver</th><th>Result</th><th class=\"number\">Delivered</th>"
		"<th class=\"number\">Deferred</th><th class=\"number\">Refused</th></tr></thead>\n");
	for (size_t i = 0; i < count && i < ROWS_SHOWN; i++)
		put_row(out, json_array_get(rows, i), refusals);
	output_put(out, "</table>\n");
	put_rest(out, comparison, count);
	output_put(out, "</section>\n");
}
