/* authres, smtp_reply. */
#include "unit.h"

#include "heloscope/wire/authres.h"
#include "heloscope/wire/smtp_reply.h"

static const char *const ours[] = { "mx.example", "*.pool.example", "xn--bcher-kva.example" };

/* A01 to A13 of the list of cases; RFC 8601, sections 2.2 and 5. */
static void
A01_A13_authres_author_sees_through_every_spelling(void **state)
{
	static const struct {
		const char *value;
		enum authres_author expected;
	} table[] = {
		{ "mx.example; spf=pass", AUTHRES_OURS },
		{ " mx.example; spf=pass", AUTHRES_OURS },
		{ "MX.Example;", AUTHRES_OURS },
		{ "mx.example.;", AUTHRES_OURS },
		{ "\"mx.example\"; none", AUTHRES_OURS },
		{ "\"mx\\.example\" ; none", AUTHRES_OURS },
		{ "(c) mx.example (x(y)\\)) 1; none", AUTHRES_OURS },
		{ "\r\n\tmx.example\r\n ;", AUTHRES_OURS },
		{ "mx.example 1;", AUTHRES_OURS },
		{ "mx.example 2;", AUTHRES_OURS },
		{ "mx.example 99999999999999999999;", AUTHRES_OURS },
		{ "other.test 2; spf=pass", AUTHRES_UNSUPPORTED },
		{ "other.test (c) 12; spf=pass", AUTHRES_UNSUPPORTED },
		{ "other.test 1; spf=pass", AUTHRES_OTHER },
		{ "mx.example", AUTHRES_OURS },
		{ "mx.example spf=pass", AUTHRES_OURS },
		{ "mx.example/1;", AUTHRES_OURS },
		{ "mx.example,", AUTHRES_OURS },
		{ "mx.example(c);", AUTHRES_OURS },
		{ "; spf=pass", AUTHRES_OURS },
		{ "spf=pass smtp.mailfrom=x", AUTHRES_OURS },
		{ "", AUTHRES_OURS },
		{ "mx.example.evil.com;", AUTHRES_OTHER },
		{ "xmx.example;", AUTHRES_OTHER },
		{ "mx.example@evil;", AUTHRES_OURS },
		{ "sub.mx.example;", AUTHRES_OTHER },
		{ "a.pool.example;", AUTHRES_OURS },
		{ "pool.example;", AUTHRES_OTHER },
		{ "b\xc3\xbc"
		  "cher.example;",
		  AUTHRES_OURS },
		{ "XN--BCHER-KVA.example;", AUTHRES_OURS },
		{ "(mx.example", AUTHRES_OURS },
		{ "\"mx.example", AUTHRES_OURS },
		{ "(other.test", AUTHRES_OURS },
		{ "\"mx\r\n .example\";", AUTHRES_OURS },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		print_message("    %s\n", table[i].value);
		assert_int_equal(authres_author(span_of(table[i].value), ours, ROWS(ours)),
				 table[i].expected);
	}
}

/* P3: only what every reader reads alike is somebody else's. */
static void
P3_authres_author_takes_all_but_clean_ids_for_ours(void **state)
{
	static const char *const unclean[] = {
		"\fmx.example; spf=pass",
		"mx.example\v; spf=pass",
		"=?us-ascii?q?mx.example?=; spf=pass",
		"=?utf-8?b?bXguZXhhbXBsZQ==?=; spf=pass",
		"\"mx\\.exampl\\e\"; none",
		"m(c)x.example;",
		"other.test (\\) mx.example;",
		"other.test\r mx.example;",
		"other.test\x7f;",
		"\x1fother.test;",
		"(;) mx.example; spf=pass",
		"((c) mx.example;",
		"%6dx.example;",
		"other.test mx.example;",
		"\" mx.example \";",
		"other.test\nmx.example;",
		"(=?utf-8?q?=29?= ) other.test;",
		"mx.example..; none",
		"..MX.example; none",
	};
	static const char *const foreign[] = {
		"other.test; spf=pass",
		" other.test 1; none",
		"\r\n (c) \"other.test\" (d)\n\t1 ; spf=pass",
		"other.test",
		"other.test; dkim=pass (\"\\x\" mx.example) =?utf-8?q?x?=",
		"other_test.;",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(unclean); i++)
		assert_int_equal(authres_author(span_of(unclean[i]), ours, ROWS(ours)), AUTHRES_OURS);
	for (size_t i = 0; i < ROWS(foreign); i++)
		assert_int_equal(authres_author(span_of(foreign[i]), ours, ROWS(ours)), AUTHRES_OTHER);
}

/* P3: the same of Received-SPF, where the id may stand anywhere. */
static void
P3_authres_may_name_sees_through_every_spelling(void **state)
{
	static const char *const named[] = {
		"pass (MX.example: x)",
		"pass receiver=\"mx\\.example\"",
		"pass receiver=mx.(c)example",
		"pass receiver=mx.\r\n example",
		"pass (a(b)) receiver=x",
		"pass receiver==?utf-8?q?mx?=.example",
		"pass\vreceiver=x",
		"pass receiver=\"mx\".example",
		"pass receiver=a.pool.example",
	};
	static const char *const foreign[] = {
		"pass (other.test: domain of a@b.example designates 192.0.2.1)\r\n\treceiver=other.test; helo=\"x\"",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(named); i++)
		assert_true(authres_may_name(span_of(named[i]), ours, ROWS(ours)));
	for (size_t i = 0; i < ROWS(foreign); i++)
		assert_false(authres_may_name(span_of(foreign[i]), ours, ROWS(ours)));
}

/* A05, C10: no fixed buffer for what stands in front of the id. */
static void
A05_C10_authres_author_reads_past_60_kilobytes_of_comments(void **state)
{
	static char value[60100];

	(void)state;
	memset(value, '(', 30000);
	memset(value + 30000, ')', 30000);
	(void)strcpy(value + 60000, " mx.example; spf=pass");
	assert_int_equal(authres_author(span_of(value), ours, ROWS(ours)), AUTHRES_OURS);
}

static void
A21_authres_writes_what_the_grammar_asks(void **state)
{
	char memory[2048];
	struct strbuf out;
	struct authres authres;

	(void)state;
	strbuf_init(&out, memory, sizeof memory);
	authres_begin(&authres, &out, "mx.example.org");
	authres_result(&authres, "iprev", RESULT_PASS);
	authres_property(&authres, "policy.iprev", SPAN("198.51.100.54"));
	authres_comment(&authres, "smtpout.yodel.example");
	authres_result(&authres, "spf", RESULT_FAIL);
	authres_property(&authres, "smtp.mailfrom", SPAN("2001:db8::1"));
	authres_end(&authres);
	assert_string_equal(memory, "mx.example.org;\n"
				    "    iprev=pass policy.iprev=198.51.100.54 (smtpout.yodel.example);\n"
				    "    spf=fail smtp.mailfrom=\"2001:db8::1\"");
	strbuf_init(&out, memory, sizeof memory);
	authres_begin(&authres, &out, "mx.example.org");
	authres_end(&authres);
	assert_string_equal(memory, "mx.example.org; none");
	strbuf_init(&out, memory, sizeof memory);
	authres_begin(&authres, &out, "mx.example.org");
	authres_remark(&authres, "of (whom");
	authres_result(&authres, "iprev", RESULT_NONE);
	authres_end(&authres);
	assert_string_equal(memory, "mx.example.org (of %28whom);\n    iprev=none");
}

/* C26, E09: nothing from outside ends a value, opens a comment or folds a line. */
static void
C26_authres_values_cannot_break_out(void **state)
{
	char memory[8192];
	struct strbuf out;
	struct authres authres;

	(void)state;
	strbuf_init(&out, memory, sizeof memory);
	authres_begin(&authres, &out, "m");
	authres_result(&authres, "x-helo", RESULT_PERMERROR);
	authres_property(&authres, "smtp.helo", SPAN("a\"\\\r\n;spf=pass"));
	authres_comment(&authres, "a)(\\\n");
	assert_string_equal(memory,
			    "m;\n    x-helo=permerror smtp.helo=\"a%22%5c%0d%0a;spf=pass\" (a%29%28%5c%0a)");
	for (unsigned first = 0; first < 256; first++) {
		char value[300];

		memset(value, (int)first, sizeof value);
		strbuf_init(&out, memory, sizeof memory);
		authres_add_value(&out, (struct span){ value, sizeof value });
		assert_false(out.is_cut);
		for (size_t i = 0; i < out.length; i++)
			assert_true(memory[i] >= ' ' && memory[i] <= '~');
	}
}

/* Whether quotes and comments end, lines hold more than blanks and are at most 998 octets long (RFC
 * 5322, 2.1.1). */
static bool
is_whole(const char *value)
{
	bool is_quoted = false, is_comment = false;

	for (const char *line = value; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strcspn(line, "\n") > 998 || line[strspn(line, " \t")] == '\n'
		    || line[strspn(line, " \t")] == '\0')
			return false;
	}
	for (; *value != '\0'; value++) {
		is_quoted ^= *value == '"' && !is_comment;
		is_comment = !is_quoted && (*value == '(' || (is_comment && *value != ')'));
	}
	return !is_quoted && !is_comment;
}

static bool
names_deciding(const void *context, const char *property, struct span value)
{
	return strcmp(property, "dns.zone") == 0 && span_equals(value, span_of(context));
}

/* Twenty results of four methods, all of one length. */
static void
tell_twenty(struct authres *authres)
{
	static const enum result results[] = { RESULT_NONE, RESULT_FAIL, RESULT_TEMPERROR, RESULT_FAIL,
					       RESULT_PASS };
	static const char *const methods[] = { "iprev", "spf", "x-dnsbl", "dnswl" };

	for (size_t i = 0; i < 20; i++) {
		const char *method = methods[i / 5], *word = result_word(results[i % 5]);
		char zone[20], comment[100];

		(void)snprintf(zone, sizeof zone, "z%02zu.test", i);
		(void)snprintf(comment, sizeof comment, "%*s", (int)(80 - strlen(method) - strlen(word)),
			       "\"))(x");
		authres_result(authres, method, results[i % 5]);
		authres_property(authres, "dns.zone", span_of(zone));
		authres_property(authres, "smtp.helo", SPAN("a b; c \" (d"));
		authres_comment(authres, comment);
	}
}

static size_t
count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		count++;
	return count;
}

/* P18: whatever room there is, a field holds whole results, the most important ones, and says how many it
 * lacks. */
static void
P18_authres_leaves_out_whole_results_the_least_important_first(void **state)
{
	static const unsigned by_importance[] = { 1,  6,  11, 16, 2,  7,  12, 17, 4, 9,
						  14, 19, 0,  5,  10, 15, 13, 3,  8, 18 };
	size_t most = 0;

	(void)state;
	for (size_t size = 300; size <= 4096; size++) {
		char memory[4096], remark[40];
		struct strbuf out;
		struct authres authres;
		size_t kept;

		strbuf_init(&out, memory, size);
		authres_begin(&authres, &out, "mx.example.org");
		authres_mark(&authres, names_deciding, "z13.test");
		do
			tell_twenty(&authres);
		while (authres_tells_again(&authres));
		authres_end(&authres);
		assert_false(out.is_cut);
		assert_true(is_whole(memory));
		kept = count_of(memory, "dns.zone=");
		assert_int_equal(count_of(memory, ";\n"), kept);
		assert_true(kept > 0);
		(void)snprintf(remark, sizeof remark, "\n        (+%zu results left out)", 20 - kept);
		assert_true(kept == 20 ? strstr(memory, "left out") == NULL
				       : strcmp(memory + out.length - strlen(remark), remark) == 0);
		if (kept > most) { /* each gets in as soon as there is room for it */
			for (size_t i = 0; i < kept; i++) {
				(void)snprintf(remark, sizeof remark, "z%02u.test", by_importance[i]);
				assert_non_null(strstr(memory, remark));
			}
			most = kept;
		}
	}
	assert_int_equal(most, 20);
}

/* What was told of all results stays, however many of them do. */
static void
authres_remark_stays_when_results_are_left_out(void **state)
{
	char memory[600];
	struct strbuf out = STRBUF_OVER(memory);
	struct authres authres;

	(void)state;
	authres_begin(&authres, &out, "mx.example.org");
	authres_remark(&authres, "remark");
	do
		tell_twenty(&authres);
	while (authres_tells_again(&authres));
	authres_end(&authres);
	assert_memory_equal(memory, "mx.example.org (remark);\n", strlen("mx.example.org (remark);\n"));
	assert_non_null(strstr(memory, "results left out"));
	assert_int_equal(count_of(memory, "remark"), 1);
}

static void
smtp_reply_codes_are_valid_in_one_class_only(void **state)
{
	static const struct {
		unsigned code;
		const char *xcode;
		bool expected;
	} table[] = {
		{ 550, "5.7.1", true },     { 451, "4.7.24", true },  { 550, "4.7.1", false },
		{ 250, "2.0.0", false },    { 550, "5.7", false },    { 550, "5.7.1.", false },
		{ 550, "5.7.1000", false }, { 550, " 5.7.1", false }, { 550, "5.-7.1", false },
		{ 650, "6.7.1", false },    { 550, "", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++)
		assert_int_equal(smtp_reply_codes_are_valid(table[i].code, table[i].xcode),
				 table[i].expected);
}

/* M20 and RFC 5321, 4.5.3.1.5: any text makes a valid reply. */
static void
M20_smtp_reply_takes_any_text(void **state)
{
	struct smtp_reply reply;
	char text[2000];
	bool is_whole;

	(void)state;
	assert_true(smtp_reply_set(&reply, 550, "5.7.1", "short"));
	assert_int_equal(reply.count, 1);
	assert_string_equal(reply.lines[0], "short");
	assert_true(smtp_reply_set(&reply, 550, "5.7.1", ""));
	assert_int_equal(reply.count, 1);
	assert_true(smtp_reply_set(&reply, 550, "5.7.1", "a\r\n250 ok\xff"));
	assert_string_equal(reply.lines[0], "a??250 ok?");
	for (size_t length = 0; length < sizeof text; length += 7) {
		memset(text, 'x', sizeof text);
		for (size_t i = 0; i < length; i += 1 + length % 37)
			text[i] = ' ';
		text[length] = '\0';
		is_whole = smtp_reply_set(&reply, 451, "4.7.1", text);
		assert_in_range(reply.count, 1, SMTP_REPLY_LINES);
		for (size_t i = 0; i < reply.count; i++)
			assert_in_range(strlen(reply.lines[i]), 0, SMTP_REPLY_LINE_SIZE - 1);
	}
	assert_false(is_whole);
	assert_string_equal(reply.lines[2] + strlen(reply.lines[2]) - 3, "...");
}

static void
smtp_reply_breaks_between_words(void **state)
{
	struct smtp_reply reply;
	char text[800] = "", whole[SMTP_REPLY_TEXT_SIZE];
	struct strbuf out;

	(void)state;
	for (int i = 0; i < 120; i++)
		(void)strcat(text, "word ");
	assert_true(smtp_reply_set(&reply, 550, "5.7.1", text));
	assert_int_equal(reply.count, 3);
	assert_int_equal(strncmp(reply.lines[1], "word", 4), 0);
	strbuf_init(&out, whole, sizeof whole);
	smtp_reply_add_to(&reply, &out);
	assert_int_equal(strncmp(whole, "550 5.7.1 word word", 19), 0);
	assert_null(strchr(whole, '\n'));
}

/* N20: lines end with sentences, and are no longer than that takes. */
static void
N20_smtp_reply_breaks_between_sentences(void **state)
{
	static const struct {
		size_t lengths[6]; /* of sentences */
		bool fits;
		size_t lines[SMTP_REPLY_LINES];
	} table[] = {
		{ { 50, 60 }, true, { 111 } },
		{ { 100, 90, 20 }, true, { 100, 111 } },
		{ { 250, 20 }, true, { 250, 20 } },
		{ { 300, 300, 20, 20 }, true, { 300, 321, 20 } },
		{ { 180, 150, 180, 150, 180, 150 }, true, { 331, 331, 331 } },
		{ { 400, 400, 400 }, true, { 400, 400, 400 } },
		{ { 399, 399, 399, 2 }, false, { 399, 399, 400 } },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct smtp_reply reply;
		char text[2000] = "";
		size_t length = 0;

		for (size_t j = 0; j < 6 && table[i].lengths[j] > 0; j++) {
			memset(text + length, 'x', table[i].lengths[j] - 1);
			length += table[i].lengths[j];
			(void)strcpy(text + length - 1, ". ");
			length++;
		}
		text[length - 1] = '\0';
		assert_int_equal(smtp_reply_fits(text), table[i].fits);
		assert_int_equal(smtp_reply_set(&reply, 550, "5.7.1", text), table[i].fits);
		for (size_t j = 0; j < SMTP_REPLY_LINES; j++)
			assert_int_equal(strlen(reply.lines[j]), table[i].lines[j]);
		assert_int_equal(smtp_reply_last_sentence(text, strlen(text)), strrchr(text, ' ') - text);
	}
	assert_int_equal(smtp_reply_last_sentence("a b c.", 6), 0);
	assert_int_equal(smtp_reply_last_sentence("a. b. c.", 5), 2);
	assert_int_equal(smtp_reply_last_sentence("a... b c. d", 11), 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(A01_A13_authres_author_sees_through_every_spelling),
		cmocka_unit_test(P3_authres_author_takes_all_but_clean_ids_for_ours),
		cmocka_unit_test(P3_authres_may_name_sees_through_every_spelling),
		cmocka_unit_test(A05_C10_authres_author_reads_past_60_kilobytes_of_comments),
		cmocka_unit_test(A21_authres_writes_what_the_grammar_asks),
		cmocka_unit_test(C26_authres_values_cannot_break_out),
		cmocka_unit_test(P18_authres_leaves_out_whole_results_the_least_important_first),
		cmocka_unit_test(authres_remark_stays_when_results_are_left_out),
		cmocka_unit_test(smtp_reply_codes_are_valid_in_one_class_only),
		cmocka_unit_test(M20_smtp_reply_takes_any_text),
		cmocka_unit_test(smtp_reply_breaks_between_words),
		cmocka_unit_test(N20_smtp_reply_breaks_between_sentences),
	};

	return cmocka_run_group_tests_name("syntax", tests, NULL, NULL);
}
