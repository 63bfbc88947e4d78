/* message: verdicts that wait for the header or the body, with checks of our own and answers from a table. */
#include "unit.h"

#include <malloc.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/log.h"
#include "heloscope/checks/table.h"
#include "staged_checks.h"
#include "visit.h"

/* The sum of the octets of "x" is 120. */
static const struct fake_row rows[] = {
	{ "right.test", DNS_TXT, DNS_NOERROR, "120" },
	{ "wrong.test", DNS_TXT, DNS_NOERROR, "1" },
	{ "k._domainkey.b.test", DNS_TXT, DNS_NODATA, NULL },
};

/* Recipients in these domains: refused, deferred and accepted by what the body shows, accepted in any case.
 */
#define POLICIES                                                                                             \
	"policy { reject 550 5.7.1 \"broken\" when sender = fail quarantine \"odd\" when helo = fail } "     \
	"policy for \"later.test\" { defer 451 4.7.1 \"later\" when sender = fail } "                        \
	"policy for \"open.test\" { accept when client in { 0.0.0.0/0 } } "                                  \
	"policy for \"strict.test\" { reject 550 5.7.1 \"no\" when client in { 0.0.0.0/0 } } "

#define BODY_HASH "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" /* of nothing */

static void
connect_client(struct visit *visit)
{
	visit_connect(visit, "198.51.100.7", "h.test", NULL);
}

static void
begin(struct visit *visit, const char *config)
{
	visit_begin(visit, rows, ROWS(rows), config, staged_checks());
	connect_client(visit);
}

static void
say_mail(struct visit *visit)
{
	const struct mail_command said = { .sender = { .typed = "<joe@yodel.example>" } };

	session_mail(visit->session, &said);
}

static const struct smtp_reply *
say_rcpt(struct visit *visit, const char *recipient)
{
	return session_rcpt(visit->session, &(struct envelope_address){ recipient, NULL });
}

static void
say_header(struct visit *visit, const char *seal)
{
	session_header(visit->session, "From", " a@b.test");
	session_header(visit->session, "X-Seal", seal);
}

static void
say_body(struct visit *visit)
{
	session_end_of_header(visit->session);
	session_body(visit->session, SPAN("x"));
	(void)fake_dns_deliver(&visit->dns);
	visit->end = session_end_of_message(visit->session, "QID");
}

/* A whole message to several recipients, which are all taken. */
static void
send_to(struct visit *visit, const char *const *recipients, const char *seal)
{
	say_mail(visit);
	for (size_t i = 0; recipients[i] != NULL; i++)
		assert_null(say_rcpt(visit, recipients[i]));
	say_header(visit, seal);
	say_body(visit);
}

static void
expect_records(const struct visit *visit, const char *expected, size_t times)
{
	size_t count = 0;

	for (const char *at = visit->records; (at = strstr(at, expected)) != NULL; at++)
		count++;
	if (count != times)
		fail_msg("%zu times %s, not %zu, in %s", count, expected, times, visit->records);
}

static const char *
added_field(const struct message_end *end, const char *name)
{
	for (size_t i = 0; i < end->count; i++)
		if (strcmp(end->edits[i].name, name) == 0 && end->edits[i].index == 0)
			return end->edits[i].value;
	return "";
}

#define TO(...)                                                                                              \
	(const char *const[])                                                                                \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}

/* What the body shows refuses at the end; what was said is what is recorded; the next message is another. */
static void
message_is_refused_at_its_end(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, "mode enforce " POLICIES);
	assert_int_equal(session_last_stage(visit.session), STAGE_BODY);
	for (int times = 0; times < 2; times++) {
		send_to(&visit, TO("<a@in.test>", "<b@in.test>"), "wrong.test");
		assert_non_null(visit.end.reply);
		assert_int_equal(visit.end.reply->code, 550);
		assert_non_null(strstr(visit.end.reply->lines[0], "broken"));
		assert_int_equal(visit.end.count, 0);
		session_abort(visit.session);
		send_to(&visit, TO("<a@in.test>"), "right.test");
		assert_null(visit.end.reply);
		assert_true(visit.end.is_whole);
		assert_non_null(strstr(added_field(&visit.end, "Authentication-Results"), "x-sender=pass"));
	}
	visit_leave(&visit);
	expect_records(&visit, "\"action\":\"reject\",\"enforced\":true", 4);
	expect_records(&visit, "\"reply\":\"550 5.7.1 broken. For help", 4);
	expect_records(&visit, "\"action\":\"accept\"", 2);
	expect_records(&visit, "pending", 0);
	expect_records(&visit, "overruled", 0);
}

/* There is one reply for all who were taken. */
static void
message_is_refused_only_when_it_is_for_all(void **state)
{
	static const struct {
		const char *recipients[4]; /* NULL at the end */
		unsigned code;             /* 0: accepted */
		size_t others_accept, others_defer;
	} cases[] = {
		{ { "<a@in.test>" }, 550, 0, 0 },
		{ { "<a@later.test>" }, 451, 0, 0 },
		{ { "<a@in.test>", "<a@open.test>" }, 0, 1, 0 },
		{ { "<a@open.test>", "<a@in.test>", "<b@in.test>" }, 0, 2, 0 },
		{ { "<a@later.test>", "<a@open.test>" }, 0, 1, 0 },
		{ { "<a@in.test>", "<a@later.test>" }, 451, 0, 1 },
		{ { "<a@later.test>", "<a@in.test>" }, 451, 0, 1 },
		{ { "<a@in.test>", "<a@later.test>", "<a@open.test>" }, 0, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct visit visit;

		begin(&visit, "mode enforce " POLICIES);
		send_to(&visit, cases[i].recipients, "wrong.test");
		assert_int_equal(visit.end.reply != NULL ? visit.end.reply->code : 0, cases[i].code);
		if (cases[i].code == 0)
			assert_non_null(strstr(added_field(&visit.end, "X-Heloscope"), "would="));
		if (cases[i].code == 451)
			assert_non_null(strstr(visit.end.reply->lines[0], "later"));
		visit_leave(&visit);
		expect_records(&visit,
			       "\"enforced\":false,\"softened\":false,\"overruled\":\"others-accept\"",
			       cases[i].others_accept);
		expect_records(&visit, "\"enforced\":false,\"softened\":false,\"overruled\":\"others-defer\"",
			       cases[i].others_defer);
	}
}

/*
 * J1: with "recipients apart" nobody gets past a refusal by adding somebody who is accepted: RFC 5321,
 * 4.5.3.1.10. The first that is taken decides with whom it shares the end; who is refused at RCPT does not
 * count.
 */
static void
J1_message_takes_apart_recipients_whose_end_may_differ(void **state)
{
#define RULES                                                                                                \
	"mode enforce recipients apart exceptions { accept when recipient in { \"postmaster@*\" } } "        \
	"policy { accept when recipient = \"soft@*\" and helo != none "                                      \
	"tag \"note\" when sender = fail and recipient = \"b@*\" reject when sender = fail "                 \
	"tag \"all\" when sender = fail } "                                                                  \
	"policy for \"later.test\" { defer when sender = fail } "                                            \
	"policy for \"same.test\" { otherwise default } "                                                    \
	"policy for \"notes.test\" { tag \"x\" when sender = fail otherwise accept } "                       \
	"policy for \"strict.test\" { reject when client in { 0.0.0.0/0 } } "
	static const struct {
		const char *config;
		struct {
			const char *recipient; /* NULL at the end */
			unsigned code;         /* 0: taken */
		} said[5];
		unsigned end;
		size_t apart;
	} cases[] = {
		{ RULES, { { "<a@in.test>", 0 }, { "<postmaster@in.test>", 452 } }, 550, 1 },
		{ RULES, { { "<postmaster@in.test>", 0 }, { "<a@in.test>", 452 } }, 0, 1 },
		{ RULES,
		  { { "<postmaster@in.test>", 0 },
		    { "<a@in.test>", 452 },
		    { "<b@in.test>", 452 },
		    { "<postmaster@b.test>", 0 } },
		  0,
		  2 },
		{ RULES, { { "<a@in.test>", 0 }, { "<b@in.test>", 0 }, { "<c@b.test>", 0 } }, 550, 0 },
		{ RULES, { { "<a@in.test>", 0 }, { "<soft@in.test>", 452 }, { "<b@in.test>", 0 } }, 550, 1 },
		{ RULES, { { "<soft@in.test>", 0 }, { "<a@in.test>", 452 }, { "<soft@b.test>", 0 } }, 0, 1 },
		{ RULES,
		  { { "<a@later.test>", 0 }, { "<a@in.test>", 452 }, { "<b@later.test>", 0 } },
		  451,
		  1 },
		{ RULES,
		  { { "<a@strict.test>", 550 }, { "<a@in.test>", 0 }, { "<b@strict.test>", 550 } },
		  550,
		  0 },
		{ RULES,
		  { { "<a@notes.test>", 0 }, { "<postmaster@in.test>", 0 }, { "<a@in.test>", 452 } },
		  0,
		  1 },
		{ RULES, { { "<a@in.test>", 0 }, { "<postmaster%a@in.test>", 452 } }, 550, 1 },
		{ "mode audit recipients apart " POLICIES,
		  { { "<a@in.test>", 0 }, { "<a@open.test>", 0 } },
		  0,
		  0 },
		{ "mode enforce " POLICIES, { { "<a@in.test>", 0 }, { "<a@open.test>", 0 } }, 0, 0 },
		{ "disable { sender, helo } mode enforce recipients apart " POLICIES,
		  { { "<a@in.test>", 0 }, { "<a@open.test>", 0 }, { "<a@later.test>", 0 } },
		  0,
		  0 },
	};
#undef RULES

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct visit visit;

		print_message("    %zu: %s\n", i, cases[i].said[0].recipient);
		begin(&visit, cases[i].config);
		say_mail(&visit);
		for (size_t j = 0; j < 5 && cases[i].said[j].recipient != NULL; j++) {
			const struct smtp_reply *reply = say_rcpt(&visit, cases[i].said[j].recipient);

			assert_int_equal(reply != NULL ? reply->code : 0, cases[i].said[j].code);
			if (cases[i].said[j].code == 452)
				assert_string_equal(reply->xcode, "4.5.3");
		}
		say_header(&visit, "wrong.test");
		say_body(&visit);
		assert_int_equal(visit.end.reply != NULL ? visit.end.reply->code : 0, cases[i].end);
		visit_leave(&visit);
		expect_records(&visit,
			       "\"action\":\"defer\",\"enforced\":true,\"softened\":false,\"apart\":true",
			       cases[i].apart);
		expect_records(&visit, "\"overruled\"", strstr(cases[i].config, "apart") != NULL ? 0 : 1);
	}
}

/* A recipient that was refused at RCPT is not one of those who would miss it. */
static void
message_counts_only_recipients_that_were_taken(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, "mode enforce " POLICIES);
	say_mail(&visit);
	assert_null(say_rcpt(&visit, "<a@in.test>"));
	assert_int_equal(say_rcpt(&visit, "<a@strict.test>")->code, 550);
	say_header(&visit, "wrong.test");
	say_body(&visit);
	assert_int_equal(visit.end.reply->code, 550);
	assert_non_null(strstr(visit.end.reply->lines[0], "broken"));
	visit_leave(&visit);
	expect_records(&visit, "\"action\":\"reject\",\"enforced\":true", 2);
}

/* Whoever says nothing refuses nothing: an answer that does not come, or comes late. */
static void
message_is_not_refused_for_a_fault(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, "resolver { timeout 100ms } mode enforce " POLICIES);
	say_mail(&visit);
	assert_null(say_rcpt(&visit, "<a@in.test>"));
	say_header(&visit, "wrong.test");
	session_body(visit.session, SPAN("in front of the end of the header"));
	visit.end = session_end_of_message(visit.session, NULL); /* nobody answers */
	assert_null(visit.end.reply);
	assert_non_null(strstr(added_field(&visit.end, "Authentication-Results"), "x-sender=temperror"));
	(void)fake_dns_deliver(&visit.dns); /* too late */
	send_to(&visit, TO("<a@in.test>"), "wrong.test");
	assert_int_equal(visit.end.reply->code, 550);
	visit_leave(&visit);
}

/* Wherever it is given up, what is not decided is told as such. */
static void
message_tells_what_was_pending_when_it_is_given_up(void **state)
{
	(void)state;
	for (int until = 0; until < 4; until++) {
		struct visit visit;

		begin(&visit, "mode enforce " POLICIES);
		say_mail(&visit);
		assert_null(say_rcpt(&visit, "<a@in.test>"));
		assert_null(say_rcpt(&visit, "<b@in.test>"));
		if (until > 0)
			say_header(&visit, "wrong.test");
		if (until > 1)
			session_end_of_header(visit.session);
		if (until > 2)
			session_body(visit.session, SPAN("x"));
		session_abort(visit.session);
		session_abort(visit.session);
		send_to(&visit, TO("<a@in.test>"), "right.test");
		assert_null(visit.end.reply);
		visit_leave(&visit);
		expect_records(
			&visit,
			"\"action\":\"accept\",\"enforced\":true,\"softened\":false,\"pending\":\"body\"", 2);
		expect_records(&visit, "\"pending\"", 2);
	}
}

/* What a tag, or a rule that only tells, would still have waited for changes no decision: it is told as made,
 * with the notes that were known. */
static void
message_that_is_given_up_is_decided_but_for_notes(void **state)
{
	static const struct {
		const char *mode, *rules, *expected;
	} cases[] = {
		{ "audit", "reject when mail-from = \"*@yodel.example\"",
		  "\"action\":\"reject\",\"enforced\":false,\"softened\":false,\"notes-pending\":\"body\",\"rule\":\"test.conf:2\"" },
		{ "audit", "defer when mail-from = \"*@yodel.example\"",
		  "\"action\":\"defer\",\"enforced\":false,\"softened\":false,\"notes-pending\":\"body\",\"rule\":\"test.conf:2\"" },
		{ "audit", "quarantine when mail-from = \"*@yodel.example\"",
		  "\"action\":\"quarantine\",\"enforced\":false,\"softened\":false,\"notes-pending\":\"body\",\"rule\":\"test.conf:2\"" },
		{ "enforce", "quarantine when mail-from = \"*@yodel.example\"",
		  "\"action\":\"quarantine\",\"enforced\":true,\"softened\":false,\"notes-pending\":\"body\",\"rule\":\"test.conf:2\"" },
		{ "enforce", "accept when mail-from = \"*@yodel.example\"",
		  "\"action\":\"accept\",\"enforced\":true,\"softened\":false,\"notes-pending\":\"body\",\"rule\":\"test.conf:2\"" },
		{ "enforce", "",
		  "\"action\":\"accept\",\"enforced\":true,\"softened\":false,\"notes-pending\":\"body\"" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		static const char *const notes[] = { "tag \"t\"", "audit reject" };

		for (size_t j = 0; j < ROWS(notes); j++) {
			struct visit visit;
			char config[512];

			(void)snprintf(
				config, sizeof config,
				"mode %s policy { tag \"known\" when client in { 0.0.0.0/0 } %s when sender = fail\n%s }",
				cases[i].mode, notes[j], cases[i].rules);
			begin(&visit, config);
			say_mail(&visit);
			assert_null(say_rcpt(&visit, "<a@in.test>"));
			session_abort(visit.session);
			visit_leave(&visit);
			expect_records(&visit, cases[i].expected, 1);
			expect_records(&visit, "\"tag\":\"known\"", 1);
			expect_records(&visit, "\"notes\":[{", 1);
			expect_records(&visit, "\"notes-pending\":\"body\"", 1);
			expect_records(&visit, "\"pending\"", 0);
		}
	}
}

/* A second client on the connection, in the middle of a message: the first one's is given up. */
static void
message_ends_with_its_client(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, "mode enforce " POLICIES);
	say_mail(&visit);
	assert_int_equal(say_rcpt(&visit, "<a@strict.test>")->code, 550);
	session_connect(visit.session, NULL);
	session_header(visit.session, "X-Seal", "wrong.test");
	visit.end = session_end_of_message(visit.session, NULL);
	assert_false(visit.end.is_whole);
	visit_leave(&visit);
	expect_records(&visit, "\"ip\":\"198.51.100.7\"", 1);
}

/* Quarantine, and mode audit, in which nothing is refused at the end either. */
static void
message_does_at_its_end_what_the_mode_allows(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, "mode enforce " POLICIES);
	session_header(visit.session, "From", "before MAIL");
	say_mail(&visit);
	assert_null(say_rcpt(&visit, "<a@in.test>"));
	say_header(&visit, "right.test");
	session_header(visit.session, "From", " another@b.test");
	say_body(&visit);
	assert_null(visit.end.reply);
	assert_string_equal(visit.end.quarantine, "odd");
	visit_leave(&visit);
	begin(&visit, "mode audit " POLICIES);
	send_to(&visit, TO("<a@in.test>", "<a@strict.test>"), "wrong.test");
	assert_null(visit.end.reply);
	assert_non_null(strstr(added_field(&visit.end, "X-Heloscope"), "would=reject"));
	visit_leave(&visit);
	expect_records(&visit, "\"enforced\":false", 2);
	expect_records(&visit, "overruled", 0);
}

/* BOUND_RECIPIENTS_APART: an MTA hangs up after too many, so that the message would never come. Those beyond
 * are judged with the others; the session counts until a message is accepted. */
static void
message_puts_so_many_recipients_apart(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, "mode enforce recipients apart " POLICIES);
	for (int times = 0; times < 2; times++) {
		say_mail(&visit);
		assert_null(say_rcpt(&visit, "<a@open.test>"));
		for (int i = 0; i < BOUND_RECIPIENTS_APART + 10; i++) {
			const struct smtp_reply *reply;
			char name[32];

			if (i == BOUND_RECIPIENTS_APART - 3) { /* in two transactions */
				say_mail(&visit);
				assert_null(say_rcpt(&visit, "<a@open.test>"));
			}
			(void)snprintf(name, sizeof name, "<u%d@in.test>", i);
			reply = say_rcpt(&visit, name);
			assert_int_equal(reply != NULL ? reply->code : 0,
					 i < BOUND_RECIPIENTS_APART ? 452 : 0);
		}
		say_header(&visit, "wrong.test");
		say_body(&visit);
		assert_null(visit.end.reply); /* then all begins anew */
	}
	visit_leave(&visit);
	expect_records(&visit, "\"apart\":true", 2 * BOUND_RECIPIENTS_APART);
	expect_records(
		&visit,
		"\"action\":\"reject\",\"enforced\":false,\"softened\":false,\"overruled\":\"others-accept\"",
		20);
}

/* BOUND_RECIPIENTS_PENDING: the client is asked to send to the others in another transaction. */
static void
message_takes_so_many_recipients_that_wait(void **state)
{
	struct visit visit;
	char recipient[32];

	(void)state;
	begin(&visit, "mode enforce " POLICIES);
	say_mail(&visit);
	for (int i = 0; i < BOUND_RECIPIENTS_PENDING + 10; i++) {
		const struct smtp_reply *reply;

		(void)snprintf(recipient, sizeof recipient, "<user%d@in.test>", i);
		reply = say_rcpt(&visit, recipient);
		assert_int_equal(reply != NULL ? reply->code : 0, i < BOUND_RECIPIENTS_PENDING ? 0 : 452);
	}
	assert_null(say_rcpt(&visit, "<a@open.test>")); /* need not wait */
	say_header(&visit, "wrong.test");
	say_body(&visit);
	assert_null(visit.end.reply);
	visit_leave(&visit);
}

/* BOUND_RECIPIENTS_PENDING in mode audit: nobody is told to come again. */
static void
P3_message_in_mode_audit_takes_any_number_that_wait(void **state)
{
	char recipient[40];
	struct visit visit;

	(void)state;
	begin(&visit, "mode audit policy { tag \"x\" when helo = fail reject when sender = fail }");
	say_mail(&visit);
	for (int i = 0; i < BOUND_RECIPIENTS_PENDING + 10; i++) {
		(void)snprintf(recipient, sizeof recipient, "<user%d@in.test>", i);
		assert_null(say_rcpt(&visit, recipient));
	}
	say_header(&visit, "wrong.test");
	say_body(&visit);
	assert_null(visit.end.reply);
	assert_true(visit.end.is_whole);
	session_abort(visit.session);
	visit_leave(&visit);
}

/* Up to its body; returns how many octets it holds then. */
static size_t
say_half(struct visit *visit)
{
	const size_t before = mallinfo2().uordblks;

	say_mail(visit);
	assert_null(say_rcpt(visit, "<a@in.test>"));
	session_header(visit->session, "DKIM-Signature",
		       " v=1; a=rsa-sha256; c=relaxed/relaxed; d=b.test; s=k; h=From; bh=" BODY_HASH
		       "; b=AAAA");
	for (int i = 0; i < 20; i++)
		session_header(visit->session, "X-Header",
			       " what many a field says, some of it more than once");
	say_header(visit, "right.test");
	session_end_of_header(visit->session);
	session_body(visit->session, SPAN("x"));
	return mallinfo2().uordblks - before;
}

/* Where a thousand clients send at the same time, each is in the middle of its message. */
static void
message_holds_less_than_20_kB_in_its_middle(void **state)
{
	struct visit visit;

	(void)state;
	visit_begin(&visit, rows, ROWS(rows),
		    "enable { dkim } disable { iprev, helo, spf, spf-helo, sender }", checks_table());
	connect_client(&visit);
	(void)say_half(&visit); /* which has OpenSSL load what it needs */
	session_abort(visit.session);
	assert_in_range(say_half(&visit), 0, 20480);
	session_abort(visit.session);
	visit_leave(&visit);
}

/* BOUND_RECIPIENTS_RECORDED, BOUND_VERDICTS: what is beyond is counted. */
static void
message_tells_of_so_many_recipients_and_verdicts(void **state)
{
	enum { RULES = BOUND_VERDICTS + 4 };
	char config[2000] = "mode audit policy { ", recipient[60];
	struct visit visit;
	size_t length = strlen(config);

	(void)state;
	for (int i = 0; i < RULES; i++)
		length += (size_t)snprintf(config + length, sizeof config - length,
					   "reject when recipient = \"*@d%d.test\" ", i);
	(void)snprintf(config + length, sizeof config - length, "}");
	begin(&visit, config);
	say_mail(&visit);
	for (int i = 0; i < BOUND_RECIPIENTS_RECORDED + 10; i++) {
		(void)snprintf(recipient, sizeof recipient, "<u@d%d.test>", i % RULES);
		assert_null(say_rcpt(&visit, recipient));
	}
	say_header(&visit, "right.test");
	say_body(&visit);
	visit_leave(&visit);
	expect_records(&visit, "\"recipients\":510", 1);
	assert_non_null(strstr(visit.records, "\"recipient\":\"<u@d15.test>\",\"action\":\"reject\""));
	expect_records(&visit, "\"recipient\":\"<u@d16.test>\"", 0);
}

/*
 * P0: what else an address may mean than the readings that are judged is not known: rules that rest on it
 * defer, as any verdict, with its record; exceptions and rules that do not rest on it decide as ever; and in
 * mode audit nothing is refused.
 */
static void
P0_message_with_an_address_of_too_many_readings_is_judged_by_what_is_known(void **state)
{
	static const char plain[] = "<joe@yodel.example>",
			  many[] = "<a%b.test%c.test%d.test%e.test%f.test%g.test%h.test%i.test@in.test>";
	static const struct {
		const char *config, *sender, *recipient;
		int code;
		const char *says, *record;
	} table[] = {
		{ "mode enforce policy { reject when mail-from = \"*@bad.test\" }", many, "<a@in.test>", 451,
		  "sender address can be read in too many ways", "\"withheld\":\"sender-unread\"" },
		{ "mode enforce policy { reject when recipient = \"x@bad.test\" }", plain, many, 451,
		  "recipient address can be read in too many ways", "\"withheld\":\"recipient-unread\"" },
		{ "mode enforce policy for \"bad.test\" { reject when client in { 0.0.0.0/0 } }", plain, many,
		  451, "recipient address can be read in too many ways",
		  "\"withheld\":\"recipient-unread\"" },
		{ "mode enforce policy { reject 550 5.7.1 \"no\" when client in { 0.0.0.0/0 } }", many, many,
		  550, "no", "\"action\":\"reject\"" },
		{ "mode enforce policy { accept when client in { 198.51.100.0/24 } reject when mail-from = \"*@bad.test\" }",
		  many, "<a@in.test>", 0, NULL, "\"action\":\"accept\"" },
		{ "mode enforce policy { accept when mail-from = \"a@in.test\" reject when mail-from = \"*@bad.test\" }",
		  many, "<a@in.test>", 451, "too many ways", "\"softened\":true" },
		{ "mode enforce policy { accept when mail-from = \"a@in.test\" reject when client in { 0.0.0.0/0 } }",
		  many, "<a@in.test>", 550, "", "\"action\":\"reject\"" },
		{ "mode enforce policy { tag \"x\" when mail-from = \"*@bad.test\" otherwise accept }", many,
		  many, 0, NULL, "\"action\":\"accept\"" },
		{ "mode audit policy { reject when mail-from = \"*@bad.test\" }", many, "<a@in.test>", 0,
		  NULL, "\"action\":\"defer\",\"enforced\":false" },
		{ "mode enforce policy { reject when mail-from = \"*@bad.test\" }", "<a%b.test@c.test>",
		  "<a@in.test>", 0, NULL, "\"action\":\"accept\"" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct mail_command said = { .sender = { .typed = table[i].sender } };
		const struct smtp_reply *reply;
		char memory[2000] = "", config[1024];
		struct strbuf text = STRBUF_OVER(memory);
		struct visit visit;

		(void)snprintf(config, sizeof config, "contact \"help@in.test\" disable { sender } %s",
			       table[i].config);
		print_message("    %s\n", table[i].config);
		begin(&visit, config);
		session_mail(visit.session, &said);
		reply = say_rcpt(&visit, table[i].recipient);
		assert_int_equal(reply != NULL ? reply->code : 0, table[i].code);
		if (reply != NULL) {
			smtp_reply_add_to(reply, &text);
			assert_non_null(strstr(memory, table[i].says));
			assert_non_null(strstr(memory, "help@in.test and quote reference"));
		}
		visit_leave(&visit);
		expect_records(&visit, table[i].record, 1);
	}
}

/* What is agreed on with the MTA follows from the configuration, which a connection keeps. */
static void
message_needs_what_its_configuration_wants(void **state)
{
	static const struct {
		const char *config;
		enum stage expected;
	} cases[] = { { "", STAGE_BODY },
		      { "disable { sender }", STAGE_HEADER },
		      { "disable { sender, helo }", STAGE_MAIL } };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct visit visit;

		begin(&visit, cases[i].config);
		assert_int_equal(session_last_stage(visit.session), cases[i].expected);
		send_to(&visit, TO("<a@in.test>"), "right.test");
		assert_null(visit.end.reply);
		assert_int_equal(strstr(added_field(&visit.end, "Authentication-Results"), "x-sender=pass")
					 != NULL,
				 cases[i].expected == STAGE_BODY);
		visit_leave(&visit);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_is_refused_at_its_end),
		cmocka_unit_test(message_is_refused_only_when_it_is_for_all),
		cmocka_unit_test(J1_message_takes_apart_recipients_whose_end_may_differ),
		cmocka_unit_test(message_puts_so_many_recipients_apart),
		cmocka_unit_test(message_counts_only_recipients_that_were_taken),
		cmocka_unit_test(message_is_not_refused_for_a_fault),
		cmocka_unit_test(message_tells_what_was_pending_when_it_is_given_up),
		cmocka_unit_test(message_that_is_given_up_is_decided_but_for_notes),
		cmocka_unit_test(message_ends_with_its_client),
		cmocka_unit_test(message_does_at_its_end_what_the_mode_allows),
		cmocka_unit_test(message_takes_so_many_recipients_that_wait),
		cmocka_unit_test(P0_message_with_an_address_of_too_many_readings_is_judged_by_what_is_known),
		cmocka_unit_test(P3_message_in_mode_audit_takes_any_number_that_wait),
		cmocka_unit_test(message_holds_less_than_20_kB_in_its_middle),
		cmocka_unit_test(message_tells_of_so_many_recipients_and_verdicts),
		cmocka_unit_test(message_needs_what_its_configuration_wants),
	};

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
