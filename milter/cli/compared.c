#include "heloscope/cli/compared.h"

#include "heloscope/base/document.h"
#include "heloscope/base/output.h"
#include "heloscope/base/prose.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/cli/cli.h"
#include "heloscope/doctor/claim_tell.h"

#define DIFFERENCES_SHOWN 10
#define TEXT_MAX 3000 /* octets of what the DNS says */
#define ROWS_SHOWN 100
#define DOCTOR_ROWS_SHOWN 4
#define DOMAIN_WIDTH 30

static bool
is_over(const json_t *row)
{
	return json_is_true(document_member(row, "is-over"));
}

/* "b.example", "b.example and c.example", "b.example, c.example and others" */
static void
add_passing(struct strbuf *text, const json_t *domains)
{
	const size_t count = json_array_size(domains), shown = count < 3 ? count : 3;

	for (size_t i = 0; i < shown; i++) {
		const bool is_last = i + 1 == count;

		strbuf_add(text, i == 0 ? "" : is_last ? " and " : ", ");
		strbuf_add(text, document_text_of(json_array_get(domains, i), "domain"));
	}
	if (count > shown)
		strbuf_add(text, " and others");
}

void
cli_add_times(const json_t *row, struct strbuf *text)
{
	const char *first = document_text_of(row, "first"), *last = document_text_of(row, "last");
	const json_int_t count = document_number_of(row, "count");

	if (count == 1)
		strbuf_printf(text, "Refused once%s%s", first[0] != '\0' ? ", at " : "", first);
	else if (first[0] == '\0')
		strbuf_printf(text, "Refused %lld times", (long long)count);
	else
		strbuf_printf(text, "Refused %lld times from %s to %s", (long long)count, first, last);
	if (is_over(row) && document_text_of(row, "last-delivered")[0] != '\0')
		strbuf_printf(text, "; last accepted at %s", document_text_of(row, "last-delivered"));
	strbuf_add(text, ".");
}

void
cli_add_headline(const json_t *row, struct strbuf *text)
{
	strbuf_printf(text, "%s %s refused at %s", document_text_of(row, "refused"),
		      is_over(row) ? "was" : "is", document_text_of(row, "receiver"));
	if (document_text_of(row, "client")[0] != '\0')
		strbuf_printf(text, " from %s", document_text_of(row, "client"));
	strbuf_add(text, ", where mail of ");
	add_passing(text, document_member(row, "delivered"));
	strbuf_printf(text, " is accepted%s.", is_over(row) ? "; its mail is accepted now, too" : "");
}

static void
put_headline(const json_t *row)
{
	char memory[2048];
	struct strbuf text = STRBUF_OVER(memory);

	cli_add_headline(row, &text);
	output_set_colour(output_standard(), is_over(row) ? OUTPUT_GREEN : OUTPUT_RED);
	prose_wrap(output_standard(), memory, 0, 2);
	output_set_colour(output_standard(), OUTPUT_PLAIN);
}

static void
put_times(const json_t *row)
{
	char memory[300];
	struct strbuf text = STRBUF_OVER(memory);

	cli_add_times(row, &text);
	prose_put(output_standard(), 2, "%s", memory);
}

/* Each begins a line and is not broken, to be pasted into a zone file. */
static void
put_records(const json_t *records)
{
	for (size_t i = 0; i < json_array_size(records); i++) {
		const json_t *record = json_array_get(records, i);

		output_put(output_standard(), "  Publish: %s %s %s\n", document_text_of(record, "name"),
			   document_text_of(record, "type"), document_text_of(record, "value"));
	}
}

/* Whether the DNS says of the refusal what `state` means. */
static bool
has_claim(const json_t *row, enum claim_state state)
{
	return strcmp(document_text_of(row, "claim"), claim_state_token(state)) == 0;
}

/* Mail that was accepted since shows it only while the DNS does not say otherwise: one may be by luck. */
void
cli_add_settled(const json_t *row, struct strbuf *text)
{
	if (is_over(row) && !has_claim(row, CLAIM_CONFIRMED))
		strbuf_add(text, "Nothing has to be done: its mail has been accepted since.");
	else if (has_claim(row, CLAIM_NOT_CONFIRMED))
		strbuf_add(text, CLI_SETTLED);
}

void
cli_add_claim(const json_t *row, struct strbuf *text)
{
	enum claim_state state = CLAIM_NOT_TESTED;

	while (state + 1 < CLAIM_STATES && !has_claim(row, state))
		state++;
	if (document_text_of(row, "finding")[0] == '\0')
		return;
	strbuf_add(text, claim_state_words(state));
	if (state == CLAIM_NOT_CONFIRMED && json_is_boolean(document_member(row, "is-over")))
		strbuf_add(text, is_over(row) ? " The DNS has been corrected since these refusals."
					      : " The DNS has probably been corrected since these refusals.");
	strbuf_printf(text, " %s", document_text_of(row, "finding"));
}

static void
put_claim(const json_t *row)
{
	char memory[TEXT_MAX];
	struct strbuf text = STRBUF_OVER(memory);

	cli_add_claim(row, &text);
	if (text.length == 0)
		return;
	prose_put(output_standard(), 2, "In the DNS: %s", memory);
	put_records(document_member(row, "records"));
}

static const char *
title_of(const json_t *row)
{
	for (int i = 0; i < DOCTOR_ROWS; i++)
		if (strcmp(doctor_row_token((enum doctor_row)i), document_text_of(row, "row")) == 0)
			return doctor_row_title((enum doctor_row)i);
	return "";
}

static const char *
verb_of(const json_t *row, const char *whose)
{
	for (int i = 0; i < DOCTOR_SEVERITIES; i++)
		if (strcmp(doctor_severity_token((enum doctor_severity)i), document_text_of(row, whose)) == 0)
			return doctor_severity_verb((enum doctor_severity)i);
	return "";
}

void
cli_add_doctor_row(const json_t *row, struct strbuf *text)
{
	strbuf_printf(text, "%s (%s here, %s there)", title_of(row), verb_of(row, "refused"),
		      verb_of(row, "delivered"));
}

/* In what the doctor finds the domains to differ; what was told above is only named. */
static void
put_doctor_rows(const json_t *row)
{
	const json_t *rows = document_member(row, "rows");
	const size_t count = json_array_size(rows);
	char memory[1000];
	struct strbuf titles = STRBUF_OVER(memory);

	for (size_t i = 0; i < count; i++) {
		strbuf_add(&titles, i > 0 ? ", " : "");
		cli_add_doctor_row(json_array_get(rows, i), &titles);
	}
	if (count > 0)
		prose_put(output_standard(), 2, "The accepted domains are better in %s only: %s.",
			  count == 1 ? "one check" : "these checks", memory);
	else if (json_is_array(rows) && !has_claim(row, CLAIM_NOT_CONFIRMED))
		prose_put(output_standard(), 2, "In the DNS it is as good as the accepted domains.");
	for (size_t i = 0; i < count && i < DOCTOR_ROWS_SHOWN; i++) {
		const json_t *one = json_array_get(rows, i);
		const char *finding = document_text_of(one, "finding");

		if (strstr(document_text_of(row, "finding"), finding) != NULL)
			continue;
		prose_put(output_standard(), 4, "%s: %s", title_of(one), finding);
		put_records(document_member(one, "records"));
	}
}

static void
put_difference(const json_t *row)
{
	const json_t *reason = document_member(row, "reason");
	char memory[200];
	struct strbuf settled = STRBUF_OVER(memory);

	put_headline(row);
	cli_add_settled(row, &settled);
	if (settled.length > 0) {
		prose_put(output_standard(), 2, "%s", memory);
		put_claim(row);
		prose_put(output_standard(), 2, CLI_PAST_REASON ": %s", document_text_of(reason, "meaning"));
		put_times(row);
	} else {
		prose_put(output_standard(), 2, "Why: %s", document_text_of(reason, "meaning"));
		prose_put(output_standard(), 2, "What to do: %s", document_text_of(reason, "remedy"));
		put_times(row);
		put_claim(row);
	}
	put_doctor_rows(row);
	output_put(output_standard(), "\n");
}

static void
put_differences(const json_t *differences)
{
	const size_t count = json_array_size(differences);

	for (size_t i = 0; i < count && i < DIFFERENCES_SHOWN; i++)
		put_difference(json_array_get(differences, i));
	if (count > DIFFERENCES_SHOWN)
		output_put(output_standard(), "and %zu more such differences; --json has them\n\n",
			   count - DIFFERENCES_SHOWN);
}

/* A domain at the receiver that stands above. A name that is too long for its column has a line of its own.
 */
static void
put_row(const json_t *row)
{
	const char *domain = document_text_of(row, "domain");
	const char *reason = document_text_of(document_member(row, "reason"), "category");

	output_put(output_standard(), "  %-*s", DOMAIN_WIDTH, domain);
	if (strlen(domain) > DOMAIN_WIDTH)
		output_put(output_standard(), "\n  %*s", DOMAIN_WIDTH, "");
	output_put(output_standard(), " %9lld %9lld %9lld", (long long)document_number_of(row, "delivered"),
		   (long long)document_number_of(row, "deferred"),
		   (long long)document_number_of(row, "refused"));
	if (reason[0] != '\0')
		output_put(output_standard(), "  %s", reason);
	output_put(output_standard(), "\n");
}

static void
put_rows(const json_t *rows)
{
	const size_t count = json_array_size(rows);
	const char *receiver = "";

	output_put(output_standard(), "%-*s %9s %9s %9s  %s\n", DOMAIN_WIDTH + 2,
		   "Domains of senders by receivers", "delivered", "deferred", "refused", "mostly for");
	for (size_t i = 0; i < count && i < ROWS_SHOWN; i++) {
		const json_t *row = json_array_get(rows, i);

		if (strcmp(receiver, document_text_of(row, "receiver")) != 0)
			output_put(output_standard(), "%s\n", document_text_of(row, "receiver"));
		receiver = document_text_of(row, "receiver");
		put_row(row);
	}
	if (count > ROWS_SHOWN)
		output_put(output_standard(), "and %zu more; --json has them\n", count - ROWS_SHOWN);
}

/* What is in no row of the table. */
static void
put_rest(const json_t *json)
{
	const json_int_t left_out = document_number_of(json, "left-out"),
			 without = document_number_of(json, "without-sender");

	if (left_out > 0)
		prose_put(output_standard(), 0, CLI_LEFT_OUT, (long long)left_out);
	if (without > 0)
		prose_put(output_standard(), 0, CLI_WITHOUT_SENDER, (long long)without);
	output_put(output_standard(), "\n");
}

void
cli_put_comparison(const json_t *json)
{
	const json_t *rows = document_member(json, "domains");

	if (json_array_size(rows) == 0)
		return;
	put_differences(document_member(json, "differences"));
	put_rows(rows);
	put_rest(json);
}
