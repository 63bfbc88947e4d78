/* message: verdicts that wait for the header or the body, with checks of our own and answers from a table. */
#include "unit.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config_text.h"
#include "fake_dns.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/log.h"
#include "heloscope/checks/table.h"
#include "heloscope/daemon/session.h"
#include "heloscope/records/record.h"
#include "staged_checks.h"

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

struct scene {
	struct fake_dns dns;
	struct runtime *runtime;
	struct session *session;
	struct message_end end;
	char path[64]; /* of the records */
	char records[16384];
};

static void
begin_with(struct scene *scene, const char *config, struct check_table checks)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct error error;
	char text[2048];

	*scene = (struct scene){ .path = "/tmp/heloscope-records.XXXXXX" };
	(void)close(mkstemp(scene->path));
	(void)snprintf(text, sizeof text, "authserv-id \"mx.test\" records \"%s\" %s", scene->path, config);
	fake_dns_init(&scene->dns, rows, ROWS(rows));
	scene->runtime = runtime_new(config_from_text(text, NULL), NULL, &error);
	assert_non_null(scene->runtime);
	runtime_use(scene->runtime, checks, &scene->dns.interface);
	scene->session = session_new(scene->runtime);
	assert_int_equal(inet_pton(AF_INET, "198.51.100.7", &address.sin_addr), 1);
	session_connect(scene->session, (const struct sockaddr *)&address);
	session_helo(scene->session, "h.test", NULL);
}

static void
begin(struct scene *scene, const char *config)
{
	begin_with(scene, config, staged_checks());
}

/* A record is read back to what it was made of. */
static void
expect_same_when_read(const char *line)
{
	const struct span whole = { line, strcspn(line, "\n") };
	struct record_reading reading;
	char *again;

	assert_true(record_read(whole, &reading));
	again = record_make(&reading.record, RECORD_WHOLE);
	assert_non_null(again);
	if (!span_equals(whole, span_of(again)))
		fail_msg("%s is read back from %s", again, line);
	free(again);
	record_release(&reading);
}

/* The connection is over; have what was recorded. */
static void
leave(struct scene *scene)
{
	FILE *file;
	size_t length = 0;

	session_free(scene->session);
	runtime_unref(scene->runtime);
	(void)fake_dns_deliver(&scene->dns);
	file = fopen(scene->path, "r");
	assert_non_null(file);
	while (fgets(scene->records + length, (int)(sizeof scene->records - length), file) != NULL) {
		expect_same_when_read(scene->records + length);
		length += strlen(scene->records + length);
	}
	(void)fclose(file);
	(void)unlink(scene->path);
}

static void
say_mail(struct scene *scene)
{
	const struct mail_command said = { .sender = { .typed = "<joe@yodel.example>" } };

	session_mail(scene->session, &said);
}

static const struct smtp_reply *
say_rcpt(struct scene *scene, const char *recipient)
{
	return session_rcpt(scene->session, &(struct envelope_address){ recipient, NULL });
}

static void
say_header(struct scene *scene, const char *seal)
{
	session_header(scene->session, "From", " a@b.test");
	session_header(scene->session, "X-Seal", seal);
}

static void
say_body(struct scene *scene)
{
	session_end_of_header(scene->session);
	session_body(scene->session, SPAN("x"));
	(void)fake_dns_deliver(&scene->dns);
	scene->end = session_end_of_message(scene->session, "QID");
}

/* A whole message to several recipients, which are all taken. */
static void
send_to(struct scene *scene, const char *const *recipients, const char *seal)
{
	say_mail(scene);
	for (size_t i = 0; recipients[i] != NULL; i++)
		assert_null(say_rcpt(scene, recipients[i]));
	say_header(scene, seal);
	say_body(scene);
}

static void
expect_records(const struct scene *scene, const char *expected, size_t times)
{
	size_t count = 0;

	for (const char *at = scene->records; (at = strstr(at, expected)) != NULL; at++)
		count++;
	if (count != times)
		fail_msg("%zu times %s, not %zu, in %s", count, expected, times, scene->records);
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
	struct scene scene;

	(void)state;
	begin(&scene, "mode enforce " POLICIES);
	assert_int_equal(session_last_stage(scene.session), STAGE_BODY);
	for (int times = 0; times < 2; times++) {
		send_to(&scene, TO("<a@in.test>", "<b@in.test>"), "wrong.test");
		assert_non_null(scene.end.reply);
		assert_int_equal(scene.end.reply->code, 550);
		assert_non_null(strstr(scene.end.reply->lines[0], "broken"));
		assert_int_equal(scene.end.count, 0);
		session_abort(scene.session);
		send_to(&scene, TO("<a@in.test>"), "right.test");
		assert_null(scene.end.reply);
		assert_true(scene.end.is_whole);
		assert_non_null(strstr(added_field(&scene.end, "Authentication-Results"), "x-sender=pass"));
	}
	leave(&scene);
	expect_records(&scene, "\"action\":\"reject\",\"enforced\":true", 4);
	expect_records(&scene, "\"reply\":\"550 5.7.1 broken. For help", 4);
	expect_records(&scene, "\"action\":\"accept\"", 2);
	expect_records(&scene, "pending", 0);
	expect_records(&scene, "overruled", 0);
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
		struct scene scene;

		begin(&scene, "mode enforce " POLICIES);
		send_to(&scene, cases[i].recipients, "wrong.test");
		assert_int_equal(scene.end.reply != NULL ? scene.end.reply->code : 0, cases[i].code);
		if (cases[i].code == 0)
			assert_non_null(strstr(added_field(&scene.end, "X-Heloscope"), "would="));
		if (cases[i].code == 451)
			assert_non_null(strstr(scene.end.reply->lines[0], "later"));
		leave(&scene);
		expect_records(&scene,
			       "\"enforced\":false,\"softened\":false,\"overruled\":\"others-accept\"",
			       cases[i].others_accept);
		expect_records(&scene, "\"enforced\":false,\"softened\":false,\"overruled\":\"others-defer\"",
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
		struct scene scene;

		print_message("    %zu: %s\n", i, cases[i].said[0].recipient);
		begin(&scene, cases[i].config);
		say_mail(&scene);
		for (size_t j = 0; j < 5 && cases[i].said[j].recipient != NULL; j++) {
			const struct smtp_reply *reply = say_rcpt(&scene, cases[i].said[j].recipient);

			assert_int_equal(reply != NULL ? reply->code : 0, cases[i].said[j].code);
			if (cases[i].said[j].code == 452)
				assert_string_equal(reply->xcode, "4.5.3");
		}
		say_header(&scene, "wrong.test");
		say_body(&scene);
		assert_int_equal(scene.end.reply != NULL ? scene.end.reply->code : 0, cases[i].end);
		leave(&scene);
		expect_records(&scene,
			       "\"action\":\"defer\",\"enforced\":true,\"softened\":false,\"apart\":true",
			       cases[i].apart);
		expect_records(&scene, "\"overruled\"", strstr(cases[i].config, "apart") != NULL ? 0 : 1);
	}
}

/* A recipient that was refused at RCPT is not one of those who would miss it. */
static void
message_counts_only_recipients_that_were_taken(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "mode enforce " POLICIES);
	say_mail(&scene);
	assert_null(say_rcpt(&scene, "<a@in.test>"));
	assert_int_equal(say_rcpt(&scene, "<a@strict.test>")->code, 550);
	say_header(&scene, "wrong.test");
	say_body(&scene);
	assert_int_equal(scene.end.reply->code, 550);
	assert_non_null(strstr(scene.end.reply->lines[0], "broken"));
	leave(&scene);
	expect_records(&scene, "\"action\":\"reject\",\"enforced\":true", 2);
}

/* Whoever says nothing refuses nothing: an answer that does not come, or comes late. */
static void
message_is_not_refused_for_a_fault(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "resolver { timeout 100ms } mode enforce " POLICIES);
	say_mail(&scene);
	assert_null(say_rcpt(&scene, "<a@in.test>"));
	say_header(&scene, "wrong.test");
	session_body(scene.session, SPAN("in front of the end of the header"));
	scene.end = session_end_of_message(scene.session, NULL); /* nobody answers */
	assert_null(scene.end.reply);
	assert_non_null(strstr(added_field(&scene.end, "Authentication-Results"), "x-sender=temperror"));
	(void)fake_dns_deliver(&scene.dns); /* too late */
	send_to(&scene, TO("<a@in.test>"), "wrong.test");
	assert_int_equal(scene.end.reply->code, 550);
	leave(&scene);
}

/* Wherever it is given up, what is not decided is told as such. */
static void
message_tells_what_was_pending_when_it_is_given_up(void **state)
{
	(void)state;
	for (int until = 0; until < 4; until++) {
		struct scene scene;

		begin(&scene, "mode enforce " POLICIES);
		say_mail(&scene);
		assert_null(say_rcpt(&scene, "<a@in.test>"));
		assert_null(say_rcpt(&scene, "<b@in.test>"));
		if (until > 0)
			say_header(&scene, "wrong.test");
		if (until > 1)
			session_end_of_header(scene.session);
		if (until > 2)
			session_body(scene.session, SPAN("x"));
		session_abort(scene.session);
		session_abort(scene.session);
		send_to(&scene, TO("<a@in.test>"), "right.test");
		assert_null(scene.end.reply);
		leave(&scene);
		expect_records(
			&scene,
			"\"action\":\"accept\",\"enforced\":true,\"softened\":false,\"pending\":\"body\"", 2);
		expect_records(&scene, "\"pending\"", 2);
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
			struct scene scene;
			char config[512];

			(void)snprintf(
				config, sizeof config,
				"mode %s policy { tag \"known\" when client in { 0.0.0.0/0 } %s when sender = fail\n%s }",
				cases[i].mode, notes[j], cases[i].rules);
			begin(&scene, config);
			say_mail(&scene);
			assert_null(say_rcpt(&scene, "<a@in.test>"));
			session_abort(scene.session);
			leave(&scene);
			expect_records(&scene, cases[i].expected, 1);
			expect_records(&scene, "\"tag\":\"known\"", 1);
			expect_records(&scene, "\"notes\":[{", 1);
			expect_records(&scene, "\"notes-pending\":\"body\"", 1);
			expect_records(&scene, "\"pending\"", 0);
		}
	}
}

/* A second client on the connection, in the middle of a message: the first one's is given up. */
static void
message_ends_with_its_client(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "mode enforce " POLICIES);
	say_mail(&scene);
	assert_int_equal(say_rcpt(&scene, "<a@strict.test>")->code, 550);
	session_connect(scene.session, NULL);
	session_header(scene.session, "X-Seal", "wrong.test");
	scene.end = session_end_of_message(scene.session, NULL);
	assert_false(scene.end.is_whole);
	leave(&scene);
	expect_records(&scene, "\"ip\":\"198.51.100.7\"", 1);
}

/* Quarantine, and mode audit, in which nothing is refused at the end either. */
static void
message_does_at_its_end_what_the_mode_allows(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "mode enforce " POLICIES);
	session_header(scene.session, "From", "before MAIL");
	say_mail(&scene);
	assert_null(say_rcpt(&scene, "<a@in.test>"));
	say_header(&scene, "right.test");
	session_header(scene.session, "From", " another@b.test");
	say_body(&scene);
	assert_null(scene.end.reply);
	assert_string_equal(scene.end.quarantine, "odd");
	leave(&scene);
	begin(&scene, "mode audit " POLICIES);
	send_to(&scene, TO("<a@in.test>", "<a@strict.test>"), "wrong.test");
	assert_null(scene.end.reply);
	assert_non_null(strstr(added_field(&scene.end, "X-Heloscope"), "would=reject"));
	leave(&scene);
	expect_records(&scene, "\"enforced\":false", 2);
	expect_records(&scene, "overruled", 0);
}

/* BOUND_RECIPIENTS_APART: an MTA hangs up after too many, so that the message would never come. Those beyond
 * are judged with the others; the session counts until a message is accepted. */
static void
message_puts_so_many_recipients_apart(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "mode enforce recipients apart " POLICIES);
	for (int times = 0; times < 2; times++) {
		say_mail(&scene);
		assert_null(say_rcpt(&scene, "<a@open.test>"));
		for (int i = 0; i < BOUND_RECIPIENTS_APART + 10; i++) {
			const struct smtp_reply *reply;
			char name[32];

			if (i == BOUND_RECIPIENTS_APART - 3) { /* in two transactions */
				say_mail(&scene);
				assert_null(say_rcpt(&scene, "<a@open.test>"));
			}
			(void)snprintf(name, sizeof name, "<u%d@in.test>", i);
			reply = say_rcpt(&scene, name);
			assert_int_equal(reply != NULL ? reply->code : 0,
					 i < BOUND_RECIPIENTS_APART ? 452 : 0);
		}
		say_header(&scene, "wrong.test");
		say_body(&scene);
		assert_null(scene.end.reply); /* then all begins anew */
	}
	leave(&scene);
	expect_records(&scene, "\"apart\":true", 2 * BOUND_RECIPIENTS_APART);
	expect_records(
		&scene,
		"\"action\":\"reject\",\"enforced\":false,\"softened\":false,\"overruled\":\"others-accept\"",
		20);
}

/* BOUND_RECIPIENTS_PENDING: the client is asked to send to the others in another transaction. */
static void
message_takes_so_many_recipients_that_wait(void **state)
{
	struct scene scene;
	char recipient[32];

	(void)state;
	begin(&scene, "mode enforce " POLICIES);
	say_mail(&scene);
	for (int i = 0; i < BOUND_RECIPIENTS_PENDING + 10; i++) {
		const struct smtp_reply *reply;

		(void)snprintf(recipient, sizeof recipient, "<user%d@in.test>", i);
		reply = say_rcpt(&scene, recipient);
		assert_int_equal(reply != NULL ? reply->code : 0, i < BOUND_RECIPIENTS_PENDING ? 0 : 452);
	}
	assert_null(say_rcpt(&scene, "<a@open.test>")); /* need not wait */
	say_header(&scene, "wrong.test");
	say_body(&scene);
	assert_null(scene.end.reply);
	leave(&scene);
}

/* BOUND_RECIPIENTS_PENDING in mode audit: nobody is told to come again. */
static void
P3_message_in_mode_audit_takes_any_number_that_wait(void **state)
{
	char recipient[40];
	struct scene scene;

	(void)state;
	begin(&scene, "mode audit policy { tag \"x\" when helo = fail reject when sender = fail }");
	say_mail(&scene);
	for (int i = 0; i < BOUND_RECIPIENTS_PENDING + 10; i++) {
		(void)snprintf(recipient, sizeof recipient, "<user%d@in.test>", i);
		assert_null(say_rcpt(&scene, recipient));
	}
	say_header(&scene, "wrong.test");
	say_body(&scene);
	assert_null(scene.end.reply);
	assert_true(scene.end.is_whole);
	session_abort(scene.session);
	leave(&scene);
}

/* Up to its body; returns how many octets it holds then. */
static size_t
say_half(struct scene *scene)
{
	const size_t before = mallinfo2().uordblks;

	say_mail(scene);
	assert_null(say_rcpt(scene, "<a@in.test>"));
	session_header(scene->session, "DKIM-Signature",
		       " v=1; a=rsa-sha256; c=relaxed/relaxed; d=b.test; s=k; h=From; bh=" BODY_HASH
		       "; b=AAAA");
	for (int i = 0; i < 20; i++)
		session_header(scene->session, "X-Header",
			       " what many a field says, some of it more than once");
	say_header(scene, "right.test");
	session_end_of_header(scene->session);
	session_body(scene->session, SPAN("x"));
	return mallinfo2().uordblks - before;
}

/* Where a thousand clients send at the same time, each is in the middle of its message. */
static void
message_holds_less_than_20_kB_in_its_middle(void **state)
{
	struct scene scene;

	(void)state;
	begin_with(&scene, "enable { dkim } disable { iprev, helo, spf, spf-helo, sender }", checks_table());
	(void)say_half(&scene); /* which has OpenSSL load what it needs */
	session_abort(scene.session);
	assert_in_range(say_half(&scene), 0, 20480);
	session_abort(scene.session);
	leave(&scene);
}

/* BOUND_RECIPIENTS_RECORDED, BOUND_VERDICTS: what is beyond is counted. */
static void
message_tells_of_so_many_recipients_and_verdicts(void **state)
{
	enum { RULES = BOUND_VERDICTS + 4 };
	char config[2000] = "mode audit policy { ", recipient[60];
	struct scene scene;
	size_t length = strlen(config);

	(void)state;
	for (int i = 0; i < RULES; i++)
		length += (size_t)snprintf(config + length, sizeof config - length,
					   "reject when recipient = \"*@d%d.test\" ", i);
	(void)snprintf(config + length, sizeof config - length, "}");
	begin(&scene, config);
	say_mail(&scene);
	for (int i = 0; i < BOUND_RECIPIENTS_RECORDED + 10; i++) {
		(void)snprintf(recipient, sizeof recipient, "<u@d%d.test>", i % RULES);
		assert_null(say_rcpt(&scene, recipient));
	}
	say_header(&scene, "right.test");
	say_body(&scene);
	leave(&scene);
	expect_records(&scene, "\"recipients\":510", 1);
	assert_non_null(strstr(scene.records, "\"recipient\":\"<u@d15.test>\",\"action\":\"reject\""));
	expect_records(&scene, "\"recipient\":\"<u@d16.test>\"", 0);
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
		struct scene scene;

		(void)snprintf(config, sizeof config, "contact \"help@in.test\" disable { sender } %s",
			       table[i].config);
		print_message("    %s\n", table[i].config);
		begin(&scene, config);
		session_mail(scene.session, &said);
		reply = say_rcpt(&scene, table[i].recipient);
		assert_int_equal(reply != NULL ? reply->code : 0, table[i].code);
		if (reply != NULL) {
			smtp_reply_add_to(reply, &text);
			assert_non_null(strstr(memory, table[i].says));
			assert_non_null(strstr(memory, "help@in.test and quote reference"));
		}
		leave(&scene);
		expect_records(&scene, table[i].record, 1);
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
		struct scene scene;

		begin(&scene, cases[i].config);
		assert_int_equal(session_last_stage(scene.session), cases[i].expected);
		send_to(&scene, TO("<a@in.test>"), "right.test");
		assert_null(scene.end.reply);
		assert_int_equal(strstr(added_field(&scene.end, "Authentication-Results"), "x-sender=pass")
					 != NULL,
				 cases[i].expected == STAGE_BODY);
		leave(&scene);
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
