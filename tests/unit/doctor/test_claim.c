/* claim_subject, claim_kind, claim_judge, claim_cases: what a refusal is about, and what an examination says
 * of it. */
#include "unit.h"

#include "heloscope/doctor/claim_cases.h"
#include "heloscope/doctor/claim_judge.h"

static const struct claim_kind *
kind_of(enum refusal_category category, const char *text)
{
	static const struct refusal_entry entry = { .name = "x" };
	const struct recognition known = { .entry = &entry, .category = category };

	return claim_kind_of(&known, text);
}

/* A subject of which these are not "". */
static struct claim_subject
subject_of(enum refusal_category category, const char *domain, const char *address)
{
	struct claim_subject subject = { .kind = kind_of(category, "dmarc policy") };

	(void)snprintf(subject.domain, sizeof subject.domain, "%s", domain);
	if (address[0] != '\0')
		assert_true(ipaddr_parse(span_of(address), &subject.address));
	return subject;
}

/* What a refusal is about. */

static void
each_kind_has_its_sentences(void **state)
{
	static const char *const texts[] = { "dmarc record", "dmarc policy", "does not exist in dns",
					     "sender domain" };

	(void)state;
	for (int category = 0; category < CATEGORIES; category++)
		for (size_t i = 0; i < ROWS(texts); i++) {
			const struct claim_kind *kind = kind_of((enum refusal_category)category, texts[i]);

			if (kind->about == CLAIM_ABOUT_NOTHING)
				continue;
			assert_int_equal(kind->category, category);
			assert_int_not_equal(kind->rows, 0);
			assert_true(kind->least > DOCTOR_UNKNOWN);
			assert_non_null(kind->lead);
			assert_non_null(kind->otherwise);
			assert_non_null(kind->instead);
		}
}

static void
claim_kind_needs_an_entry_and_its_words(void **state)
{
	const struct recognition unknown = { .category = CATEGORY_SPF };

	(void)state;
	assert_int_equal(claim_kind_of(&unknown, "spf")->about, CLAIM_ABOUT_NOTHING);
	assert_int_equal(kind_of(CATEGORY_POLICY, "spf")->about, CLAIM_ABOUT_NOTHING);
	assert_false(kind_of(CATEGORY_DMARC, "it has no dmarc record")->is_of_policy);
	assert_true(kind_of(CATEGORY_DMARC, "rejected by dmarc policy")->is_of_policy);
	assert_int_equal(kind_of(CATEGORY_DMARC, "temporary dmarc dns lookup failure")->about,
			 CLAIM_ABOUT_NOTHING);
	assert_int_equal(kind_of(CATEGORY_SENDER_DOMAIN, "email address is not verified")->about,
			 CLAIM_ABOUT_NOTHING);
	assert_int_equal(kind_of(CATEGORY_SENDER_DOMAIN, "until this error is resolved")->about,
			 CLAIM_ABOUT_NOTHING);
	assert_int_equal(kind_of(CATEGORY_DOMAIN_LISTED, "helo command [x] blocked")->about,
			 CLAIM_ABOUT_NOTHING);
}

/* An address, or "" for none. */
static void
assert_address(const struct ipaddr *address, const char *expected)
{
	char text[IPADDR_TEXT_SIZE] = "";

	if (address->length > 0)
		(void)ipaddr_format(address, text);
	assert_string_equal(text, expected);
}

static struct ipaddr
address_of(const char *text)
{
	struct ipaddr address = { .length = 0 };

	if (text[0] != '\0')
		assert_true(ipaddr_parse(span_of(text), &address));
	return address;
}

static void
the_address_is_that_of_the_log_then_the_given_then_that_of_the_reply(void **state)
{
	static const struct {
		const char *client, *given, *text;
		const char *address, *named;
		bool is_of_reply;
	} rows[] = {
		{ "198.51.100.7", "198.51.100.8", "spf fails for 198.51.100.9", "198.51.100.7",
		  "198.51.100.9", false },
		{ "198.51.100.7", "", "spf fails for [198.51.100.7]", "198.51.100.7", "", false },
		{ "10.0.0.7", "198.51.100.8", "spf fails", "198.51.100.8", "",
		  false }, /* which nobody else sees */
		{ "", "198.51.100.8", "spf fails for 198.51.100.9", "198.51.100.8", "198.51.100.9", false },
		{ "", "", "spf fails for 198.51.100.9.", "198.51.100.9", "", true },
		{ "", "", "spf fails for ipv6:2001:db8::9", "2001:db8::9", "", true },
		{ "", "", "198.51.100.9 or 198.51.100.10", "", "", false }, /* which? */
		{ "", "", "198.51.100.9 and again [198.51.100.9]", "198.51.100.9", "", true },
		{ "", "", "mx.rcpt.example[198.51.100.9] said no", "", "", false }, /* the receiver's */
		{ "", "", "[203.0.113.25] said no to 10.0.0.1, version 1.2.3.4.5", "", "", false },
		{ "", "", "no", "", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct refusal refusal = refusal_of_text(SPAN(""));
		const struct claim_subject given = { .address = address_of(rows[i].given) };
		struct claim_subject subject;

		refusal.address = address_of("203.0.113.25");
		refusal.client = address_of(rows[i].client);
		subject = claim_subject_of(&refusal, kind_of(CATEGORY_SPF, ""), rows[i].text, &given);
		assert_address(&subject.address, rows[i].address);
		assert_address(&subject.named, rows[i].named);
		assert_int_equal(subject.is_address_of_reply, rows[i].is_of_reply);
	}
}

static void
the_names_are_those_that_the_kind_of_refusal_is_about(void **state)
{
	static const struct {
		enum refusal_category category;
		const char *sender, *given, *text;
		const char *domain, *bounces;
		bool is_of_reply;
	} rows[] = {
		{ CATEGORY_SPF, "a@P.Example", "g.example", "mail from domain [q.example]", "p.example", "",
		  false },
		{ CATEGORY_SPF, "<>", "g.example", "mail from domain [q.example]", "g.example", "", false },
		{ CATEGORY_SPF, "", "", "the mail from domain [q.example] has", "q.example", "", false },
		{ CATEGORY_SPF, "", "", "<a@q.example>: sender address rejected: spf", "q.example", "",
		  false },
		{ CATEGORY_SPF, "a@198.51.100.1", "", "due to reasons", "", "", false },
		{ CATEGORY_DMARC, "a@p.example", "", "dmarc policy: email from q.example", "q.example",
		  "p.example", true },
		{ CATEGORY_DMARC, "a@p.example", "q.example", "dmarc policy: email from q.example",
		  "q.example", "p.example", false },
		{ CATEGORY_DMARC, "a@b.p.example", "", "dmarc policy: email from n.p.example", "n.p.example",
		  "b.p.example", false },
		{ CATEGORY_DMARC, "a@p.example", "", "dmarc policy: email from p.example", "p.example", "",
		  false },
		{ CATEGORY_DMARC, "a@p.example", "", "dmarc policy", "p.example", "", false },
		{ CATEGORY_SENDER_DOMAIN, "a@p.example", "",
		  "<a@q.example>: sender address rejected: domain not found", "q.example", "", true },
		{ CATEGORY_SENDER_DOMAIN, "", "p.example",
		  "<a@q.example>: sender address rejected: domain not found", "q.example", "", true },
		{ CATEGORY_SENDER_DOMAIN, "a@p.example", "", "domain not found", "p.example", "", false },
		{ CATEGORY_DKIM, "", "", "no key at k1._domainkey.q.example.", "q.example", "", false },
		{ CATEGORY_DKIM, "a@p.example", "", "no key at k1._domainkey.q.example.", "p.example", "",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct refusal refusal = refusal_of_text(SPAN(""));
		struct claim_subject given = { .domain = "" }, subject;

		(void)snprintf(given.domain, sizeof given.domain, "%s", rows[i].given);
		refusal.sender = span_of(rows[i].sender);
		subject = claim_subject_of(&refusal, kind_of(rows[i].category, rows[i].text), rows[i].text,
					   &given);
		assert_string_equal(subject.domain, rows[i].domain);
		assert_string_equal(subject.bounces, rows[i].bounces);
		assert_int_equal(subject.is_domain_of_reply, rows[i].is_of_reply);
		assert_string_equal(subject.selector, rows[i].category == CATEGORY_DKIM ? "k1" : "");
		assert_string_equal(subject.signer, rows[i].category == CATEGORY_DKIM ? "q.example" : "");
	}
}

static void
a_HELO_name_of_a_reply_counts_where_it_is_refused_and_none_is_given(void **state)
{
	static const char text[] = "<mail.q.example>: helo command rejected: host not found";
	const struct refusal refusal = refusal_of_text(SPAN(""));
	const struct claim_subject none = { .domain = "" }, given = { .helo = "mail.p.example" };
	struct claim_subject subject;

	(void)state;
	subject = claim_subject_of(&refusal, kind_of(CATEGORY_HELO, text), text, &none);
	assert_string_equal(subject.helo, "mail.q.example");
	assert_true(subject.is_helo_of_reply);
	assert_true(subject.can_be_otherwise);
	subject = claim_subject_of(&refusal, kind_of(CATEGORY_HELO, text), text, &given);
	assert_string_equal(subject.helo, "mail.p.example");
	assert_false(subject.is_helo_of_reply);
	subject = claim_subject_of(&refusal, kind_of(CATEGORY_PTR, text), text, &none);
	assert_string_equal(subject.helo, "");
	subject = claim_subject_of(&refusal, kind_of(CATEGORY_HELO, ""),
				   "<x.example>: helo command rejected: no", &none);
	assert_false(subject.can_be_otherwise);
}

/* What an examination says of it. */

/* A report of these findings, whose rows are as bad as they are; the row of the last may be good. */
static struct doctor_report
report_of(const struct doctor_finding *findings, size_t count, unsigned good)
{
	struct doctor_report report = { .domain = "p.example",
					.findings = (struct doctor_finding *)findings,
					.finding_count = count };

	for (int row = 0; row < DOCTOR_ROWS; row++)
		report.cells[row] = (good & 1U << row) != 0 ? DOCTOR_GOOD : DOCTOR_NOT_ASKED;
	for (size_t i = 0; i < count; i++)
		if (findings[i].severity > report.cells[findings[i].row])
			report.cells[findings[i].row] = findings[i].severity;
	return report;
}

#define NOT_NAMED                                                                                            \
	{                                                                                                    \
		PROBLEM_SPF_NOT_NAMED, DOCTOR_SPF_PASS, DOCTOR_ERROR, "192.0.2.1", "It fails.", NULL,        \
			"p.example. TXT \"v=spf1 ip4:192.0.2.1\"", NULL                                      \
	}
#define NO_DMARC                                                                                             \
	{                                                                                                    \
		PROBLEM_DMARC_MISSING, DOCTOR_DMARC, DOCTOR_NOTE, "", "There is none.", NULL,                \
			"_dmarc.p.example. TXT \"x\"", NULL                                                  \
	}
#define NO_DOMAIN                                                                                            \
	{                                                                                                    \
		PROBLEM_DOMAIN_MISSING, DOCTOR_MX, DOCTOR_ERROR, "", "It is missing.", NULL, NULL, NULL      \
	}
#define SPF_UNKNOWN                                                                                          \
	{                                                                                                    \
		PROBLEM_LOOKUP, DOCTOR_SPF_PASS, DOCTOR_UNKNOWN, "p.example", "It is silent.", NULL, NULL,   \
			NULL                                                                                 \
	}
#define LISTED                                                                                               \
	{                                                                                                    \
		PROBLEM_LISTED, DOCTOR_ADDRESS_LISTS, DOCTOR_ERROR, "bl.test lists 192.0.2.1",               \
			"It is listed.", NULL, NULL, NULL                                                    \
	}
#define UNWELL                                                                                               \
	{                                                                                                    \
		PROBLEM_LIST_UNWELL, DOCTOR_ADDRESS_LISTS, DOCTOR_UNKNOWN, "bl.test", "It is ill.", NULL,    \
			NULL, NULL                                                                           \
	}
#define SHORT_KEY                                                                                            \
	{                                                                                                    \
		PROBLEM_DKIM_BELOW_ADVICE, DOCTOR_DKIM, DOCTOR_WARNING, "k", "It is short.", NULL, NULL,     \
			NULL                                                                                 \
	}

static void
claim_judge_says_what_the_rows_show(void **state)
{
	static const struct {
		enum refusal_category category;
		const char *text;
		struct doctor_finding finding; /* none without `what` */
		unsigned good;
		bool asks_to_refuse;
		enum claim_state claim;
		const char *begins; /* the finding, so */
		bool has_record;
	} rows[] = {
		{ CATEGORY_SPF, "", NOT_NAMED, 0, false, CLAIM_CONFIRMED,
		  "It fails. Publish the record below", true },
		{ CATEGORY_SPF, "", NO_DMARC, CLAIM_ROW(SPF_PASS), false, CLAIM_NOT_CONFIRMED,
		  "SPF passes now for mail of p.example from 192.0.2.1.", false },
		{ CATEGORY_SPF, "", SPF_UNKNOWN, 0, false, CLAIM_NOT_TESTABLE, "It is silent. See which",
		  false },
		{ CATEGORY_SPF, "", { 0 }, 0, false, CLAIM_NOT_TESTABLE, "The DNS shows nothing", false },
		{ CATEGORY_SPF, "", NO_DOMAIN, 0, false, CLAIM_CONFIRMED,
		  "p.example: It is missing. Check its", false },
		{ CATEGORY_DMARC, "dmarc record", NO_DMARC, 0, false, CLAIM_CONFIRMED,
		  "There is none. Publish", true },
		{ CATEGORY_DMARC, "dmarc record", NOT_NAMED, CLAIM_ROW(DMARC), false, CLAIM_NOT_CONFIRMED,
		  "There is a DMARC record for p.example now.", false },
		{ CATEGORY_DMARC, "dmarc policy", NOT_NAMED, CLAIM_ROW(DMARC), true, CLAIM_CONFIRMED,
		  "DMARC of p.example asks for SPF or DKIM to pass. It fails. Publish", true },
		{ CATEGORY_DMARC, "dmarc policy", NOT_NAMED, CLAIM_ROW(DMARC), false, CLAIM_NOT_CONFIRMED,
		  "The DMARC policy of p.example asks to refuse nothing now.", false },
		{ CATEGORY_DMARC,
		  "dmarc policy",
		  { 0 },
		  CLAIM_ROW(DMARC) | CLAIM_ROW(SPF_PASS),
		  true,
		  CLAIM_NOT_CONFIRMED,
		  "SPF passes now for mail of p.example from 192.0.2.1, which",
		  false },
		{ CATEGORY_IP_LISTED, "", LISTED, 0, false, CLAIM_CONFIRMED, "It is listed. Remove the cause",
		  false },
		{ CATEGORY_IP_LISTED, "", UNWELL, 0, false, CLAIM_NOT_TESTABLE,
		  "It is ill. Look 192.0.2.1 up", false },
		{ CATEGORY_IP_LISTED,
		  "",
		  { 0 },
		  CLAIM_ROW(ADDRESS_LISTS),
		  false,
		  CLAIM_NOT_CONFIRMED,
		  "bl.test does not list 192.0.2.1 now.",
		  false },
		{ CATEGORY_DKIM, "", SHORT_KEY, 0, false, CLAIM_NOT_CONFIRMED, "The key at k1._domainkey.",
		  false },
		{ CATEGORY_DKIM,
		  "",
		  { 0 },
		  CLAIM_ROW(DKIM),
		  false,
		  CLAIM_NOT_CONFIRMED,
		  "The key at k1._domainkey.p.example can be used now.",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct doctor_report report =
			report_of(&rows[i].finding, rows[i].finding.what != NULL, rows[i].good);
		struct claim_subject subject = subject_of(rows[i].category, "p.example", "192.0.2.1");
		char memory[1000];
		struct strbuf text = STRBUF_OVER(memory);
		struct claim claim;

		report.asks_to_refuse = rows[i].asks_to_refuse;
		subject.kind = kind_of(rows[i].category, rows[i].text);
		subject.can_be_otherwise = true;
		subject.list = "bl.test";
		(void)strcpy(subject.selector, "k1");
		(void)strcpy(subject.signer, "p.example");
		claim = claim_judge(&report, &subject, &text);
		assert_int_equal(claim.state, rows[i].claim);
		assert_int_equal(strncmp(claim.finding, rows[i].begins, strlen(rows[i].begins)), 0);
		assert_int_equal(claim.publish != NULL, rows[i].has_record);
	}
}

/* Of another list, whose name begins with that of this one. */
static void
claim_judge_takes_no_list_for_another(void **state)
{
	static const struct doctor_finding findings[] = {
		{ PROBLEM_LISTED, DOCTOR_ADDRESS_LISTS, DOCTOR_ERROR, "bl.test.example lists 192.0.2.1", "w",
		  NULL, NULL, NULL },
		{ PROBLEM_LIST_SILENT, DOCTOR_ADDRESS_LISTS, DOCTOR_UNKNOWN, "bl.test.example", "w", NULL,
		  NULL, NULL },
	};
	const struct doctor_report report = report_of(findings, ROWS(findings), 0);
	struct claim_subject subject = subject_of(CATEGORY_IP_LISTED, "", "192.0.2.1");
	char memory[1000];
	struct strbuf text = STRBUF_OVER(memory);

	(void)state;
	subject.list = "bl.test";
	assert_int_equal(claim_judge(&report, &subject, &text).state, CLAIM_NOT_CONFIRMED);
}

static void
what_only_a_reply_names_gets_no_record(void **state)
{
	static const struct doctor_finding fails = NOT_NAMED;
	static const struct doctor_finding helo = {
		PROBLEM_HELO_MISMATCH,    DOCTOR_HELO, DOCTOR_WARNING, "h.example", "w", NULL,
		"h.example. A 192.0.2.1", NULL
	};
	const struct doctor_report report = report_of(&fails, 1, 0), of_helo = report_of(&helo, 1, 0);
	struct claim_subject subject = subject_of(CATEGORY_SPF, "p.example", "192.0.2.1");
	char memory[1000];
	struct strbuf text = STRBUF_OVER(memory);
	struct claim claim;

	(void)state;
	subject.is_address_of_reply = true;
	claim = claim_judge(&report, &subject, &text);
	assert_int_equal(claim.state, CLAIM_CONFIRMED);
	assert_null(claim.publish);
	assert_non_null(strstr(claim.finding, "Only the reply names 192.0.2.1:"));
	assert_true(claim_rests_on_reply(&subject, &fails));
	subject = subject_of(CATEGORY_HELO, "", "192.0.2.1");
	(void)strcpy(subject.helo, "h.example");
	subject.is_helo_of_reply = true;
	text = (struct strbuf)STRBUF_OVER(memory);
	claim = claim_judge(&of_helo, &subject, &text);
	assert_null(claim.publish);
	assert_non_null(strstr(claim.finding, "Only the reply names h.example:"));
	subject.is_helo_of_reply = false;
	text = (struct strbuf)STRBUF_OVER(memory);
	assert_non_null(claim_judge(&of_helo, &subject, &text).publish);
}

/* Nor does a domain that is not known to be the sender's. */
static void
a_domain_that_only_the_reply_names_gets_no_record(void **state)
{
	static const struct doctor_finding missing = NO_DMARC;
	const struct doctor_report report = report_of(&missing, 1, 0);
	struct claim_subject subject = subject_of(CATEGORY_DMARC, "q.example", "");
	char memory[1000];
	struct strbuf text = STRBUF_OVER(memory);
	struct claim claim;

	(void)state;
	subject.kind = kind_of(CATEGORY_DMARC, "dmarc record");
	subject.is_domain_of_reply = true;
	claim = claim_judge(&report, &subject, &text);
	assert_int_equal(claim.state, CLAIM_CONFIRMED);
	assert_null(claim.publish);
	assert_string_equal(
		claim.finding,
		"There is none. Only the reply names q.example: if it is a domain of yours, give it with --from to be told what to change.");
	(void)strcpy(subject.signer, "s.example");
	text = (struct strbuf)STRBUF_OVER(memory);
	assert_non_null(strstr(claim_judge(&report, &subject, &text).finding, "names s.example:"));
}

/* SPF of a domain that does not align is nothing to DMARC (RFC 9989, 4.4): no record of it helps. */
static void
of_a_domain_that_does_not_align_no_SPF_record_is_proposed(void **state)
{
#define DOES_NOT_ALIGN "DMARC of a.example asks for SPF or DKIM to pass. "
#define ALIGN                                                                                                \
	"It is of others. Give the messages a bounce address (envelope sender) of a.example, or sign them with DKIM for a.example (d=a.example)."
	static const struct doctor_finding unaligned = { PROBLEM_BOUNCES_UNALIGNED,
							 DOCTOR_SPF_ALIGNMENT,
							 DOCTOR_WARNING,
							 "p.example",
							 "It is of others.",
							 NULL,
							 NULL,
							 NULL };
	static const struct doctor_finding unknown = { PROBLEM_LOOKUP, DOCTOR_SPF_ALIGNMENT,
						       DOCTOR_UNKNOWN, "p.example",
						       "Who knows.",   NULL,
						       NULL,           NULL };
	static const struct doctor_finding fails = NOT_NAMED;
	static const struct {
		const struct doctor_finding *alignment;
		bool has_address, fails;
		enum claim_state claim;
		const char *begins;
	} rows[] = {
		{ &unaligned, true, true, CLAIM_CONFIRMED, DOES_NOT_ALIGN ALIGN },
		{ &unaligned, false, true, CLAIM_CONFIRMED, DOES_NOT_ALIGN ALIGN },
		{ &unaligned, true, false, CLAIM_CONFIRMED,
		  DOES_NOT_ALIGN
		  "SPF passes now for mail of p.example from 192.0.2.1, but that does not count: " ALIGN },
		{ &unknown, true, true, CLAIM_NOT_TESTABLE,
		  "Who knows. Send a message to a mailbox elsewhere" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct doctor_finding findings[] = { *rows[i].alignment, fails };
		struct doctor_report report =
			report_of(findings, rows[i].fails ? 2 : 1, rows[i].fails ? 0 : CLAIM_ROW(SPF_PASS));
		struct claim_subject subject =
			subject_of(CATEGORY_DMARC, "a.example", rows[i].has_address ? "192.0.2.1" : "");
		char memory[1000];
		struct strbuf text = STRBUF_OVER(memory);
		struct claim claim;

		report.asks_to_refuse = true;
		(void)strcpy(subject.bounces, "p.example");
		claim = claim_judge(&report, &subject, &text);
		assert_int_equal(claim.state, rows[i].claim);
		assert_null(claim.publish);
		assert_int_equal(strncmp(claim.finding, rows[i].begins, strlen(rows[i].begins)), 0);
	}
}

static void
what_is_tested_is_named_as_far_as_it_is_known(void **state)
{
	static const struct {
		enum refusal_category category;
		const char *domain, *address, *helo, *told;
	} rows[] = {
		{ CATEGORY_HELO, "a.example", "192.0.2.1", "mail.example", "192.0.2.1 as mail.example" },
		{ CATEGORY_HELO, "a.example", "", "mail.example", "mail.example" },
		{ CATEGORY_HELO, "a.example", "192.0.2.1", "", "192.0.2.1" },
		{ CATEGORY_SPF, "a.example", "192.0.2.1", "mail.example", "a.example from 192.0.2.1" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct claim_subject subject = subject_of(rows[i].category, rows[i].domain, rows[i].address);
		char memory[400];
		struct strbuf text = STRBUF_OVER(memory);

		(void)strcpy(subject.helo, rows[i].helo);
		claim_subject_add_to(&subject, &text);
		assert_string_equal(memory, rows[i].told);
	}
}

static void
another_address_of_the_reply_is_told_and_not_answered(void **state)
{
	const struct doctor_report report = report_of(NULL, 0, CLAIM_ROW(SPF_PASS));
	struct claim_subject subject = subject_of(CATEGORY_SPF, "p.example", "192.0.2.1");
	char memory[1000];
	struct strbuf text = STRBUF_OVER(memory);
	struct claim claim;

	(void)state;
	subject.can_be_otherwise = true;
	subject.named = address_of("2001:db8::9");
	claim = claim_judge(&report, &subject, &text);
	assert_int_equal(claim.state, CLAIM_NOT_TESTABLE);
	assert_non_null(strstr(claim.finding, "The reply names another address, 2001:db8::9:"));
}

static void
what_is_missing_to_ask_is_told(void **state)
{
	static const struct {
		enum refusal_category category;
		const char *domain, *address;
		const char *begins; /* NULL: nothing is missing */
	} rows[] = {
		{ CATEGORY_SPF, "", "192.0.2.1", "Neither the sender nor the reply names the domain;" },
		{ CATEGORY_SPF, "p.example", "", "The public IP address" },
		{ CATEGORY_SPF, "p.example", "192.0.2.1", NULL },
		{ CATEGORY_PTR, "", "", "The public IP address" },
		{ CATEGORY_PTR, "", "192.0.2.1", NULL },
		{ CATEGORY_DMARC, "p.example", "", NULL },
		{ CATEGORY_DKIM, "p.example", "", "The reply does not name the key" },
		{ CATEGORY_HELO, "", "192.0.2.1", "The HELO name of your server is not known;" },
		{ CATEGORY_IP_LISTED, "", "192.0.2.1",
		  "The reply names no DNS list that is in the configuration." },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct claim_subject subject =
			subject_of(rows[i].category, rows[i].domain, rows[i].address);
		char memory[1000];
		struct strbuf text = STRBUF_OVER(memory);
		struct claim claim;

		assert_int_equal(claim_is_untestable(&subject, &text, &claim), rows[i].begins != NULL);
		if (rows[i].begins == NULL)
			continue;
		assert_int_equal(claim.state, CLAIM_NOT_TESTABLE);
		assert_int_equal(strncmp(claim.finding, rows[i].begins, strlen(rows[i].begins)), 0);
	}
}

/* Domains compared. */

static void
claim_compare_tells_where_one_is_worse_than_all_others(void **state)
{
	static const struct doctor_finding refused[] = {
		NO_DMARC,
		{ PROBLEM_SPF_MISSING, DOCTOR_SPF_RECORD, DOCTOR_WARNING, "", "w", NULL, NULL, NULL },
		{ PROBLEM_REVERSE_MISSING, DOCTOR_REVERSE_DNS, DOCTOR_ERROR, "192.0.2.1", "w", NULL, NULL,
		  NULL },
		{ PROBLEM_LISTED, DOCTOR_DOMAIN_LISTS, DOCTOR_ERROR, "bl.test lists it", "w", NULL, NULL,
		  NULL },
		NO_DOMAIN,
		{ PROBLEM_BOUNCES_AS_MX, DOCTOR_BOUNCES, DOCTOR_ERROR, "", "w", NULL, NULL,
		  NULL }, /* repeats */
		{ PROBLEM_LOOKUP, DOCTOR_TLS_REPORTS, DOCTOR_UNKNOWN, "x", "w", NULL, NULL, NULL },
		{ PROBLEM_ADDRESSES_GUESSED, DOCTOR_ADDRESSES, DOCTOR_NOTE, "", "w", NULL, NULL, NULL },
	};
	static const struct doctor_finding first[] = {
		{ PROBLEM_REVERSE_MISSING, DOCTOR_REVERSE_DNS, DOCTOR_ERROR, "192.0.2.1", "w", NULL, NULL,
		  NULL },
	};
	static const struct doctor_finding second[] = {
		{ PROBLEM_LIST_SILENT, DOCTOR_DOMAIN_LISTS, DOCTOR_UNKNOWN, "bl.test", "w", NULL, NULL,
		  NULL },
		{ PROBLEM_SPF_SLIP, DOCTOR_SPF_RECORD, DOCTOR_NOTE, "", "w", NULL, NULL, NULL },
	};
	static const struct {
		enum doctor_row row;
		enum doctor_severity refused, delivered;
		bool is_named;
	} expected[] = {
		{ DOCTOR_SPF_RECORD, DOCTOR_WARNING, DOCTOR_NOTE, true },
		{ DOCTOR_MX, DOCTOR_ERROR, DOCTOR_GOOD, false },
		{ DOCTOR_DMARC, DOCTOR_NOTE, DOCTOR_GOOD, false },
	};
	const struct doctor_report report = report_of(refused, ROWS(refused), 0),
				   one = report_of(first, ROWS(first), CLAIM_ROW(MX) | CLAIM_ROW(DMARC)),
				   other = report_of(second, ROWS(second), CLAIM_ROW(MX));
	const struct doctor_report *const delivered[] = { &one, &other };
	struct claim_row rows[DOCTOR_ROWS];

	(void)state;
	assert_int_equal(claim_compare(&report, delivered, 2, kind_of(CATEGORY_SPF, ""), rows),
			 ROWS(expected));
	for (size_t i = 0; i < ROWS(expected); i++) {
		assert_int_equal(rows[i].row, expected[i].row);
		assert_int_equal(rows[i].refused, expected[i].refused);
		assert_int_equal(rows[i].delivered, expected[i].delivered);
		assert_int_equal(rows[i].is_named, expected[i].is_named);
	}
}

/* Guessed, each domain has addresses of its own, of which nobody knows that mail went out from there. */
static void
claim_compare_leaves_guessed_addresses_alone(void **state)
{
	static const struct doctor_finding findings[] = { NOT_NAMED };
	struct doctor_report report = report_of(findings, 1, 0);
	const struct doctor_report other = report_of(NULL, 0, CLAIM_ROW(SPF_PASS));
	const struct doctor_report *const delivered[] = { &other };
	struct claim_row rows[DOCTOR_ROWS];

	(void)state;
	assert_int_equal(claim_compare(&report, delivered, 1, kind_of(CATEGORY_SPF, ""), rows), 1);
	report.is_guessed = true;
	assert_int_equal(claim_compare(&report, delivered, 1, kind_of(CATEGORY_SPF, ""), rows), 0);
}

/* Whose they are. */

static void
claim_cases_tell_apart_each_kind_domain_and_address(void **state)
{
	static const struct {
		unsigned long kind;
		enum refusal_category category;
		const char *domain, *address;
	} rows[] = {
		{ 0, CATEGORY_SPF, "a.example", "192.0.2.1" },
		{ 0, CATEGORY_SPF, "b.example", "192.0.2.1" },
		{ 1, CATEGORY_PTR, "a.example", "192.0.2.1" },
		{ 0, CATEGORY_SPF, "a.example", "192.0.2.2" },
		{ 0, CATEGORY_SPF, "a.example", "192.0.2.1" },
		{ 1, CATEGORY_PTR, "b.example", "192.0.2.1" }, /* whoever's mail it was */
		{ 0, CATEGORY_SPF, "a.example", "" },
	};
	static const char *const told[] = { "a.example from 192.0.2.1", "b.example from 192.0.2.1",
					    "a.example from 192.0.2.2", "a.example" };
	const struct claim_case *one = NULL;
	struct claim_cases cases;

	(void)state;
	assert_true(claim_cases_init(&cases));
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct claim_subject subject =
			subject_of(rows[i].category, rows[i].domain, rows[i].address);

		claim_cases_add(&cases, rows[i].kind, &subject);
	}
	for (size_t i = 0; i < ROWS(told); i++) {
		char memory[400];
		struct strbuf text = STRBUF_OVER(memory);

		one = claim_cases_next(&cases, 0, one);
		assert_non_null(one);
		claim_subject_add_to(&one->subject, &text);
		assert_string_equal(memory, told[i]);
		assert_int_equal(one->count, i == 0 ? 2 : 1);
	}
	assert_null(claim_cases_next(&cases, 0, one));
	one = claim_cases_next(&cases, 1, NULL);
	assert_int_equal(one->count, 2);
	assert_string_equal(one->subject.domain, "a.example");
	assert_null(claim_cases_next(&cases, 1, one));
	assert_null(claim_cases_next(&cases, 2, NULL));
	claim_cases_clear(&cases);
}

static void
claim_cases_hold_no_more_than_their_bound(void **state)
{
	struct claim_cases cases;
	unsigned long count = 0;

	(void)state;
	assert_true(claim_cases_init(&cases));
	for (unsigned long number = 0; number < BOUND_CLAIM_CASES + 3; number++) {
		struct claim_subject subject = subject_of(CATEGORY_SPF, "", "192.0.2.1");

		(void)snprintf(subject.domain, sizeof subject.domain, "d%lu.example", number);
		claim_cases_add(&cases, 0, &subject);
		claim_cases_add(&cases, 0, &subject);
	}
	for (const struct claim_case *one = NULL; (one = claim_cases_next(&cases, 0, one)) != NULL; count++)
		assert_int_equal(one->count, 2);
	assert_int_equal(count, BOUND_CLAIM_CASES);
	assert_int_equal(cases.beyond, 6);
	claim_cases_clear(&cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_sentences),
		cmocka_unit_test(claim_kind_needs_an_entry_and_its_words),
		cmocka_unit_test(the_address_is_that_of_the_log_then_the_given_then_that_of_the_reply),
		cmocka_unit_test(the_names_are_those_that_the_kind_of_refusal_is_about),
		cmocka_unit_test(a_HELO_name_of_a_reply_counts_where_it_is_refused_and_none_is_given),
		cmocka_unit_test(claim_judge_says_what_the_rows_show),
		cmocka_unit_test(claim_judge_takes_no_list_for_another),
		cmocka_unit_test(what_only_a_reply_names_gets_no_record),
		cmocka_unit_test(a_domain_that_only_the_reply_names_gets_no_record),
		cmocka_unit_test(of_a_domain_that_does_not_align_no_SPF_record_is_proposed),
		cmocka_unit_test(what_is_tested_is_named_as_far_as_it_is_known),
		cmocka_unit_test(another_address_of_the_reply_is_told_and_not_answered),
		cmocka_unit_test(what_is_missing_to_ask_is_told),
		cmocka_unit_test(claim_compare_tells_where_one_is_worse_than_all_others),
		cmocka_unit_test(claim_compare_leaves_guessed_addresses_alone),
		cmocka_unit_test(claim_cases_tell_apart_each_kind_domain_and_address),
		cmocka_unit_test(claim_cases_hold_no_more_than_their_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
