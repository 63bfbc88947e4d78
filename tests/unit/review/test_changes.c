/* changes: a log judged again in parts tells what it tells in one. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"
#include "heloscope/base/document.h"
#include "heloscope/config/config.h"
#include "heloscope/review/changes.h"

#define LINES 200

static char lines[LINES][600];

/* Mail of a few hosts and domains over two months, of which clocks are not always right; most was taken. */
static void
make_lines(void)
{
	uint32_t random = 11;

	for (int i = 0; i < LINES; i++) {
		int day;

		random = random * 1664525 + 1013904223;
		day = i * 55 / LINES + (int)((random >> 20) % 5);
		(void)snprintf(
			lines[i], sizeof lines[i],
			"{\"v\":1,\"id\":\"20261001T000000Z-%012d\",\"time\":\"2026-%02d-%02dT10:00:00Z\",\"client\":{\"ip\":\"192.0.2.%u\"},\"mail-from\":\"<a@d%u.test>\",\"sender\":\"a@d%u.test\",\"checks\":{\"spf\":{\"result\":\"%s\"},\"iprev\":{\"result\":\"%s\"}},\"verdicts\":[{\"recipient\":\"<b@in.test>\",\"action\":\"%s\"},{\"recipient\":\"<c@in.test>\",\"action\":\"accept\"}]}",
			i, 9 + day / 30, 1 + day % 30, 1 + (random >> 8) % 40, (random >> 14) % 30,
			(random >> 14) % 30, (random >> 25) % 4 == 0 ? "pass" : "fail",
			(random >> 27) % 2 == 0 ? "pass" : "fail",
			(random >> 28) % 3 == 0 ? "reject" : "accept");
	}
}

/* What is told when the lines are taken in parts of so many. */
static char *
told_in_parts_of(const struct config *config, int size)
{
	struct changes whole;
	json_t *json;
	char *told;

	assert_true(changes_init(&whole, config, NULL, 0));
	for (int i = 0; i < LINES;) {
		const int end = i + size < LINES ? i + size : LINES;
		struct changes part;

		assert_true(changes_init(&part, config, NULL, 0));
		for (; i < end; i++)
			assert_true(changes_take(&part, span_of(lines[i])));
		changes_add(&whole, &part);
		changes_clear(&part);
	}
	json = changes_json(&whole);
	assert_int_equal(json_array_size(document_member(json, "mistakes")), CHANGES_MISTAKES_MAX);
	told = document_line(json);
	assert_non_null(told);
	json_decref(json);
	changes_clear(&whole);
	return told;
}

static void
changes_tell_in_parts_what_they_tell_in_one(void **state)
{
	struct config *config =
		config_from_text("authserv-id \"mx.test\" mode enforce policy { reject when spf "
				 "in { pass, fail } and iprev in { pass, fail } }",
				 NULL);
	char *whole;

	(void)state;
	make_lines();
	whole = told_in_parts_of(config, LINES);
	assert_non_null(strstr(whole, "\"known-host\""));
	assert_non_null(strstr(whole, "\"passes\""));
	for (int size = 1; size < LINES; size += 1 + size / 8) {
		char *told = told_in_parts_of(config, size);

		assert_string_equal(told, whole);
		free(told);
	}
	free(whole);
	config_unref(config);
}

#define HOST "\"spf\":{\"result\":\"fail\"},\"iprev\":{\"result\":\"pass\"},\"x-helo\":{\"result\":\"pass\"}"
#define DKIM(result, signatures)                                                                             \
	HOST ",\"dkim\":{\"result\":\"" result                                                               \
	     "\",\"author\":\"one\",\"from\":\"a.test\",\"signatures\":[" signatures "]}"
#define SIGNED(result, domain) "{\"result\":\"" result "\",\"domain\":\"" domain "\"}"
#define LISTS(hits, others)                                                                                  \
	HOST ",\"x-dnsbl\":{\"result\":\"none\",\"hits\":[" hits "],\"not-listed\":[" others "]}"
#define ONE_LIST "{\"zone\":\"one.test\",\"subject\":\"client\"}"
#define MANY_LISTS "dnsbl \"one.test\" dnsbl \"two.test\" dnsbl \"three.test\" "
#define ALL "enable { dkim, dmarc, arc } trust { arc-sealers { \"x.test\" } } "

static void
expect_replayed(const char *checks, const char *more, const char *settings, const char *rules, size_t changed,
		size_t unknown)
{
	char config_text[1024], line[4096];
	struct changes changes;
	struct config *config;

	(void)snprintf(config_text, sizeof config_text,
		       "authserv-id \"mx.test\" mode enforce %s policy { %s }", settings, rules);
	(void)snprintf(
		line, sizeof line,
		"{\"v\":1,\"id\":\"20261001T000000Z-000000000001\",\"time\":\"2026-10-01T00:00:00Z\",\"client\":{\"ip\":\"198.51.100.2\"},\"mail-from\":\"<a@d.test>\",\"sender\":\"a@d.test\",\"checks\":{%s}%s%s}",
		checks,
		strstr(more, "verdicts") != NULL
			? ""
			: ",\"verdicts\":[{\"recipient\":\"<b@in.test>\",\"action\":\"accept\",\"enforced\":true}]",
		more);
	config = config_from_text(config_text, NULL);
	assert_true(changes_init(&changes, config, NULL, 0));
	if (!changes_take(&changes, span_of(line)))
		fail_msg("no record: %s", line);
	if (changes.changed != changed || changes.unknown != unknown)
		fail_msg("%s %s of %s: %zu change, %zu unknown", settings, rules, line, changes.changed,
			 changes.unknown);
	changes_clear(&changes);
	config_unref(config);
}

/* Whatever a rule asks of a check that was not made: results, and what else it finds. */
static void
changes_know_nothing_of_what_was_not_checked(void **state)
{
	static const struct {
		const char *checks, *rules;
		size_t changed, unknown;
	} cases[] = {
		{ HOST, "reject when dmarc = fail", 0, 1 },
		{ HOST, "reject when dmarc.policy = reject", 0, 1 },
		{ HOST, "reject when not dmarc.policy = reject", 0, 1 },
		{ HOST, "quarantine when dmarc.policy in { quarantine, reject }", 0, 1 },
		{ HOST, "reject when dmarc.policy = reject and iprev != pass", 0, 0 },
		{ HOST, "reject when from != one", 0, 1 },
		{ HOST, "reject when from = several", 0, 1 },
		{ HOST, "reject when from in { \"bank.test\" }", 0, 1 },
		{ HOST, "reject when from not in { \"bank.test\" }", 0, 1 },
		{ HOST, "reject when dkim.domain in { \"bank.test\" }", 0, 1 },
		{ HOST, "accept when arc.sealer = trusted", 0, 1 },
		{ HOST, "reject when arc.sealer != trusted", 0, 1 },
		{ HOST, "reject when arc.sealer in { \"x.test\" }", 0, 1 },
		{ HOST, "reject when looks-forwarded", 0, 1 },
		{ HOST, "reject when spf = fail and not looks-forwarded", 0, 1 },
		{ "\"spf\":{\"result\":\"pass\"}", "reject when not looks-forwarded", 1, 0 },
		{ HOST, "tag \"t\" when dmarc = fail reject when spf = fail", 1, 0 },
		{ HOST, "accept when dkim = pass reject when spf = fail", 0, 1 },
		{ HOST, "reject when spf = fail accept when dkim = pass", 1, 0 },
		/* the author is known by DKIM, and what DMARC made of it is not */
		{ DKIM("none", ""), "reject when from in { \"a.test\" }", 1, 0 },
		{ DKIM("none", ""), "reject when from != one", 0, 0 },
		{ DKIM("none", ""), "reject when dkim = none", 1, 0 },
		{ DKIM("none", ""), "reject when dmarc.policy = reject", 0, 1 },
		{ DKIM("none", ""), "reject when not looks-forwarded", 0, 1 },
		{ DKIM("pass", SIGNED("pass", "mail.a.test")), "reject when not looks-forwarded", 0, 1 },
		{ DKIM("pass", SIGNED("pass", "a.test")), "reject when looks-forwarded", 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++)
		expect_replayed(cases[i].checks, "", ALL, cases[i].rules, cases[i].changed, cases[i].unknown);
}

/* Lists that were not asked may have listed it one by one, not only all or none. */
static void
changes_know_nothing_of_lists_that_were_not_asked(void **state)
{
	static const struct {
		const char *rules;
		size_t changed, unknown;
	} cases[] = {
		{ "reject when listed in { \"two.test\" } and not listed in { \"three.test\" }", 0, 1 },
		{ "reject when dnsbl = 1", 0, 1 },
		{ "reject when dnsbl >= 3", 0, 0 },
		{ "reject when dnsbl < 3", 1, 0 },
		{ "reject when listed in { \"one.test\" }", 0, 0 },
		{ "reject when not listed in { \"one.test\" }", 1, 0 },
		{ "reject when dnsbl = fail", 0, 1 },
		{ "reject when dnsbl = temperror", 0, 1 },
		{ "accept when listed in { \"two.test\" } reject when spf = fail", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++)
		expect_replayed(LISTS("", ONE_LIST), "", MANY_LISTS, cases[i].rules, cases[i].changed,
				cases[i].unknown);
}

/* Of a record that had no room for more than results the rest is unknown; names stay whole before that. */
static void
changes_know_nothing_of_what_was_cut(void **state)
{
	static const char checks[] = HOST
		",\"dkim\":{\"result\":\"pass\"},\"dmarc\":{\"result\":\"fail\"},\"arc\":{\"result\":\"pass\"}";
	static const struct {
		const char *rules;
		size_t changed, unknown;
	} cases[] = {
		{ "reject when dkim.domain in { \"bank.test\" }", 0, 1 },
		{ "reject when dkim.domain not in { \"bank.test\" }", 0, 1 },
		{ "reject when from in { \"bank.test\" }", 0, 1 },
		{ "reject when dmarc.policy = reject", 0, 1 },
		{ "reject when arc.sealer != trusted", 0, 1 },
		{ "reject when client-name in { \"*.bank.test\" }", 0, 1 },
		{ "reject when spf = fail and iprev = pass", 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++)
		expect_replayed(checks, ",\"cut\":[\"checks\"]", ALL, cases[i].rules, cases[i].changed,
				cases[i].unknown);
	expect_replayed(HOST, ",\"cut\":[\"recipients\"]", ALL, "reject when spf = fail", 1, 0);
	expect_replayed(
		HOST,
		",\"verdicts\":[{\"recipient\":\"<aaa...\",\"action\":\"accept\"}],\"cut\":[\"recipients\"]",
		ALL, "reject when spf = fail", 0, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_tell_in_parts_what_they_tell_in_one),
		cmocka_unit_test(changes_know_nothing_of_what_was_not_checked),
		cmocka_unit_test(changes_know_nothing_of_lists_that_were_not_asked),
		cmocka_unit_test(changes_know_nothing_of_what_was_cut),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
