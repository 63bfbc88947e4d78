#include "heloscope/cli/compared.h"

#include "heloscope/base/document.h"
#include "heloscope/base/output.h"
#include "heloscope/base/prose.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/cli/cli.h"

#define DIFFERENCES_SHOWN 10
#define ROWS_SHOWN 100
#define DOMAIN_WIDTH 30

static json_int_t
number_of(const json_t *row, const char *key)
{
	return json_integer_value(document_member(row, key));
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

/* How often, and when: "Refused 12 times from ... to ...". */
static void
put_times(const json_t *row)
{
	const char *first = document_text_of(row, "first"), *last = document_text_of(row, "last");
	const json_int_t count = number_of(row, "count");

	if (count == 1)
		prose_put(output_standard(), 2, "Refused once%s%s.", first[0] != '\0' ? ", at " : "", first);
	else if (first[0] == '\0')
		prose_put(output_standard(), 2, "Refused %lld times.", (long long)count);
	else
		prose_put(output_standard(), 2, "Refused %lld times from %s to %s.", (long long)count, first,
			  last);
}

/* "a.example is refused at Gmail, where mail of b.example is accepted." */
static void
put_difference(const json_t *row)
{
	char memory[2048];
	struct strbuf text = STRBUF_OVER(memory);
	const json_t *reason = document_member(row, "reason");

	strbuf_printf(&text, "%s is refused at %s", document_text_of(row, "refused"),
		      document_text_of(row, "receiver"));
	if (document_text_of(row, "client")[0] != '\0')
		strbuf_printf(&text, " from %s", document_text_of(row, "client"));
	strbuf_add(&text, ", where mail of ");
	add_passing(&text, document_member(row, "delivered"));
	strbuf_add(&text, " is accepted.");
	output_set_colour(output_standard(), OUTPUT_RED);
	prose_wrap(output_standard(), memory, 0, 2);
	output_set_colour(output_standard(), OUTPUT_PLAIN);
	prose_put(output_standard(), 2, "Why: %s", document_text_of(reason, "meaning"));
	prose_put(output_standard(), 2, "What to do: %s", document_text_of(reason, "remedy"));
	put_times(row);
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
	output_put(output_standard(), " %9lld %9lld %9lld", (long long)number_of(row, "delivered"),
		   (long long)number_of(row, "deferred"), (long long)number_of(row, "refused"));
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
	const json_int_t left_out = number_of(json, "left-out"), without = number_of(json, "without-sender");

	if (left_out > 0)
		prose_put(output_standard(), 0,
			  "Not in this table: %lld that do not fit, or went to nobody knows whom.",
			  (long long)left_out);
	if (without > 0)
		prose_put(output_standard(), 0,
			  "Not in this table: %lld of bounces, or whose sender is not in the log.",
			  (long long)without);
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
