/* reports: what receivers tell of DMARC and of TLS, as they write it. */
#include "unit.h"

#include <stdlib.h>
#include <zlib.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/mails/attachment.h"
#include "heloscope/mails/message.h"
#include "heloscope/mails/summary.h"

struct told {
	char memory[16384];
	struct strbuf text;
	size_t rows;
	struct expansion expansion;
};

static void
take_aggregate(void *context, const struct aggregate_report *report, const struct aggregate_row *row)
{
	struct told *told = context;
	char address[IPADDR_TEXT_SIZE];

	told->rows++;
	strbuf_printf(&told->text, "%s|%s|%s %s %s %s%s|%lld-%lld|%s %llu %s %d%d %s|%s %s %s|",
		      report->organization, report->id, report->domain, report->policy, report->subdomains,
		      report->dkim_mode, report->spf_mode, (long long)report->begin, (long long)report->end,
		      ipaddr_format(&row->source, address), (unsigned long long)row->count, row->disposition,
		      row->is_dkim_aligned, row->is_spf_aligned, row->override_type, row->header_from,
		      row->envelope_from, row->envelope_to);
	for (size_t i = 0; i < row->dkim_count; i++)
		strbuf_printf(&told->text, "%s/%s=%s ", row->dkim[i].domain, row->dkim[i].selector,
			      row->dkim[i].result);
	if (row->has_spf)
		strbuf_printf(&told->text, "spf %s=%s", row->spf.domain, row->spf.result);
	strbuf_add(&told->text, "\n");
}

static void
take_tls(void *context, const struct tls_report *report, const struct tls_row *row)
{
	const struct span texts[] = { report->organization, report->id,        row->policy_type,
				      row->domain,          row->mx_host,      row->result_type,
				      row->sending_ip,      row->receiving_mx, row->receiving_ip,
				      row->reason,          row->information };
	struct told *told = context;

	told->rows++;
	strbuf_printf(&told->text, "%s %lld-%lld %llu/%llu", row->is_failure ? "failure" : "policy",
		      (long long)report->begin, (long long)report->end, (unsigned long long)row->successful,
		      (unsigned long long)row->failed);
	for (size_t i = 0; i < ROWS(texts); i++) {
		strbuf_add(&told->text, "|");
		strbuf_add_span(&told->text, texts[i]);
	}
	strbuf_add(&told->text, "\n");
}

static void
take_fault(void *context, const char *reason)
{
	struct told *told = context;

	strbuf_printf(&told->text, "(%s)\n", reason);
}

static struct report_taker
taker_of(struct told *told)
{
	strbuf_init(&told->text, told->memory, sizeof told->memory);
	told->rows = 0;
	told->expansion = expansion_of_run();
	return (struct report_taker){ take_aggregate, take_tls, take_fault, told, &told->expansion };
}

static struct span
seed(const char *name, char *memory, size_t size)
{
	const char *directory = getenv("srcdir");
	char path[300];
	FILE *file;
	size_t length;

	(void)snprintf(path, sizeof path, "%s/tests/fuzz/seeds/%s", directory != NULL ? directory : "..",
		       name);
	file = fopen(path, "rb");
	assert_non_null(file);
	length = fread(memory, 1, size, file);
	(void)fclose(file);
	return (struct span){ memory, length };
}

static const struct {
	const char *name, *expected;
} reports[] = {
	{ "aggregate/rfc7489",
	  "receiver.example|1234567890|a.example quarantine none rs|1795478400-1795564799|192.0.2.7 12 none 10 mailing_list|"
	  "a.example bounce.a.example receiver.example|a.example/s1=pass esp.example/s2=fail spf bounce.a.example=pass\n"
	  "receiver.example|1234567890|a.example quarantine none rs|1795478400-1795564799|2001:db8::7 3 quarantine 00 |"
	  "a.example  |spf x.example=softfail\n" },
	{ "aggregate/rfc9990",
	  "Receiver|20261124-1|a.example reject reject sr|1795478400-1795564799|198.51.100.9 1 pass 11 |a.example  |"
	  "a.example/s=pass spf a.example=pass\n" },
	/* A row without a source is left out, and the rest is told. */
	{ "aggregate/odd",
	  "GM\xc3\xaf\xc2\xbf\xc2\xbdNX|id@gmx.example|a.example none  |1795478400-1795564800|192.0.2.8 5 pass 10 |  |spf =none\n" },
	{ "tls_report/rfc8460",
	  "policy 1795478400-1795564799 5326/303|Receiver|2026-11-24T00:00:00Z_a.example|sts|a.example|mx.a.example||||||\n"
	  "failure 1795478400-1795564799 0/100|Receiver|2026-11-24T00:00:00Z_a.example|sts|a.example|mx.a.example|"
	  "certificate-expired|192.0.2.7|mx1.a.example|||\n"
	  "failure 1795478400-1795564799 0/203|Receiver|2026-11-24T00:00:00Z_a.example|sts|a.example|mx.a.example|"
	  "starttls-not-supported|2001:db8::7|mx2.a.example|203.0.113.56||https://reports.example/1\n" },
	{ "tls_report/odd",
	  "policy 1795478400-1795564800 7/0|M|1+a.example+|no-policy-found|a.example|mx.a.example||||||\n"
	  "policy 1795478400-1795564800 0/0|M|1+a.example+|tlsa|a.example|||||||\n"
	  "policy 1795478400-1795564800 0/1|M|1+a.example+|sts|a.example|||||||\n"
	  "failure 1795478400-1795564800 0/1|M|1+a.example+|sts|a.example||validation-failure||||X|\n" },
	{ "tls_report/empty", "" },
};

static void
reports_are_read_as_they_are_written(void **state)
{
	static char memory[65536];
	struct told told;

	(void)state;
	for (size_t i = 0; i < ROWS(reports); i++) {
		const struct report_taker taker = taker_of(&told);

		assert_int_equal(attachment_read(seed(reports[i].name, memory, sizeof memory), &taker), 1);
		assert_string_equal(told.text.text, reports[i].expected);
	}
}

static size_t
deflated(struct span text, int window, unsigned char *out, size_t size)
{
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)text.at, .avail_in = (uInt)text.length };

	stream.next_out = out;
	stream.avail_out = (uInt)size;
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);
	return size - stream.avail_out;
}

/* gzip, and zlib that is called so (parsedmarc#429); what is neither is no report. */
static void
reports_are_read_however_they_are_packed(void **state)
{
	static const int windows[] = { 15, 31 };
	static char memory[65536];
	static unsigned char packed[65536];
	struct told told;

	(void)state;
	for (size_t i = 0; i < ROWS(windows); i++) {
		const struct span report = seed(reports[0].name, memory, sizeof memory);
		const size_t length = deflated(report, windows[i], packed, sizeof packed);
		const struct report_taker taker = taker_of(&told);

		assert_int_equal(attachment_read((struct span){ (char *)packed, length }, &taker), 1);
		assert_string_equal(told.text.text, reports[0].expected);
	}
	for (size_t i = 0; i < 3; i++) {
		static const struct span others[] = { { "unused", 6 },
						      { "PK\3\4\0\0\0\0\0\0\0", 11 },
						      { "\x1f\x8b\x08\0\0\0\0\0\0", 9 } };
		const struct report_taker taker = taker_of(&told);

		assert_int_equal(attachment_read(others[i], &taker), 0);
		assert_int_equal(told.rows, 0);
	}
}

#define ZIP_NAME_AT 30 /* of the first member, behind its header */

/*
 * A report in a zip archive, by LZMA with a dictionary of 4 GB, which libarchive would allocate. Of what is
 * not named as a report nothing is told: most archives in mail are none.
 */
static void
reports_that_ask_for_gigabytes_are_not_read(void **state)
{
	static const char archive[] =
		"PK\x03\x04\x3f\x00\x02\x00\x0e\x00\x00\x00!\x5c<\xd7J\xfa!\x00\x00\x00\x15\x00\x00\x00\x05"
		"\x00\x00\x00r.xml\x09\x04\x05\x00]\xff\xff\xff\xff\x00\x1e\x19\x88\xb8"
		"d1\xb1\x1e\x82"
		"9\x1e"
		"Z\xac'\xfdPc\xff\xff\xf9}\xc0\x00PK\x01\x02\x3f\x03\x3f\x00\x02\x00\x0e\x00\x00\x00!\x5c<\xd7"
		"J\xfa!\x00\x00\x00\x15\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01"
		"\x00\x00\x00\x00r.xmlPK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00"
		"3\x00\x00\x00"
		"D\x00\x00\x00"
		"\x00\x00";
	char memory[sizeof archive - 1];
	struct told told;
	struct report_taker taker = taker_of(&told);

	(void)state;
	memcpy(memory, archive, sizeof memory);
	assert_int_equal(attachment_read((struct span){ memory, sizeof memory }, &taker), 0);
	assert_string_equal(
		told.text.text,
		"(it is a zip archive with a compression other than deflate and bzip2, which can ask for gigabytes of memory)\n");
	memcpy(memory + ZIP_NAME_AT, "r.doc", 5);
	taker = taker_of(&told);
	assert_int_equal(attachment_read((struct span){ memory, sizeof memory }, &taker), 0);
	assert_string_equal(told.text.text, "");
}

/* Many small bombs in one message are as one large: what they may expand to is that of a run. */
static void
reports_that_are_bombs_end_together(void **state)
{
	static const int windows[] = { 15, 31 };
	static char memory[1 << 20];
	static unsigned char packed[8192];
	const struct span beginning = SPAN("<feedback>");

	(void)state;
	memset(memory, ' ', sizeof memory);
	memcpy(memory, beginning.at, beginning.length);
	memcpy(memory + sizeof memory - 11, "</feedback>", 11);
	for (size_t i = 0; i < ROWS(windows); i++) {
		const size_t length =
			deflated((struct span){ memory, sizeof memory }, windows[i], packed, sizeof packed);
		const struct span bomb = { (char *)packed, length };
		struct told told;
		const struct report_taker taker = taker_of(&told);

		assert_true(length < sizeof memory / BOUND_EXPANDED_RATIO / 2);
		told.expansion.left = sizeof memory;
		assert_int_equal(attachment_read(bomb, &taker), 1);
		assert_string_equal(told.text.text, "");
		assert_true(told.expansion.left < (int64_t)sizeof memory / 2);
		for (size_t again = 0; again < 3; again++)
			assert_int_equal(attachment_read(bomb, &taker), windows[i] == 15 ? 0 : 1);
		assert_in_range(told.expansion.left, 0, sizeof memory / 2);
		if (windows[i] != 15)
			assert_non_null(strstr(told.text.text, "it expands to far more than it is"));
	}
}

static void
take_refusal(void *context, const struct refusal *refusal)
{
	(void)refusal;
	((struct told *)context)->rows += 1000;
}

/* As parts of messages of whatever type. */
static void
reports_are_read_out_of_messages(void **state)
{
	static const char *const types[] = { "application/gzip", "text/plain", "application/octet-stream",
					     "text/xml" };
	static char memory[65536], message[70000];
	struct told told;

	(void)state;
	for (size_t i = 0; i < ROWS(types); i++) {
		const struct report_taker taker = taker_of(&told);
		const struct message_taker whole = {
			.refusal = take_refusal, .context = &told, .reports = &taker, .is_alone = true
		};
		const struct span report = seed(reports[0].name, memory, sizeof memory);

		(void)snprintf(
			message, sizeof message,
			"From: postmaster@receiver.example\nSubject: Report Domain: a.example\nMIME-Version: 1.0\n"
			"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n550 5.7.1 this is no refusal\n--b\n"
			"Content-Type: %s\n\n%.*s\n--b--\n",
			types[i], (int)report.length, report.at);
		assert_int_equal(message_read(span_of(message), &whole), 0);
		assert_string_equal(told.text.text, reports[0].expected);
		assert_int_equal(told.rows, 2);
	}
}

/* Read octets of which `middle` comes so often. */
static bool
read_repeated(const char *begin, const char *middle, size_t times, const char *end, struct told *told)
{
	const struct report_taker taker = taker_of(told);
	struct aggregate *aggregate = aggregate_new(take_aggregate, taker.context);
	struct error reason;
	bool is_good;

	assert_non_null(aggregate);
	(void)aggregate_add(aggregate, span_of(begin));
	for (size_t i = 0; i < times && aggregate_add(aggregate, span_of(middle)); i++)
		;
	(void)aggregate_add(aggregate, span_of(end));
	is_good = aggregate_finish(aggregate, &reason);
	if (!is_good)
		strbuf_add(&told->text, reason.text);
	aggregate_free(aggregate);
	return is_good;
}

#define ROW "<record><row><source_ip>192.0.2.1</source_ip><count>1</count></row></record>"

/* What came before a fault is told; bombs end soon. */
static void
aggregate_ends_what_is_hostile(void **state)
{
	struct told told;
	char long_text[1001];

	(void)state;
	memset(long_text, 'x', 1000);
	long_text[1000] = '\0';
	assert_true(read_repeated("<feedback>", ROW, 10000, "</feedback>", &told));
	assert_int_equal(told.rows, 10000);
	assert_false(read_repeated("<feedback>" ROW, "<a>", 1000000, "", &told));
	assert_int_equal(told.rows, 1);
	assert_non_null(strstr(told.text.text, "nested too deeply"));
	assert_true(read_repeated("<feedback>" ROW "<a b='", long_text, 60, "'/></feedback>", &told));
	assert_false(read_repeated("<feedback>" ROW "<a b='", long_text, 140, "'/></feedback>", &told));
	assert_non_null(strstr(told.text.text, "a tag without end"));
	assert_true(read_repeated("<feedback>" ROW "<a>", long_text, 3000, "</a></feedback>", &told));
	assert_int_equal(told.rows, 1);
	assert_false(read_repeated(
		"<!DOCTYPE feedback [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><feedback>",
		"&b;", 1000, ROW "</feedback>", &told));
	assert_int_equal(told.rows, 0);
	assert_non_null(strstr(told.text.text, "a document type of its own"));
	assert_false(read_repeated("<!DOCTYPE feedback SYSTEM \"file:///etc/passwd\"><feedback>&x;", ROW, 1,
				   "</feedback>", &told));
	assert_false(read_repeated("<feedback>" ROW ROW "<record>", "", 1, "", &told));
	assert_int_equal(told.rows, 2);
	assert_false(read_repeated("<html>", "", 1, "</html>", &told));
	assert_false(read_repeated("", "", 1, "", &told));
}

/* Nobody is told less than what the report says without being told that. */
static void
aggregate_counts_records_that_it_cannot_read(void **state)
{
	static const char *const bad[] = {
		"1e9", "1,000", "-5", "0x10", "", "1 2", "1000000000000000", "ten"
	};
	struct told told;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		char xml[200];

		(void)snprintf(
			xml, sizeof xml,
			ROW "<record><row><source_ip>192.0.2.2</source_ip><count>%s</count></row></record>",
			bad[i]);
		assert_false(read_repeated("<feedback>", xml, 2, "</feedback>", &told));
		assert_int_equal(told.rows, 2);
		assert_non_null(strstr(told.text.text, "2 of the records"));
	}
	assert_true(read_repeated(
		"<feedback>",
		"<record><row><source_ip>192.0.2.1</source_ip><count> 0 </count></row></record>", 1,
		"</feedback>", &told));
	assert_int_equal(told.rows, 0);
}

/* P11: programs read it. */
static void
aggregate_results_are_words_of_the_registry(void **state)
{
	static const char *const table[][2] = {
		{ " Pass ", "pass" },
		{ "hardfail", "fail" },
		{ "softfail", "softfail" },
		{ "temperror", "temperror" },
		{ "policy", "policy" },
		{ "unchecked", "unknown" },
		{ "", "" },
		{ "\xc3\xa9", "unknown" },
		{ "pass;x", "unknown" },
		{ "pass &lt;b&gt;", "unknown" },
		{ "unknown", "unknown" },
	};
	struct told told;

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char xml[400], expected[40];

		(void)snprintf(
			xml, sizeof xml,
			"<record><row><source_ip>192.0.2.1</source_ip><count>1</count></row><auth_results><spf><domain>a.example</domain><result>%s</result></spf></auth_results></record>",
			table[i][0]);
		(void)snprintf(expected, sizeof expected, "|spf a.example=%s\n", table[i][1]);
		assert_true(read_repeated("<feedback>", xml, 1, "</feedback>", &told));
		print_message("%s", told.text.text);
		assert_non_null(strstr(told.text.text, expected));
	}
}

static void
tls_report_types_are_tokens(void **state)
{
	struct told told;
	const struct report_taker taker = taker_of(&told);
	struct error reason;

	(void)state;
	assert_true(tls_report_read(
		SPAN("{\"policies\":[{\"failure-details\":[{\"result-type\":\"sts-webpki-invalid\"},{\"result-type\":\"<b>\"}]}]}"),
		take_tls, taker.context, &reason));
	assert_non_null(strstr(told.text.text, "|sts-webpki-invalid|"));
	assert_non_null(strstr(told.text.text, "|unknown|"));
	assert_null(strstr(told.text.text, "<b>"));
}

static void
tls_report_reads_a_bounded_text(void **state)
{
	char *json = malloc(BOUND_PART_OCTETS + 100);
	struct told told;
	const struct report_taker taker = taker_of(&told);
	struct error reason;

	(void)state;
	assert_non_null(json);
	memset(json, ' ', BOUND_PART_OCTETS + 100);
	memcpy(json, "{\"policies\":[]}", 15);
	assert_true(
		tls_report_read((struct span){ json, BOUND_PART_OCTETS }, take_tls, taker.context, &reason));
	assert_false(tls_report_read((struct span){ json, BOUND_PART_OCTETS + 1 }, take_tls, taker.context,
				     &reason));
	assert_false(tls_report_read(SPAN("{"), take_tls, taker.context, &reason));
	assert_true(tls_report_read(SPAN("{\"policies\":{\"a\":1}}"), take_tls, taker.context, &reason));
	free(json);
}

/* A row of a report with that id, of so many messages from 192.0.2.NUMBER. */
static void
add_row(struct summary *summary, const char *id, unsigned number, uint64_t messages, bool is_aligned)
{
	struct aggregate_report report = { .organization = "r", .domain = "a.example", .policy = "none" };
	struct aggregate_row row = { .source = ipaddr_from_ipv4(0xc0000200U + number),
				     .count = messages,
				     .is_spf_aligned = is_aligned,
				     .has_spf = true,
				     .spf = { .domain = "a.example", .result = "fail" } };

	(void)snprintf(report.id, sizeof report.id, "%s", id);
	summary_add_aggregate(summary, &report, &row);
}

/* Addresses whose octets are letters of one another's case are two. */
static void
summary_tells_addresses_apart(void **state)
{
	struct summary summary;

	(void)state;
	assert_true(summary_init(&summary));
	add_row(&summary, "1", 'A', 5, true);
	add_row(&summary, "2", 'a', 7, false);
	assert_int_equal(summary.domains->source_count, 2);
	summary_clear(&summary);
}

/* Two reports of one id that tell of two days are two: who writes ids anew each year loses nothing. */
static void
summary_tells_periods_apart(void **state)
{
	const struct aggregate_row row = { .source = ipaddr_from_ipv4(0xc0000201U), .count = 1 };
	struct aggregate_report report = { .organization = "r", .id = "1", .domain = "a.example" };
	struct summary summary;

	(void)state;
	assert_true(summary_init(&summary));
	for (report.end = 86400; report.end < 10 * 86400; report.end += 86400)
		summary_add_aggregate(&summary, &report, &row);
	assert_int_equal(summary.domains->messages, 9);
	assert_int_equal(summary.repeated, 0);
	summary_clear(&summary);
}

/* Counts are a stranger's, and their sums have an end. */
static void
summary_sums_have_an_end(void **state)
{
	struct summary summary;

	(void)state;
	assert_true(summary_init(&summary));
	for (unsigned i = 0; i < 3; i++)
		add_row(&summary, "", i % 2, INT64_MAX, true);
	assert_int_equal(summary.domains->messages, INT64_MAX);
	assert_int_equal(summary.domains->sources->messages, INT64_MAX);
	summary_clear(&summary);
}

/* parsedmarc#535: what comes twice counts once. */
static void
summary_adds_up_what_comes_once(void **state)
{
	struct summary summary;
	const struct summary_source *source;

	(void)state;
	assert_true(summary_init(&summary));
	add_row(&summary, "1", 1, 5, true);
	add_row(&summary, "2", 1, 2, false);
	add_row(&summary, "3", 2, 30, false);
	add_row(&summary, "1", 1, 5, true);
	add_row(&summary, "", 3, 6, true);
	summary_sort(&summary);
	assert_int_equal(summary.repeated, 1);
	assert_int_equal(summary.domains->messages, 43);
	assert_int_equal(summary.domains->passed, 11);
	assert_int_equal(summary.domains->reports, 4);
	source = summary.domains->sources;
	assert_int_equal(source->messages, 30);
	assert_int_equal(summary_owner(source), SUMMARY_STRANGER);
	assert_string_equal(source->spf_domain, "a.example");
	source = source->next;
	assert_int_equal(source->messages, 7);
	assert_int_equal(source->passed, 5);
	assert_int_equal(summary_owner(source), SUMMARY_YOURS);
	source = source->next;
	assert_int_equal(source->messages, 6);
	assert_null(source->next);
	assert_null(summary.domains->next);
	summary_clear(&summary);
}

/* BOUND_SUMMARY_OCTETS: what is beyond is counted. */
static void
summary_keeps_to_its_bound(void **state)
{
	struct summary summary;
	size_t rows = 0;

	(void)state;
	assert_true(summary_init(&summary));
	for (; rows < 1000000 && (summary.domains == NULL || summary.domains->left_out == 0); rows++)
		add_row(&summary, "", (unsigned)rows, 1, true);
	assert_in_range(rows, BOUND_SUMMARY_OCTETS / 1000, 999999);
	assert_true(summary.arena.used <= BOUND_SUMMARY_OCTETS);
	add_row(&summary, "", 1, 1, true);
	assert_int_equal(summary.domains->messages, rows + 1);
	summary_sort(&summary);
	summary_clear(&summary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_read_as_they_are_written),
		cmocka_unit_test(reports_are_read_however_they_are_packed),
		cmocka_unit_test(reports_that_ask_for_gigabytes_are_not_read),
		cmocka_unit_test(reports_that_are_bombs_end_together),
		cmocka_unit_test(reports_are_read_out_of_messages),
		cmocka_unit_test(aggregate_ends_what_is_hostile),
		cmocka_unit_test(aggregate_counts_records_that_it_cannot_read),
		cmocka_unit_test(aggregate_results_are_words_of_the_registry),
		cmocka_unit_test(tls_report_types_are_tokens),
		cmocka_unit_test(tls_report_reads_a_bounded_text),
		cmocka_unit_test(summary_adds_up_what_comes_once),
		cmocka_unit_test(summary_tells_addresses_apart),
		cmocka_unit_test(summary_tells_periods_apart),
		cmocka_unit_test(summary_sums_have_an_end),
		cmocka_unit_test(summary_keeps_to_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
