/* doctor_records: SPF and DMARC of a sender's domain. */
#include "heloscope/doctor_exam.h"

#include <string.h>

#include "heloscope/spf.h"
#include "heloscope/spf_record.h"
#include "heloscope/strbuf.h"

#define NOBODY 0xc00002feU /* 192.0.2.254, of a network that nobody uses (RFC 5737) */

/* SPF. */

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	return lookup_get(context, name, type);
}

static struct spf_outcome
evaluate(struct exam *exam, const struct ipaddr *client)
{
	const struct spf_source source = { ask, exam->lookup, NULL };
	const struct spf_query query = {
		.client = *client,
		.domain = exam->bounces,
		.local = SPAN("postmaster"),
		.sender_domain = exam->bounces,
		.helo = exam->order->helo != NULL ? exam->order->helo : exam->bounces,
		.receiver = exam->config->authserv_id,
	};
	struct spf_outcome outcome = { .result = RESULT_NONE };

	if (spf_domain_is_checkable(query.domain))
		(void)spf_native_evaluate(&query, &source, exam->arena,
					  &outcome); /* never waits: ask() does */
	return outcome;
}

/* A record for this domain from its MX, where there is one, and addresses: "v=spf1 mx ip4:... -all". */
static const char *
new_record(struct exam *exam)
{
	char memory[500];
	struct strbuf text;

	strbuf_init(&text, memory, sizeof memory);
	strbuf_printf(&text, "%s. TXT \"v=spf1%s", exam->bounces,
		      lookup_get(exam->lookup, exam->bounces, DNS_MX)->count > 0 ? " mx" : "");
	for (size_t i = 0; i < exam->report->address_count; i++)
		spf_record_add_address(&text, &exam->report->addresses[i]);
	strbuf_add(&text, " -all\"");
	return arena_string(exam->arena, memory);
}

/* The record with one more address. */
static const char *
extended_record(struct exam *exam, const char *record, const struct ipaddr *address)
{
	const size_t size = strlen(record) + IPADDR_TEXT_SIZE + sizeof " ip4:";
	char *memory = arena_alloc(exam->arena, size);
	struct strbuf text;

	if (memory == NULL)
		return NULL;
	strbuf_init(&text, memory, size);
	spf_record_extend(&text, record, address);
	return arena_printf(exam->arena, "%s. TXT \"%s\"", exam->bounces, memory);
}

void
exam_spf_pass(struct exam *exam, const struct ipaddr *address)
{
	const struct spf_outcome outcome = evaluate(exam, address);
	const char *text = exam_address_text(exam, address);

	if (outcome.result == RESULT_PASS)
		exam_set_cell(exam, DOCTOR_SPF_PASS, DOCTOR_GOOD);
	else if (outcome.result == RESULT_TEMPERROR)
		exam_set_cell(exam, DOCTOR_SPF_PASS, DOCTOR_UNKNOWN);
	else if (outcome.result == RESULT_PERMERROR)
		exam_set_cell(exam, DOCTOR_SPF_PASS, DOCTOR_ERROR);
	else if (outcome.result == RESULT_FAIL || outcome.result == RESULT_SOFTFAIL
		 || outcome.result == RESULT_NEUTRAL)
		exam_add(exam,
			 (struct doctor_finding){
				 .row = DOCTOR_SPF_PASS,
				 .severity = outcome.result == RESULT_FAIL && !exam->report->is_guessed
						     ? DOCTOR_ERROR
						     : DOCTOR_WARNING,
				 .what = arena_printf(exam->arena, "Mail from %s gets spf=%s, by \"%s\".",
						      text, result_word(outcome.result),
						      outcome.mechanism != NULL ? outcome.mechanism
										: "no term"),
				 .consequence =
					 exam->report->is_guessed
						 ? "If mail goes out from there, receivers refuse it or sort "
						   "it as spam."
						 : "Receivers refuse such mail or sort it as spam.",
				 .publish = extended_record(exam, outcome.record, address) });
}

/* What the record gives to an address of nobody, and how near it comes to the limits. */
void
exam_spf_record(struct exam *exam)
{
	const struct ipaddr nobody = ipaddr_from_ipv4(NOBODY);
	const struct spf_outcome outcome = evaluate(exam, &nobody);

	switch (outcome.result) {
	case RESULT_NONE:
		exam_add(exam, (struct doctor_finding){ .row = DOCTOR_SPF_RECORD,
							.severity = DOCTOR_WARNING,
							.what = "There is no SPF record.",
							.consequence = "Large receivers want SPF or DKIM, "
								       "and anybody can send in your name.",
							.publish = new_record(exam) });
		return;
	case RESULT_PERMERROR:
		exam_add(exam, (struct doctor_finding){
				       .row = outcome.trace.terms > SPF_TERMS_MAX
							      || outcome.trace.voids > SPF_VOIDS_MAX
						      ? DOCTOR_SPF_LIMITS
						      : DOCTOR_SPF_RECORD,
				       .severity = DOCTOR_ERROR,
				       .what = arena_printf(exam->arena, "The record is in error: %s.",
							    outcome.problem),
				       .consequence = "Receivers treat all mail of the domain as without "
						      "SPF, or refuse it." });
		return;
	case RESULT_TEMPERROR:
		exam_add(exam,
			 (struct doctor_finding){
				 .row = DOCTOR_SPF_RECORD,
				 .severity = DOCTOR_UNKNOWN,
				 .what = arena_printf(exam->arena, "SPF cannot be evaluated: %s.",
						      outcome.problem),
				 .consequence =
					 "Receivers that cannot evaluate it either put your mail off." });
		return;
	default:
		exam_set_cell(exam, DOCTOR_SPF_RECORD, DOCTOR_GOOD);
		exam_set_cell(exam, DOCTOR_SPF_LIMITS, DOCTOR_GOOD);
		exam_set_cell(exam, DOCTOR_SPF_ALL, DOCTOR_GOOD);
	}
	if (outcome.trace.terms >= SPF_TERMS_MAX - 1 || outcome.trace.voids >= SPF_VOIDS_MAX)
		exam_add(exam, (struct doctor_finding){
				       .row = DOCTOR_SPF_LIMITS,
				       .severity = DOCTOR_NOTE,
				       .what = arena_printf(
					       exam->arena,
					       "The record needs %u of the 10 terms that may cost lookups, "
					       "and %u of 2 lookups find nothing.",
					       outcome.trace.terms, outcome.trace.voids),
				       .consequence = "One more include, perhaps not your own, and all of it "
						      "is in error." });
	if (outcome.result == RESULT_PASS || outcome.result == RESULT_NEUTRAL)
		exam_add(exam,
			 (struct doctor_finding){
				 .row = DOCTOR_SPF_ALL,
				 .severity = outcome.result == RESULT_PASS ? DOCTOR_ERROR : DOCTOR_NOTE,
				 .what = outcome.result == RESULT_PASS ? "The record allows every address of "
									 "the world to send in your "
									 "name."
								       : "The record says nothing of "
									 "addresses that it does not name.",
				 .consequence =
					 outcome.result == RESULT_PASS
						 ? "It protects nobody, and receivers count it against you."
						 : "It protects nobody.",
				 .publish =
					 "end the record with \"-all\", or with \"~all\" while you try it" });
}

/* DMARC: whether there is a record, and one only. */

struct span
exam_tag_value(struct span record, struct span tag)
{
	while (record.length > 0) {
		const char *end = memchr(record.at, ';', record.length);
		const size_t length = end != NULL ? (size_t)(end - record.at) : record.length;
		const char *equals = memchr(record.at, '=', length);
		const size_t name = equals != NULL ? (size_t)(equals - record.at) : length;

		if (equals != NULL && span_equals(span_trim((struct span){ record.at, name }), tag))
			return span_trim((struct span){ equals + 1, length - name - 1 });
		record = span_from(record, end != NULL ? length + 1 : length);
	}
	return (struct span){ "", 0 };
}

/* How many TXT records of an answer are DMARC records; the last one. */
static size_t
count_dmarc(const struct dns_answer *answer, struct span *record)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->count; i++) {
		const struct span text = answer->records[i].text;

		if (text.length > 0 && text.at[0] == 'v'
		    && span_equals(exam_tag_value(text, SPAN("v")), SPAN("DMARC1"))) {
			*record = text;
			count++;
		}
	}
	return count;
}

void
exam_dmarc(struct exam *exam)
{
	const char *name = arena_printf(exam->arena, "_dmarc.%s", exam->report->domain);
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);
	struct span record = { "", 0 };
	const size_t count = count_dmarc(answer, &record);

	if (dns_status_is_fault(answer->status))
		exam_add_unknown(exam, DOCTOR_DMARC, name, answer);
	else if (count > 1)
		exam_add(exam,
			 (struct doctor_finding){ .row = DOCTOR_DMARC,
						  .severity = DOCTOR_ERROR,
						  .what = "There are several DMARC records.",
						  .consequence = "Receivers act as if there were none." });
	else if (count == 0)
		exam_add(exam,
			 (struct doctor_finding){
				 .row = DOCTOR_DMARC,
				 .severity = DOCTOR_NOTE,
				 .what = "There is no DMARC record for this very domain.",
				 .consequence = "Large receivers ask for one from those who send much.",
				 .publish = arena_printf(exam->arena,
							 "%s. TXT \"v=DMARC1; p=none; rua=mailto:dmarc@%s\"",
							 name, exam->report->domain) });
	else if (exam_tag_value(record, SPAN("p")).length == 0)
		exam_add(exam,
			 (struct doctor_finding){ .row = DOCTOR_DMARC,
						  .severity = DOCTOR_WARNING,
						  .what = "The DMARC record has no policy (p=).",
						  .consequence = "Receivers act as if it were p=none." });
	else
		exam_set_cell(exam, DOCTOR_DMARC, DOCTOR_GOOD);
}
