/* metrics: what is counted, the table that declares it, and the text that is made of it. */
#include "unit.h"

#include <stdlib.h>

#include "config_text.h"
#include "heloscope/base/tallies.h"
#include "heloscope/checks/counts.h"
#include "heloscope/dns/counts.h"
#include "heloscope/dns/trust_anchor.h"
#include "heloscope/metrics/counts.h"
#include "heloscope/metrics/table.h"
#include "heloscope/metrics/text.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz_"
#define CONFIG                                                                                               \
	"dnsbl \"a.test\" key \"KEYKEYKEY\" domain-dnsbl \"b.test\" dnsbl \"b.test\"\n"                      \
	"policy { reject when spf = fail\n audit defer when helo = fail\n accept when trusted }\n"

/* Counters. */

static void
histogram_estimates_what_was_noted(void **state)
{
	struct histogram histogram = { .sum_ms = { 0 } };
	struct histogram_reading reading = histogram_read(&histogram);

	(void)state;
	assert_int_equal(histogram_quantile_ms(&reading, 90), 0);
	for (unsigned i = 0; i < 90; i++)
		histogram_note(&histogram, 4);
	for (unsigned i = 0; i < 10; i++)
		histogram_note(&histogram, 20000);
	reading = histogram_read(&histogram);
	assert_int_equal(reading.count, 100);
	assert_int_equal(reading.sum_ms, 90 * 4 + 10 * 20000);
	assert_int_equal(reading.buckets[2], 90);
	assert_int_equal(reading.buckets[HISTOGRAM_BUCKETS], 10);
	assert_int_equal(histogram_quantile_ms(&reading, 90), 5);
	assert_in_range(histogram_quantile_ms(&reading, 50), 3, 4);
	assert_int_equal(histogram_quantile_ms(&reading, 99), 10000);
	histogram_reading_add(&reading, &reading);
	assert_int_equal(reading.count, 200);
}

static void
histogram_takes_a_bound_as_within_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		struct histogram histogram = { .sum_ms = { 0 } };

		histogram_note(&histogram, histogram_bounds_ms[i]);
		histogram_note(&histogram, histogram_bounds_ms[i] + 1);
		assert_int_equal(counter_value(&histogram.buckets[i]), 1);
		assert_int_equal(counter_value(&histogram.buckets[i + 1]), 1);
	}
}

/* Old and new count in one place, also when the old one is used after it; what has gone is gone. */
static void
tallies_go_on_for_names_that_stay(void **state)
{
	static const char *const first[] = { "a", "b", "a" }, *const second[] = { "c", "a" };
	struct tallies *before = tallies_new(first, 3, NULL), *after, *last;

	(void)state;
	assert_non_null(before);
	assert_true(tallies_is_repeated(before, 2) && !tallies_is_repeated(before, 0));
	assert_ptr_equal(tallies_at(before, 0), tallies_at(before, 2));
	counter_add(&tallies_at(before, 0)->counters[0], 3);
	after = tallies_new(second, 2, before);
	assert_non_null(after);
	counter_add(&tallies_at(before, 2)->counters[0], 1);
	tallies_free(before);
	assert_int_equal(counter_value(&tallies_at(after, 0)->counters[0]), 0);
	assert_int_equal(counter_value(&tallies_at(after, 1)->counters[0]), 4);
	last = tallies_new(NULL, 0, after);
	assert_non_null(last);
	tallies_free(after);
	tallies_free(last);
}

/* The table. */

static bool
ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* By the rules of Prometheus: base units, "_total" behind counters and nothing else, a help each. */
static void
each_metric_is_named_as_it_should_be(void **state)
{
	size_t count;
	const struct metric *metrics = metrics_table(&count);

	(void)state;
	assert_true(count > 25);
	for (size_t i = 0; i < count; i++) {
		const struct metric *metric = &metrics[i];
		const char *end = strlen(metric->name) + metric->name;

		print_message("    %s\n", metric->name);
		assert_int_equal(strncmp(metric->name, "heloscope_", 10), 0);
		assert_ptr_equal(metric->name + strspn(metric->name, NAME_CHARACTERS), end);
		assert_true(ends_with(metric->name, "_total") == (metric->kind == METRIC_COUNTER));
		assert_true(strlen(metric->help) > 20 && ends_with(metric->help, "."));
		assert_null(strpbrk(metric->help, "\\\n"));
		assert_true(metric->title != NULL && metric->title[0] != '\0');
		if (metric->unit != NULL)
			assert_true(ends_with(metric->name, metric->unit));
		else
			assert_false(ends_with(metric->name, "seconds") || ends_with(metric->name, "bytes"));
		assert_true((metric->value != NULL) == (metric->kind != METRIC_HISTOGRAM));
		assert_true((metric->histogram != NULL) == (metric->kind == METRIC_HISTOGRAM));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(metric->name, metrics[j].name);
	}
}

/* Nothing that who sends mail chooses. */
static void
labels_are_of_enums_or_of_the_configuration(void **state)
{
	static const char *const allowed[] = { "version", "verdict", "mode",   "check", "result",
					       "stage",   "kind",    "reason", "list",  "rule",
					       "action",  "outcome", "what",   "test" };
	size_t count;
	const struct metric *metrics = metrics_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < METRIC_LABELS && metrics[i].labels[j] != NULL; j++) {
			size_t found = 0;

			while (found < ROWS(allowed)
			       && strcmp(allowed[found], metrics[i].labels[j]->name) != 0)
				found++;
			assert_true(found < ROWS(allowed));
		}
}

/* Each "heloscope_..." in a condition begins with the name of a row. */
static void
alerts_ask_for_metrics_that_there_are(void **state)
{
	size_t count, alerts = 0;
	const struct metric *metrics = metrics_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct metric_alert *alert = &metrics[i].alert;

		if (alert->name == NULL)
			continue;
		alerts++;
		assert_non_null(strstr(alert->condition, "$METRIC"));
		assert_true(strlen(alert->summary) > 10 && strlen(alert->advice) > 20);
		for (const char *at = alert->condition; (at = strstr(at, "heloscope_")) != NULL; at++) {
			size_t j = 0;

			while (j < count && strncmp(at, metrics[j].name, strlen(metrics[j].name)) != 0)
				j++;
			assert_true(j < count);
		}
	}
	assert_true(alerts >= 8);
}

/* The text. */

struct world {
	struct config *config;
	struct metrics_view view;
};

static struct world
world_of(const char *text)
{
	char messages[4096] = "";
	struct world world = { .config = config_from_text(text, messages) };

	assert_non_null(world.config);
	world.view.config = world.config;
	world.view.health = list_health_new(world.config, NULL, NULL);
	world.view.rules = rule_counts_new(world.config, NULL);
	assert_non_null(world.view.health);
	assert_non_null(world.view.rules);
	return world;
}

static void
clear_world(struct world *world)
{
	list_health_unref(world->view.health);
	rule_counts_free((struct rule_counts *)world->view.rules);
	config_unref(world->config);
}

static void
assert_line(const char *text, const char *line)
{
	char whole[400];

	(void)snprintf(whole, sizeof whole, "\n%s\n", line);
	if (strstr(text, whole) == NULL)
		fail_msg("no line %s in %s", line, text);
}

/* From the start, so that a rate has something to begin with: and a key is in none of them. */
static void
all_series_are_there_at_zero(void **state)
{
	static const char *const lines[] = {
		"heloscope_messages_total{verdict=\"reject\",mode=\"audit\"} 0",
		"heloscope_messages_total{verdict=\"quarantine\",mode=\"enforce\"} 0",
		"heloscope_would_act_total{rule=\"test.conf:2\",action=\"reject\"} 0",
		"heloscope_would_act_total{rule=\"test.conf:3\",action=\"defer\"} 0",
		"heloscope_check_results_total{check=\"spf\",result=\"softfail\"} 0",
		"heloscope_check_seconds_bucket{check=\"dmarc\",le=\"0.001\"} 0",
		"heloscope_check_seconds_bucket{check=\"dmarc\",le=\"+Inf\"} 0",
		"heloscope_check_seconds_sum{check=\"dmarc\"} 0.000",
		"heloscope_check_seconds_count{check=\"dmarc\"} 0",
		"heloscope_wait_seconds_count 0",
		"heloscope_deadline_exceeded_total{stage=\"rcpt\"} 0",
		"heloscope_dns_errors_total{kind=\"TXT\",reason=\"bogus\"} 0",
		"heloscope_list_state{list=\"a.test\"} 0",
		"heloscope_list_hits_total{list=\"b.test\"} 0",
		"heloscope_list_seconds_count{list=\"b.test\"} 0",
		"heloscope_look_back_visits_total{outcome=\"answers\"} 0",
		"heloscope_record_dropped_total{reason=\"disk\"} 0",
		"heloscope_mta_lacking_total{what=\"macro-j\"} 0",
		"heloscope_config_reload_total{result=\"failure\"} 0",
		"heloscope_trust_anchor_root_key_missing 0",
		"heloscope_resolver_fault{test=\"servers\"} 0",
		"heloscope_resolver_fault{test=\"trust-anchor\"} 0",
		"heloscope_resolver_tested_timestamp_seconds 0",
		"heloscope_build_info{version=\"" PACKAGE_VERSION "\"} 1",
	};
	struct world world = world_of(CONFIG);
	size_t length = 0;
	char *text = metrics_text(&world.view, &length);

	(void)state;
	assert_non_null(text);
	assert_int_equal(strlen(text), length);
	for (size_t i = 0; i < ROWS(lines); i++)
		assert_line(text, lines[i]);
	assert_null(strstr(text, "KEYKEYKEY"));
	assert_null(strstr(text, "result=\"unchecked\""));
	free(text);
	clear_world(&world);
}

/* Two of one name would make Prometheus drop all that it scraped. */
static void
no_series_stands_twice(void **state)
{
	struct world world = world_of(CONFIG);
	size_t length, lines = 0;
	char *text = metrics_text(&world.view, &length);

	(void)state;
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (line[0] == '#')
			continue;
		*strrchr(line, ' ') = '\0';
		for (const char *before = text; before < line; before += strlen(before) + 1)
			assert_string_not_equal(before, line);
		lines++;
	}
	assert_true(lines > 300);
	free(text);
	clear_world(&world);
}

static void
what_is_counted_is_told(void **state)
{
	struct world world = world_of(CONFIG);
	const struct trust_anchor anchor = { .count = 1, .lacks_root_key = true };
	size_t length;
	char *text;

	(void)state;
	counter_add(&counts.messages[ACTION_DEFER][MODE_ENFORCE], 7);
	counter_add(&dns_counts.faults[dns_kind(DNS_MX)][DNS_SERVFAIL], 2);
	histogram_note(&check_counts.seconds[METHOD_SPF], 1234);
	counts_lack(MTA_LACKS_QUEUE_ID);
	rule_counts_add(world.view.rules, &world.config->default_policy.rules.items[1]);
	list_health_count_listed(world.view.health, "b.test");
	world.view.resolver = resolver_report_begin(&anchor);
	world.view.resolver.results[RESOLVER_TEST_PUBLIC].finding = RESOLVER_IS_PUBLIC;
	world.view.look_back.waiting = 5;
	text = metrics_text(&world.view, &length);
	assert_line(text, "heloscope_messages_total{verdict=\"defer\",mode=\"enforce\"} 7");
	assert_line(text, "heloscope_dns_errors_total{kind=\"MX\",reason=\"servfail\"} 2");
	assert_line(text, "heloscope_check_seconds_bucket{check=\"spf\",le=\"1\"} 0");
	assert_line(text, "heloscope_check_seconds_bucket{check=\"spf\",le=\"2.5\"} 1");
	assert_line(text, "heloscope_check_seconds_sum{check=\"spf\"} 1.234");
	assert_line(text, "heloscope_mta_lacking_total{what=\"macro-i\"} 1");
	assert_line(text, "heloscope_would_act_total{rule=\"test.conf:3\",action=\"defer\"} 1");
	assert_line(text, "heloscope_list_hits_total{list=\"b.test\"} 1");
	assert_line(text, "heloscope_trust_anchor_root_key_missing 1");
	assert_line(text, "heloscope_resolver_fault{test=\"trust-anchor\"} 1");
	assert_line(text, "heloscope_resolver_fault{test=\"public\"} 1");
	assert_line(text, "heloscope_resolver_fault{test=\"tcp\"} 0");
	assert_line(text, "heloscope_look_back_waiting 5");
	free(text);
	clear_world(&world);
}

/* A reload: lists and rules that stay go on, others begin at 0. */
static void
counts_of_what_stays_survive_a_reload(void **state)
{
	struct world before = world_of(CONFIG);
	struct world after = { .config = config_from_text("dnsbl \"c.test\" dnswl \"b.test\"\n"
							  "policy { reject when spf = fail }\n",
							  NULL) };
	size_t length;
	char *text;

	(void)state;
	list_health_count_listed(before.view.health, "b.test");
	rule_counts_add(before.view.rules, &before.config->default_policy.rules.items[0]);
	after.view.config = after.config;
	after.view.health = list_health_new(after.config, before.view.health, NULL);
	after.view.rules = rule_counts_new(after.config, before.view.rules);
	list_health_count_listed(before.view.health, "b.test"); /* by a session of the old one */
	clear_world(&before);
	text = metrics_text(&after.view, &length);
	assert_line(text, "heloscope_list_hits_total{list=\"b.test\"} 2");
	assert_line(text, "heloscope_list_hits_total{list=\"c.test\"} 0");
	assert_line(text, "heloscope_would_act_total{rule=\"test.conf:2\",action=\"reject\"} 1");
	assert_null(strstr(text, "a.test"));
	free(text);
	clear_world(&after);
}

static void
values_of_labels_are_escaped(void **state)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
		{ "a.test", "a.test" },  { "a\"b", "a\\\"b" },  { "a\\b", "a\\\\b" },
		{ "a\nb", "a\\\\x0ab" }, { "\xff", "\\\\xff" }, { "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char memory[64];
		struct strbuf text = STRBUF_OVER(memory);

		metrics_add_label_value(&text, cases[i].value);
		assert_string_equal(memory, cases[i].text);
	}
}

/* Trust anchors. */

#define KEY_2017                                                                                             \
	"AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU="

/* Each form in which such files are written. */
static void
trust_anchor_reads_keys_of_the_root(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		unsigned first;
		bool lacks;
	} cases[] = {
		{ ". IN DNSKEY 257 3 8 " KEY_2017 " ; keytag 20326\n", 1, 20326, true },
		{ ".\t172800\tIN\tDNSKEY\t257 3 8 (\n " KEY_2017 " ; x )\n )\n. DS 38696 8 2 683D\n", 2,
		  20326, false },
		{ "; only a comment\n. 3600 IN DS 38696 8 2 683D2D0ACB8C9B71", 1, 38696, false },
		{ ". IN DS 20326 8 2 E06D\n   IN DS 20326 8 1 AB\n", 1, 20326, true },
		{ ". in ds 19036 8 2 49AA", 1, 19036, true },
		{ "corp.example. IN DS 1234 8 2 AB\n", 0, 0, false },
		{ "", 0, 0, false },
		{ "\n;\n. IN DS\n. IN DNSKEY 257 3\n. DS 70000 8 2 A\n(\n", 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		const struct trust_anchor anchor = trust_anchor_parse(span_of(cases[i].text));

		print_message("    %s\n", cases[i].text);
		assert_int_equal(anchor.count, cases[i].count);
		assert_int_equal(anchor.keys[0], cases[i].first);
		assert_int_equal(anchor.lacks_root_key, cases[i].lacks);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histogram_estimates_what_was_noted),
		cmocka_unit_test(histogram_takes_a_bound_as_within_it),
		cmocka_unit_test(tallies_go_on_for_names_that_stay),
		cmocka_unit_test(each_metric_is_named_as_it_should_be),
		cmocka_unit_test(labels_are_of_enums_or_of_the_configuration),
		cmocka_unit_test(alerts_ask_for_metrics_that_there_are),
		cmocka_unit_test(all_series_are_there_at_zero),
		cmocka_unit_test(no_series_stands_twice),
		cmocka_unit_test(what_is_counted_is_told),
		cmocka_unit_test(counts_of_what_stays_survive_a_reload),
		cmocka_unit_test(values_of_labels_are_escaped),
		cmocka_unit_test(trust_anchor_reads_keys_of_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
