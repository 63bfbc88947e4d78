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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_tell_in_parts_what_they_tell_in_one),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
