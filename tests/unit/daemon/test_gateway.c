/* gateway: messages that a gateway hands over are judged by the client that its own Received fields name. */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/checks/table.h"
#include "staged_checks.h"
#include "visit.h"

#define GATEWAY "192.0.2.25"
#define INNER "192.0.2.26"
#define GOOD "198.51.100.7" /* permitted by the SPF record of its.test */
#define BAD "203.0.113.9"

#define OF(helo, address)                                                                                    \
	"from " helo " (name.test [" address                                                                 \
	"])\n\tby gw.test (Postfix) with ESMTP id 1\n\tfor <b@in.test>; x"

#define SETTINGS                                                                                             \
	"trust { gateways { " GATEWAY ", " INNER ", 127.0.0.0/8 } networks { 203.0.113.200, " INNER          \
	" } } enable { dkim, dmarc } "
#define CONFIG SETTINGS "mode enforce "
#define STRICT "policy { reject 550 5.7.1 \"strict\" when spf = fail or helo = none or iprev = none } "

/* 198.51.100.7 has a name that resolves to it, and may send for its.test; 203.0.113.9 has neither. */
static const struct fake_row rows[] = {
	{ "7.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, "mx.its.test" },
	{ "9.113.0.203.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, NULL },
	{ "mx.its.test", DNS_A, DNS_NOERROR, GOOD },
	{ "its.test", DNS_TXT, DNS_NOERROR, "v=spf1 ip4:198.51.100.7 ip4:192.0.2.25 -all" },
	{ "mx.its.test", DNS_TXT, DNS_NOERROR, "v=spf1 a -all" },
	{ "its.test", DNS_MX, DNS_NOERROR, "10 mx.its.test" },
	{ "mx.its.test", DNS_AAAA, DNS_NODATA, NULL },
	{ "_dmarc.its.test", DNS_TXT, DNS_NOERROR, "v=DMARC1; p=reject" },
	{ "_dmarc.mx.its.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "_dmarc.test", DNS_TXT, DNS_NXDOMAIN, NULL },
	{ "right.test", DNS_TXT, DNS_NOERROR, "120" }, /* of the staged checks */
};

static void
connect_from(struct visit *visit, const char *address)
{
	visit_connect(visit, address, "gateways.own.test", "TLSv1.3");
}

static void
begin(struct visit *visit, const char *config)
{
	visit_begin(visit, rows, ROWS(rows), config, checks_table());
	connect_from(visit, GATEWAY);
}

static void
expect_record(const struct visit *visit, const char *expected)
{
	if (strstr(visit->records, expected) == NULL)
		fail_msg("no %s in %s", expected, visit->records);
}

static void
say_mail(struct visit *visit, const char *sender)
{
	const struct mail_command mail = {
		.sender = { .typed = sender },
		.auth_name = "the-gateway",
		.tls = { .version = "TLSv1.3" },
	};

	session_mail(visit->session, &mail);
}

static void
say_rcpt(struct visit *visit, const char *recipient)
{
	if (session_rcpt(visit->session, &(struct envelope_address){ recipient, NULL }) != NULL)
		fail_msg("%s is not taken", recipient);
}

static void
say_end(struct visit *visit)
{
	session_header(visit->session, "From", " joe@its.test");
	session_end_of_header(visit->session);
	(void)fake_dns_deliver(&visit->dns);
	visit->end = session_end_of_message(visit->session, "QID");
}

/* A whole message, with these Received fields from above; NULL at the end. */
static void
send_from(struct visit *visit, const char *sender, const char *const *received)
{
	say_mail(visit, sender);
	say_rcpt(visit, "<b@in.test>");
	session_header(visit->session, "X-Gateway-Score", " 0.1");
	for (size_t i = 0; received[i] != NULL; i++)
		session_header(visit->session, "Received", received[i]);
	say_end(visit);
}

#define RECEIVED(...)                                                                                        \
	(const char *const[])                                                                                \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}

/* What the field says, folded lines joined. */
static const char *
results_of(const struct visit *visit)
{
	static char text[8192];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < visit->end.count; i++)
		if (strcmp(visit->end.edits[i].name, "Authentication-Results") == 0
		    && visit->end.edits[i].index == 0)
			for (const char *at = visit->end.edits[i].value; *at != '\0'; at++)
				if (!ascii_is_blank(*at) || (length > 0 && text[length - 1] != ' '))
					text[length++] = ascii_is_blank(*at) ? ' ' : *at;
	text[length] = '\0';
	return text;
}

static void
expect_result(const struct visit *visit, const char *expected)
{
	if (strstr(results_of(visit), expected) == NULL)
		fail_msg("no %s in \"%s\"", expected, results_of(visit));
}

static void
expect_no_result(const struct visit *visit, const char *unexpected)
{
	if (strstr(results_of(visit), unexpected) != NULL)
		fail_msg("%s in \"%s\"", unexpected, results_of(visit));
}

static size_t
count_in_results(const struct visit *visit, const char *text)
{
	size_t count = 0;

	for (const char *at = results_of(visit); (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

/* The client is the first address from above that is no gateway's, whatever stands below. */
static void
gateway_names_the_client(void **state)
{
	static const struct {
		const char *received[5];
		bool is_refused;
		const char *origin, *record;
	} table[] = {
		{ { OF("mx.its.test", GOOD) },
		  false,
		  "(client from Received of gateway 192.0.2.25);",
		  "\"gateway\":{\"ip\":\"192.0.2.25\",\"believed\":\"192.0.2.25\",\"hops\":1}" },
		{ { OF("mx.its.test", BAD) }, true, NULL, "\"client\":{\"ip\":\"203.0.113.9\"" },
		/* Forged below, and of an inner hop that nobody took. */
		{ { OF("mx.its.test", BAD), OF("mx.its.test", GOOD) }, true, NULL, NULL },
		{ { OF("mx.its.test", BAD), OF("mx.its.test", INNER), OF("mx.its.test", GOOD) },
		  true,
		  NULL,
		  NULL },
		{ { OF("[198.51.100.7]", BAD) }, true, NULL, NULL },
		{ { OF("mx.its.test", GOOD), OF("x", BAD) }, false, NULL, NULL },
		/* Several hops, and its own filter. */
		{ { OF("i.test", INNER), OF("mx.its.test", GOOD), OF("x", BAD) },
		  false,
		  "(client from Received of gateway 192.0.2.26 behind 192.0.2.25);",
		  "\"gateway\":{\"ip\":\"192.0.2.25\",\"believed\":\"192.0.2.26\",\"hops\":2}" },
		{ { OF("localhost", "127.0.0.1"), OF("localhost", "127.0.0.1"), OF("mx.its.test", BAD) },
		  true,
		  NULL,
		  "\"believed\":\"127.0.0.1\",\"hops\":3" },
		{ { "by m.google.com with SMTP id 1; x", OF("mx.its.test", GOOD) },
		  false,
		  NULL,
		  "\"believed\":\"192.0.2.25\",\"hops\":2" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct visit visit;

		print_message("    %zu\n", i);
		begin(&visit, CONFIG STRICT);
		send_from(&visit, "<joe@its.test>", table[i].received);
		assert_int_equal(visit.end.reply != NULL, table[i].is_refused);
		if (!table[i].is_refused) {
			expect_result(&visit, "iprev=pass policy.iprev=198.51.100.7");
			expect_result(&visit, "x-helo=pass smtp.helo=mx.its.test");
			expect_result(&visit, "spf=pass smtp.mailfrom=its.test");
			expect_result(&visit, "dmarc=pass");
			expect_no_result(&visit, "auth=");
			expect_no_result(&visit, "x-tls");
		}
		if (table[i].origin != NULL)
			expect_result(&visit, table[i].origin);
		visit_leave(&visit);
		if (table[i].record != NULL)
			expect_record(&visit, table[i].record);
	}
}

/* Neither a pass nor a refusal, whatever the rules say. */
static void
gateway_that_does_not_name_the_client_leaves_the_message_unjudged(void **state)
{
	static const struct {
		const char *received[4];
		const char *origin, *record;
	} table[] = {
		{ { OF("x", INNER), "by gw.test (Postfix, from userid 0) id 1; x" },
		  "Received of gateway 192.0.2.26 names no client",
		  "\"believed\":\"192.0.2.26\",\"hops\":2,\"fault\":\"own-mail\"" },
		{ { NULL }, "no Received of gateway 192.0.2.25", "\"hops\":0,\"fault\":\"no-received\"" },
		{ { OF("x", INNER) }, "no Received of gateway 192.0.2.26", "\"fault\":\"no-received\"" },
		{ { OF("x", "10.0.0.5"), OF("mx.its.test", GOOD) },
		  "Received of gateway 192.0.2.25 names an inner address, 10.0.0.5",
		  "\"fault\":\"inner-address\",\"inner\":\"10.0.0.5\"" },
		{ { OF("x", "IPv6:fe80::1%eth0") },
		  "names an inner address, fe80::1",
		  "\"fault\":\"inner-address\"" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct visit visit;

		print_message("    %zu\n", i);
		begin(&visit, CONFIG "policy { reject when not spf = pass quarantine when not helo = pass "
				     "otherwise reject }");
		send_from(&visit, "<joe@its.test>", table[i].received);
		assert_null(visit.end.reply);
		assert_null(visit.end.quarantine);
		expect_result(&visit, "mx.test (client not known: ");
		expect_result(&visit, table[i].origin);
		expect_result(&visit, "iprev=none reason=\"client not known: ");
		expect_result(&visit, "x-helo=none reason=\"client not known: ");
		expect_result(&visit, "spf=none reason=\"client not known: ");
		expect_result(&visit, "dmarc=none reason=\"client not known: ");
		expect_result(&visit, "x-sender=pass"); /* which rests on no client */
		visit_leave(&visit);
		expect_record(&visit, "\"client\":{\"port\":");
		expect_record(&visit, table[i].record);
		expect_record(&visit, "\"action\":\"accept\",\"enforced\":true");
	}
}

/*
 * A HELO name may make a field unreadable, and whoever sends chooses it: nobody gets past a rule in this way,
 * nor is anybody refused for it.
 */
static void
gateway_whose_field_the_sender_may_have_spoiled_defers_what_rests_on_the_client(void **state)
{
#define SPOILED "from x (y [198.51.100.7]) (z [203.0.113.9]) by gw.test with ESMTP id 1"
	static const struct {
		const char *rules;
		unsigned code; /* 0: accepted */
	} table[] = {
		{ "reject when spf = fail", 451 },
		{ "reject when iprev = none", 451 },
		{ "reject when helo != pass", 451 },
		{ "reject when not spf = pass", 451 },
		{ "reject when dmarc = fail", 451 },
		{ "reject when dmarc.policy = reject", 451 },
		{ "reject when client in { 203.0.113.0/24 }", 451 },
		{ "reject when not trusted", 451 },
		{ "reject when helo-name = \"x\"", 451 },
		{ "reject when client-name = \"*.its.test\"", 451 },
		{ "quarantine when spf = fail", 451 },
		{ "accept when client in { 198.51.100.7 } reject when mail-from = \"joe@its.test\"", 451 },
		{ "reject when mail-from = \"joe@its.test\"", 550 },
		{ "reject when from = \"its.test\"", 550 },
		{ "accept when mail-from = \"joe@its.test\" reject when spf = fail", 0 },
		{ "reject when sender != pass", 0 },
		{ "reject when dkim = fail", 0 },
		{ "tag \"odd\" when spf = fail", 451 },
		{ "tag \"odd\" when sender != pass", 0 },
		{ "audit tag \"odd\" when spf = fail", 0 },
		{ "reject when authenticated", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct visit visit;
		char text[400];

		print_message("    %s\n", table[i].rules);
		(void)snprintf(text, sizeof text, CONFIG "policy { %s }", table[i].rules);
		begin(&visit, text);
		send_from(&visit, "<joe@its.test>", RECEIVED(SPOILED, OF("mx.its.test", GOOD)));
		assert_int_equal(visit.end.reply != NULL ? visit.end.reply->code : 0, table[i].code);
		assert_null(visit.end.quarantine);
		visit_leave(&visit);
		expect_record(&visit, "\"fault\":\"unreadable\"");
		if (table[i].code == 451 && strstr(table[i].rules, "accept") == NULL)
			expect_record(&visit, "\"withheld\":\"client-unread\"");
	}
}

/* The loopback and the private addresses that a gateway elsewhere names are its own: ours, which are trusted,
 * have nothing to do with them. */
static void
gateway_with_an_inner_hop_is_not_trusted_for_it(void **state)
{
	static const struct {
		const char *gateway, *received;
		bool is_trusted;
	} table[] = {
		{ GATEWAY, OF("localhost", "127.0.0.1"), false },
		{ GATEWAY, OF("localhost", "IPv6:::1"), false },
		{ GATEWAY, OF("x", "10.9.9.9"), false },
		{ GATEWAY, OF("x", "IPv6:fd00::9"), false },
		{ "10.0.0.2", OF("localhost", "127.0.0.1"), false },
		{ "10.0.0.2", OF("x", "10.9.9.9"), true },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct visit visit;

		print_message("    %zu\n", i);
		begin(&visit,
		      "trust { gateways { " GATEWAY
		      ", 10.0.0.2 } networks { 127.0.0.0/8, ::1, 10.0.0.0/8, fd00::/8 } } mode enforce ");
		connect_from(&visit, table[i].gateway);
		send_from(&visit, "<joe@its.test>", RECEIVED(table[i].received, OF("mx.its.test", GOOD)));
		if (!table[i].is_trusted)
			expect_result(&visit, " names an inner address, ");
		visit_leave(&visit);
		expect_record(&visit,
			      table[i].is_trusted ? "\"trusted\":true" : "\"fault\":\"inner-address\"");
	}
}

/* Whether a stranger's mail comes by way of an alias is his choice; what a program of the gateway had from
 * elsewhere is told by what it handed on, where the gateway hands mail to itself. */
static void
gateway_that_hands_mail_on_is_no_way_around_the_rules(void **state)
{
	static const struct {
		const char *gateways, *received[3], *end;
	} table[] = {
		{ GATEWAY, { "by gw.test (Postfix) id 1; x", OF("x", BAD) }, "spf=fail" },
		{ GATEWAY, { "(qmail 7 invoked by alias); x", OF("x", BAD) }, "spf=fail" },
		{ GATEWAY, { "by gw.test (Postfix) id 1; x" }, "names no client" },
		{ GATEWAY,
		  { "by gw.test (Postfix, from userid 112) id 1; x", OF("x", BAD) },
		  "names no client" },
		{ GATEWAY ", 127.0.0.1",
		  { "by gw.test (Postfix, from userid 112) id 1; x", OF("x", BAD) },
		  "spf=fail" },
		{ GATEWAY ", 127.0.0.1",
		  { "by gw.test (Postfix, from userid 0) id 1; x" },
		  "names no client" },
		{ GATEWAY,
		  { "from localhost (localhost) by gw.test (8.17.1/8.17.1) id 1; x" },
		  "names no client" },
		{ GATEWAY, { "from root by gw.test with local (Exim 4.96) id 1" }, "names no client" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct visit visit;
		char config[200];

		print_message("    %zu\n", i);
		(void)snprintf(config, sizeof config, "trust { gateways { %s } } mode audit ",
			       table[i].gateways);
		begin(&visit, config);
		send_from(&visit, "<joe@its.test>", table[i].received);
		expect_result(&visit, table[i].end);
		visit_leave(&visit);
	}
}

/* Exim leaves out a HELO name that is the PTR name or the address, and Google the brackets of the latter. */
static void
gateway_that_leaves_the_helo_name_out_hides_nothing(void **state)
{
	static const struct {
		const char *received, *helo, *dmarc;
	} table[] = {
		{ "from mx.its.test ([" GOOD "]) by gw.test with smtp (Exim 4.96) id 1",
		  "x-helo=pass smtp.helo=mx.its.test ", "dmarc=pass " },
		{ "from [" GOOD "] by gw.test with smtp (Exim 4.96) id 1",
		  "x-helo=pass smtp.helo=\"[" GOOD "]\" ", "dmarc=fail " },
		{ "from ?" GOOD "? (mx.its.test. [" GOOD "]) by mx.google.com with SMTP id 1",
		  "x-helo=pass smtp.helo=\"[" GOOD "]\" ", "dmarc=fail " },
		{ "from ?198.51.100.8? (mx.its.test. [" GOOD "]) by mx.google.com with SMTP id 1",
		  "x-helo=fail smtp.helo=\"[198.51.100.8]\" ", "dmarc=fail " },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const bool fails = strstr(table[i].dmarc, "fail") != NULL;
		struct visit visit;

		print_message("    %zu\n", i);
		begin(&visit, SETTINGS "mode audit ");
		send_from(&visit, "<>", RECEIVED(table[i].received));
		expect_result(&visit, table[i].helo);
		expect_result(&visit, table[i].dmarc);
		visit_leave(&visit);
		begin(&visit, CONFIG "policy { reject when dmarc = fail }");
		send_from(&visit, "<>", RECEIVED(table[i].received));
		assert_int_equal(visit.end.reply != NULL, fails);
		visit_leave(&visit);
	}
}

/* What would not have been looked at is not told to be missing. */
static void
gateway_tells_no_reason_where_nothing_would_be_told(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, SETTINGS "received-spf yes disable { iprev } mode enforce ");
	send_from(&visit, "<>", RECEIVED(NULL));
	expect_result(&visit, "x-helo=none reason=");
	expect_result(&visit, "dmarc=none reason=\"client not known");
	expect_no_result(&visit, "iprev");
	expect_no_result(&visit, "dns");
	expect_no_result(&visit, "x-banner");
	assert_int_equal(count_in_results(&visit, "spf=none"), 1);
	for (size_t i = 0; i < visit.end.count; i++)
		assert_string_not_equal(visit.end.edits[i].name, "Received-SPF");
	session_abort(visit.session);
	send_from(&visit, "<joe@its.test>", RECEIVED(OF("mx.its.test", GOOD)));
	assert_string_equal(visit.end.edits[0].name, "Received-SPF");
	visit_leave(&visit);
}

/* TLS of the client's own connection, where its field tells it; not that of the gateway's. */
static void
gateway_tells_the_tls_of_its_client(void **state)
{
	static const struct {
		const char *received, *expected;
	} table[] = {
		{ "from mx.its.test (x [" GOOD "]) by gw.test with ESMTPS id 1 (version=TLSv1.2 cipher=x)",
		  "x-tls=pass policy.tls=TLSv1.2" },
		{ "from mx.its.test (x [" GOOD "]) by gw.test with ESMTP id 1", NULL },
		{ "unreadable", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct visit visit;

		begin(&visit, SETTINGS "look-back yes disable { banner, peer-tls } mode enforce ");
		send_from(&visit, "<joe@its.test>", RECEIVED(table[i].received));
		if (table[i].expected != NULL)
			expect_result(&visit, table[i].expected);
		else
			expect_no_result(&visit, "x-tls");
		visit_leave(&visit);
	}
}

static void
gateway_sends_several_messages_each_with_its_own_client(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, CONFIG STRICT);
	for (int times = 0; times < 2; times++) {
		send_from(&visit, "<joe@its.test>", RECEIVED(OF("mx.its.test", GOOD)));
		assert_null(visit.end.reply);
		expect_result(&visit, "spf=pass");
		session_abort(visit.session);
		send_from(&visit, "<joe@its.test>", RECEIVED(OF("mx.its.test", BAD)));
		assert_int_equal(visit.end.reply->code, 550);
		session_abort(visit.session);
		send_from(&visit, "<>", RECEIVED(OF("mx.its.test", GOOD)));
		assert_null(visit.end.reply);
		expect_result(&visit, "spf=pass smtp.helo=mx.its.test");
		session_abort(visit.session);
		send_from(&visit, "<joe@its.test>", RECEIVED(NULL));
		expect_result(&visit, "spf=none");
		session_abort(visit.session);
	}
	visit_leave(&visit);
}

/* Nobody is refused or put apart at RCPT; of what is given up nothing was decided. */
static void
gateway_is_told_at_the_end_of_the_message(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, CONFIG "recipients apart policy { reject 550 5.7.1 \"no\" when client in { " BAD " } } "
			     "policy for \"open.test\" { otherwise accept } ");
	say_mail(&visit, "<joe@its.test>");
	say_rcpt(&visit, "<a@in.test>");
	say_rcpt(&visit, "<a@open.test>");
	session_abort(visit.session);
	send_from(&visit, "<joe@its.test>", RECEIVED(OF("x", BAD)));
	assert_int_equal(visit.end.reply->code, 550);
	visit_leave(&visit);
	expect_record(&visit,
		      "\"client\":{\"port\":0,\"trusted\":false,\"authenticated\":false,\"gateway\":");
	expect_record(&visit, "\"pending\":\"header\"");
}

static void
gateway_in_mode_audit_refuses_nothing(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, SETTINGS "mode audit " STRICT);
	send_from(&visit, "<joe@its.test>", RECEIVED(OF("mx.its.test", BAD)));
	assert_null(visit.end.reply);
	expect_result(&visit, "spf=fail");
	visit_leave(&visit);
	expect_record(&visit, "\"action\":\"reject\",\"enforced\":false");
}

/* A gateway is a gateway rather than trusted; who is behind it may be trusted; this host is no gateway. */
static void
gateway_and_trust_are_told_apart(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, CONFIG STRICT);
	connect_from(&visit, INNER);
	send_from(&visit, "<joe@its.test>", RECEIVED(OF("mx.its.test", BAD)));
	assert_int_equal(visit.end.reply->code, 550);
	session_abort(visit.session);
	send_from(&visit, "<joe@its.test>", RECEIVED(NULL));
	expect_result(&visit, "(client not known: ");
	session_abort(visit.session);
	send_from(&visit, "<joe@its.test>", RECEIVED(OF("mx.its.test", "203.0.113.200")));
	assert_null(visit.end.reply);
	assert_string_equal(results_of(&visit), "");
	session_abort(visit.session);
	connect_from(&visit, "127.0.0.1");
	send_from(&visit, "<joe@its.test>", RECEIVED(OF("mx.its.test", BAD)));
	assert_null(visit.end.reply);
	visit_leave(&visit);
	expect_record(&visit, "\"ip\":\"203.0.113.200\",\"port\":0,\"trusted\":true");
	expect_record(&visit, "\"ip\":\"127.0.0.1\",\"port\":0,\"trusted\":true");
}

/* Fields that came before the client was known. */
static void
gateway_hands_on_what_stood_above_its_received_field(void **state)
{
	struct visit visit;

	(void)state;
	visit_begin(&visit, rows, ROWS(rows), "trust { gateways { " GATEWAY " } } enable { dkim }",
		    staged_checks());
	connect_from(&visit, GATEWAY);
	say_mail(&visit, "<joe@its.test>");
	say_rcpt(&visit, "<b@in.test>");
	session_header(visit.session, "X-Seal", "right.test");
	session_header(visit.session, "Received", OF("mx.its.test", GOOD));
	session_header(visit.session, "From", " joe@its.test");
	session_end_of_header(visit.session);
	session_body(visit.session, SPAN("x"));
	(void)fake_dns_deliver(&visit.dns);
	visit.end = session_end_of_message(visit.session, "QID");
	expect_result(&visit, "x-sender=pass");
	visit_leave(&visit);
}

/* The end of the header is not told where no check needs it; and time is counted since the checks began. */
static void
gateway_needs_no_more_than_the_fields_and_has_time_from_then_on(void **state)
{
	struct visit visit;
	const char *waited;

	(void)state;
	begin(&visit, "trust { gateways { " GATEWAY " } } resolver { timeout 100ms }");
	assert_int_equal(session_last_stage(visit.session), STAGE_MAIL);
	for (size_t fields = 0; fields < 2; fields++) {
		say_mail(&visit, "<joe@its.test>");
		say_rcpt(&visit, "<b@in.test>");
		assert_int_equal(usleep(120000), 0);
		if (fields == 1)
			session_header(visit.session, "Received", OF("mx.its.test", GOOD));
		visit.end = session_end_of_message(visit.session, "QID"); /* nobody answers */
		expect_result(&visit, fields == 1 ? "spf=temperror" : "spf=none reason=");
		session_abort(visit.session);
	}
	visit_leave(&visit);
	waited = strstr(strchr(visit.records, '\n'), "\"waited-ms\":");
	assert_non_null(waited);
	assert_true(atoi(waited + strlen("\"waited-ms\":")) >= 90);
}

/* BOUND_GATEWAY_HOPS, BOUND_GATEWAY_HELD: of a header without end so much is read and held. */
static void
gateway_reads_and_holds_so_much_of_a_header(void **state)
{
	struct visit visit;
	char value[1001];

	(void)state;
	(void)memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	begin(&visit, CONFIG);
	for (size_t more = 0; more < 2; more++) { /* many short fields cost memory, too */
		say_mail(&visit, "<joe@its.test>");
		say_rcpt(&visit, "<b@in.test>");
		for (size_t i = 0; i < BOUND_GATEWAY_HELD / 150 * (1 + 2 * more); i++)
			session_header(visit.session, "X", "");
		session_header(visit.session, "Received", OF("mx.its.test", GOOD));
		say_end(&visit);
		expect_result(&visit,
			      more == 0 ? "spf=pass" : "spf=none reason=\"client not known: too much header");
		session_abort(visit.session);
	}
	for (size_t more = 0; more < 2; more++) {
		say_mail(&visit, "<joe@its.test>");
		say_rcpt(&visit, "<b@in.test>");
		for (size_t i = 0; i + 1 < BOUND_GATEWAY_HOPS + more; i++)
			session_header(visit.session, "Received", OF("x", INNER));
		session_header(visit.session, "Received", OF("mx.its.test", GOOD));
		say_end(&visit);
		expect_result(&visit,
			      more == 0 ? "spf=pass" : "spf=none reason=\"client not known: too much header");
		session_abort(visit.session);

		say_mail(&visit, "<joe@its.test>");
		say_rcpt(&visit, "<b@in.test>");
		for (size_t i = 0; i < BOUND_GATEWAY_HELD / 2000 * (1 + 2 * more); i++)
			session_header(visit.session, "X-Fill", value);
		session_header(visit.session, "Received", OF("mx.its.test", GOOD));
		say_end(&visit);
		expect_result(&visit,
			      more == 0 ? "spf=pass" : "spf=none reason=\"client not known: too much header");
		session_abort(visit.session);
	}
	visit_leave(&visit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gateway_names_the_client),
		cmocka_unit_test(gateway_that_does_not_name_the_client_leaves_the_message_unjudged),
		cmocka_unit_test(
			gateway_whose_field_the_sender_may_have_spoiled_defers_what_rests_on_the_client),
		cmocka_unit_test(gateway_with_an_inner_hop_is_not_trusted_for_it),
		cmocka_unit_test(gateway_that_hands_mail_on_is_no_way_around_the_rules),
		cmocka_unit_test(gateway_that_leaves_the_helo_name_out_hides_nothing),
		cmocka_unit_test(gateway_tells_no_reason_where_nothing_would_be_told),
		cmocka_unit_test(gateway_tells_the_tls_of_its_client),
		cmocka_unit_test(gateway_sends_several_messages_each_with_its_own_client),
		cmocka_unit_test(gateway_is_told_at_the_end_of_the_message),
		cmocka_unit_test(gateway_in_mode_audit_refuses_nothing),
		cmocka_unit_test(gateway_and_trust_are_told_apart),
		cmocka_unit_test(gateway_hands_on_what_stood_above_its_received_field),
		cmocka_unit_test(gateway_needs_no_more_than_the_fields_and_has_time_from_then_on),
		cmocka_unit_test(gateway_reads_and_holds_so_much_of_a_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
