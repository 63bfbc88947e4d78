/* author: whose message it is, by its From fields. */
#include "unit.h"

#include <stdlib.h>

#include "heloscope/base/bounds.h"
#include "heloscope/wire/author.h"

static enum author_finding
read_fields(const char *const *values, size_t count, struct author *author)
{
	memset(author, 0, sizeof *author);
	for (size_t i = 0; i < count; i++)
		author_add(author, SPAN("From"), span_of(values[i]));
	return author_judge(author);
}

/* RFC 5322, 3.4 and 4.4; RFC 6854, 2.1; RFC 9989, 5.3.1. "" where there is no one domain. */
static void
author_tells_the_one_domain_or_why_there_is_none(void **state)
{
	static const struct {
		const char *value;
		enum author_finding expected;
		const char *domain;
	} table[] = {
		/* One. */
		{ "a@one.test", AUTHOR_ONE, "one.test" },
		{ " A.B <a+b@ONE.Test>\r\n", AUTHOR_ONE, "one.test" },
		{ "\"B, A\" <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "John Q. Public <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "[Desk] A <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "< a@one.test >", AUTHOR_ONE, "one.test" },
		{ "A\r\n\t<a@one.test>", AUTHOR_ONE, "one.test" },
		{ "A\n <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "a@one.test (A (or B) \\) )", AUTHOR_ONE, "one.test" },
		{ "(A)a@one.test", AUTHOR_ONE, "one.test" },
		{ "\"a b\"@one.test", AUTHOR_ONE, "one.test" },
		{ "a..b.@one.test", AUTHOR_ONE, "one.test" },
		{ "a@one.test, B <b@one.test>", AUTHOR_ONE, "one.test" },
		{ ",a@one.test,,", AUTHOR_ONE, "one.test" },
		{ "Group: a@one.test, b@One.test;", AUTHOR_ONE, "one.test" },
		{ "Group:;, a@one.test", AUTHOR_ONE, "one.test" },
		{ "a@b\xc3\xbc"
		  "cher.test",
		  AUTHOR_ONE, "xn--bcher-kva.test" },
		{ "a@b\xc3\xbc"
		  "cher.test, b@XN--bcher-kva.test",
		  AUTHOR_ONE, "xn--bcher-kva.test" },
		{ "\xff\xfe <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "=?utf-8?B?PGJAdHdvLnRlc3Q+?= <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "\"b@two.test\" <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "a@one.test <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "a@one.test (a@one.test)", AUTHOR_ONE, "one.test" },
		{ "\"A @ Work\" <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "<@one.test:a@one.test>", AUTHOR_ONE, "one.test" },
		/* None. */
		{ "", AUTHOR_NO_ADDRESS, "" },
		{ " ,, (c)", AUTHOR_NO_ADDRESS, "" },
		{ "Undisclosed:;", AUTHOR_NO_ADDRESS, "" },
		{ "root", AUTHOR_NO_DOMAIN, "" },
		{ "<root>", AUTHOR_NO_DOMAIN, "" },
		{ "a@[192.0.2.1]", AUTHOR_NO_DOMAIN, "" },
		{ "Smith, A <a@one.test>", AUTHOR_SYNTAX, "" },
		/* Several. */
		{ "a@one.test, b@two.test", AUTHOR_SEVERAL_DOMAINS, "" },
		{ "A <a@one.test>, B <b@sub.one.test>", AUTHOR_SEVERAL_DOMAINS, "" },
		{ "G: a@one.test; , b@two.test", AUTHOR_SEVERAL_DOMAINS, "" },
		/* One by the grammar, another for some readers. */
		{ "a@one.test (<b@two.test>)", AUTHOR_SECOND_READING, "" },
		{ "(b@two.test) a@one.test", AUTHOR_SECOND_READING, "" },
		{ "<a@one.test>(c(b@two.test))", AUTHOR_SECOND_READING, "" },
		{ "b@two.test <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "[b@two.test] <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "<@two.test,@three.test:a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "\"b@two.test\"@one.test", AUTHOR_SECOND_READING, "" },
		{ "b@-..test <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "a@one.test (a@one.test, b@two.test)", AUTHOR_SECOND_READING, "" },
		{ "A @ Work <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "b @ two.test <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "b@\r\n two.test <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "b@(c)two.test <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "[< @ two.test>] <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "(b @ two.test) <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "b@\"two.test\" <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "\"a\"@one.test=?us-ascii?q?x=40two.test?= <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "a@one.test <a@one.test> (a@one.test.)", AUTHOR_ONE, "one.test" },
		{ "(see <a@one.test>, \"a@one.test\") a@one.test", AUTHOR_ONE, "one.test" },
		/* Where some readers find an address with a domain, it is not one without. */
		{ "b @two.test", AUTHOR_SYNTAX, "" },
		{ "Joe b@two.test", AUTHOR_SYNTAX, "" },
		{ "b(c)@two.test", AUTHOR_SYNTAX, "" },
		{ "b@[192.0.2.1](b@two.test)", AUTHOR_SYNTAX, "" },
		{ "(b@two.test) b@[192.0.2.1]", AUTHOR_SYNTAX, "" },
		{ "b@[192.0.2.1]", AUTHOR_NO_DOMAIN, "" },
		/* No list of mailboxes. */
		{ "a@b@one.test", AUTHOR_SYNTAX, "" },
		{ "=?utf-8?B?Y2VvQHR3by50ZXN0AA==?=@one.test", AUTHOR_SYNTAX, "" },
		{ "\"=?utf-8?Q?b=40two.test?=\"@one.test", AUTHOR_SYNTAX, "" },
		{ "=?utf-8?Q?b=40two.test?= <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "\"a\\\" <b@two.test>, \\\"c\" <a@one.test>", AUTHOR_SECOND_READING, "" },
		{ "\"a \\\"b\\\" c\" <a@one.test>", AUTHOR_ONE, "one.test" },
		{ "<a@two.test@one.test>", AUTHOR_SYNTAX, "" },
		{ "<a@one.test> <b@two.test>", AUTHOR_SYNTAX, "" },
		{ "<a@one.test>b@two.test", AUTHOR_SYNTAX, "" },
		{ "<a@one.test>\\,<b@two.test>", AUTHOR_SYNTAX, "" },
		{ "<<b@two.test>a@one.test>", AUTHOR_SYNTAX, "" },
		{ "a @one.test", AUTHOR_SYNTAX, "" },
		{ "a@ one.test", AUTHOR_BAD_DOMAIN, "" },
		{ "a@one(c).test", AUTHOR_SYNTAX, "" },
		{ "a@one. test", AUTHOR_SYNTAX, "" },
		{ "a@one.test;", AUTHOR_SYNTAX, "" },
		{ "G: H: a@one.test;;", AUTHOR_SYNTAX, "" },
		{ "<@two.test a@one.test>", AUTHOR_SYNTAX, "" },
		{ "<>", AUTHOR_SYNTAX, "" },
		{ "A <a@one.test", AUTHOR_UNCLOSED, "" },
		{ "\"A <a@one.test>", AUTHOR_UNCLOSED, "" },
		{ "(A <a@one.test>", AUTHOR_UNCLOSED, "" },
		{ "(A \\", AUTHOR_UNCLOSED, "" },
		{ "G: a@one.test", AUTHOR_UNCLOSED, "" },
		{ "a@one..test", AUTHOR_BAD_DOMAIN, "" },
		{ "a@192.0.2.1", AUTHOR_BAD_DOMAIN, "" },
		{ "a@b\xfc"
		  "cher.test",
		  AUTHOR_BAD_DOMAIN, "" },
		{ "a@\xef\xbd\x8fne.test", AUTHOR_BAD_DOMAIN, "" }, /* U+FF4F, a wide "o" */
		{ "a@one\xe3\x80\x82test", AUTHOR_BAD_DOMAIN, "" }, /* U+3002, which some take for a dot */
		{ "a@one.test\r\nb@two.test", AUTHOR_CONTROL_OCTETS, "" },
		{ "a@one.test\rb", AUTHOR_CONTROL_OCTETS, "" },
		{ "a@one.test\x01", AUTHOR_CONTROL_OCTETS, "" },
	};
	struct author author;

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const enum author_finding found = read_fields(&table[i].value, 1, &author);

		if (found != table[i].expected)
			fail_msg("\"%s\": %s", table[i].value, author_finding_word(found));
		assert_string_equal(author_domain(&author), table[i].domain);
	}
}

/* RFC 9989, 4.4 and 11.5: a field that is not there, or there twice, names nobody. */
static void
author_is_none_of_no_field_and_of_several(void **state)
{
	static const char *const same[] = { "a@one.test", "a@one.test" };
	static const char *const different[] = { "a@one.test", "b@two.test" };
	static const char *const broken[] = { "<", "a@one.test" };
	struct author author;

	(void)state;
	assert_int_equal(read_fields(same, 0, &author), AUTHOR_NO_FIELD);
	assert_int_equal(read_fields(same, 2, &author), AUTHOR_SEVERAL_FIELDS);
	assert_int_equal(read_fields(different, 2, &author), AUTHOR_SEVERAL_FIELDS);
	assert_int_equal(read_fields(broken, 2, &author), AUTHOR_SEVERAL_FIELDS);
	assert_int_equal(author.fields, 2);
}

/* RFC 5322, 4.5.2 has "From :"; some readers show such a field, others pass over it. */
static void
author_sees_fields_that_only_look_like_from(void **state)
{
	static const struct {
		struct span name;
		enum author_finding expected;
	} table[] = {
		{ { "FROM", 4 }, AUTHOR_ONE },          { { "From ", 5 }, AUTHOR_FIELD_NAME },
		{ { "From\t", 5 }, AUTHOR_FIELD_NAME }, { { " From", 5 }, AUTHOR_FIELD_NAME },
		{ { "From\0", 5 }, AUTHOR_FIELD_NAME }, { { "From\xa0", 5 }, AUTHOR_FIELD_NAME },
		{ { "Sender", 6 }, AUTHOR_NO_FIELD },   { { "Resent-From", 11 }, AUTHOR_NO_FIELD },
		{ { "", 0 }, AUTHOR_NO_FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct author author = { .fields = 0 };

		author_add(&author, table[i].name, SPAN("a@one.test"));
		assert_int_equal(author_judge(&author), table[i].expected);
	}
}

/* Postfix passes on a CR within a field, and some readers end a line there. */
static void
author_sees_from_behind_a_control_octet(void **state)
{
	static const struct {
		const char *value;
		enum author_finding expected;
	} table[] = {
		{ "a\rFrom: b@two.test", AUTHOR_SEVERAL_FIELDS },
		{ "a\x0b"
		  "from : b@two.test",
		  AUTHOR_SEVERAL_FIELDS },
		{ "a\nFrom:b@two.test", AUTHOR_SEVERAL_FIELDS },
		{ "a\r\n From: b@two.test", AUTHOR_ONE },
		{ "a From: b@two.test", AUTHOR_ONE },
		{ "a\rFromage: x", AUTHOR_ONE },
		{ "a\tFrom: b@two.test", AUTHOR_ONE },
		{ "a\rFrom", AUTHOR_ONE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct author author = { .fields = 0 };

		author_add(&author, SPAN("Subject"), span_of(table[i].value));
		author_add(&author, SPAN("From"), SPAN("a@one.test"));
		assert_int_equal(author_judge(&author), table[i].expected);
	}
}

static void
author_takes_no_nul(void **state)
{
	struct author author = { .fields = 0 };

	(void)state;
	author_add(&author, SPAN("From"), SPAN("a@one.test\0@two.test"));
	assert_int_equal(author_judge(&author), AUTHOR_CONTROL_OCTETS);
}

static void
author_reads_a_bounded_field(void **state)
{
	char value[BOUND_AUTHOR_OCTETS + 2];
	struct author author = { .fields = 0 };

	(void)state;
	memset(value, ' ', sizeof value);
	memcpy(value, "a@one.test", 10);
	author_add(&author, SPAN("From"), (struct span){ value, BOUND_AUTHOR_OCTETS });
	assert_int_equal(author_judge(&author), AUTHOR_ONE);
	memset(&author, 0, sizeof author);
	author_add(&author, SPAN("From"), (struct span){ value, BOUND_AUTHOR_OCTETS + 1 });
	assert_int_equal(author_judge(&author), AUTHOR_TOO_LONG);
}

static void
author_reads_a_bounded_number_of_addresses(void **state)
{
	char value[(BOUND_AUTHOR_ADDRESSES + 1) * 6];
	struct author author = { .fields = 0 };

	(void)state;
	for (size_t i = 0; i <= BOUND_AUTHOR_ADDRESSES; i++)
		memcpy(value + 6 * i, "a@b.c,", 6);
	author_add(&author, SPAN("From"), (struct span){ value, sizeof value - 6 });
	assert_int_equal(author_judge(&author), AUTHOR_ONE);
	memset(&author, 0, sizeof author);
	author_add(&author, SPAN("From"), (struct span){ value, sizeof value });
	assert_int_equal(author_judge(&author), AUTHOR_TOO_MANY);
	assert_int_equal(author.addresses, BOUND_AUTHOR_ADDRESSES);
}

static void
author_findings_have_words_and_kinds(void **state)
{
	(void)state;
	for (int finding = AUTHOR_UNCHECKED + 1; finding < AUTHOR_FINDINGS; finding++) {
		const char *word = author_finding_word((enum author_finding)finding);

		assert_int_equal(author_finding_from_word(word), finding);
		assert_true(author_kind((enum author_finding)finding) < AUTHOR_KINDS);
	}
	assert_int_equal(author_finding_from_word("nonsense"), AUTHOR_UNCHECKED);
	assert_int_equal(author_kind(AUTHOR_SECOND_READING), AUTHOR_KIND_SEVERAL);
}

/* RFC 5321, 4.5.3.1.1: 64 octets. */
static void
author_has_the_plain_local_part_of_the_first_address(void **state)
{
	static const char longest[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@one.test";
	static const char *const table[][2] = {
		{ "A <a.b+C@one.test>", "a.b+C" },
		{ "a@one.test, b@one.test", "a" },
		{ "\"a\"@one.test, b@one.test", "" },
		{ "\xc3\xa9@one.test", "" },
	};
	struct author author;

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		assert_int_equal(read_fields(&table[i][0], 1, &author), AUTHOR_ONE);
		assert_string_equal(author.local, table[i][1]);
	}
	assert_int_equal(read_fields((const char *const[]){ longest }, 1, &author), AUTHOR_ONE);
	assert_int_equal(strlen(author.local), 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(author_tells_the_one_domain_or_why_there_is_none),
		cmocka_unit_test(author_has_the_plain_local_part_of_the_first_address),
		cmocka_unit_test(author_is_none_of_no_field_and_of_several),
		cmocka_unit_test(author_sees_fields_that_only_look_like_from),
		cmocka_unit_test(author_sees_from_behind_a_control_octet),
		cmocka_unit_test(author_takes_no_nul),
		cmocka_unit_test(author_reads_a_bounded_field),
		cmocka_unit_test(author_reads_a_bounded_number_of_addresses),
		cmocka_unit_test(author_findings_have_words_and_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
