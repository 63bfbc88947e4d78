/* comparison: domains of senders by receivers, and where one is refused and another is not; trend. */
#include "../unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/document.h"
#include "heloscope/review/comparison.h"
#include "heloscope/review/trend.h"

#define NOW 1795860000

static const char catalogue_text[] =
	"operator \"Big\" { servers { \"*.big.example\" } domains { \"big-mail.example\" } }\n"
	"refusal \"spf\" { text \"no spf\" category spf party senders-domain-owner permanent yes\n"
	"  meaning \"SPF fails.\" remedy \"Publish.\" example \"550 no spf\" }\n"
	"refusal \"nobody\" { text \"unknown user\" category mailbox-unknown party recipient permanent yes\n"
	"  meaning \"Nobody.\" remedy \"Look.\" example \"550 unknown user\" }\n"
	"refusal \"rate\" { text \"too fast\" category rate party sending-server-admin permanent no\n"
	"  meaning \"Too fast.\" remedy \"Slow.\" example \"450 too fast\" }\n";

static struct catalogue *catalogue;
static struct recognizer *recognizer;
static struct comparison *comparison;

static int
begin(void **state)
{
	char path[] = "/tmp/heloscope-test.XXXXXX";
	const int fd = mkstemp(path);
	struct output out = { .file = stderr };

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, catalogue_text, strlen(catalogue_text)), strlen(catalogue_text));
	(void)close(fd);
	catalogue = catalogue_open(path, &out);
	(void)unlink(path);
	assert_non_null(catalogue);
	recognizer = recognizer_new(catalogue);
	comparison = comparison_new(recognizer);
	assert_non_null(comparison);
	document_begin();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	comparison_free(comparison);
	recognizer_free(recognizer);
	catalogue_free(catalogue);
	return 0;
}

/* One attempt; without `text` it was delivered. */
static void
attempt(const char *sender, const char *recipient, const char *host, enum refusal_status status,
	const char *text, time_t time)
{
	struct refusal refusal = refusal_of_text(span_of(text));
	struct recognition known;

	refusal.sender = span_of(sender);
	refusal.recipient = span_of(recipient);
	refusal.host = span_of(host);
	refusal.status = status;
	refusal.time = time;
	if (status == REFUSAL_DELIVERED) {
		comparison_take(comparison, &refusal, NULL);
		return;
	}
	known = recognize(recognizer, &refusal);
	comparison_take(comparison, &refusal, &known);
}

/* Compare a part of the result as JSON on one line. */
static void
assert_part(const char *key, const char *expected)
{
	json_t *json = comparison_json(comparison, NULL);
	char *line = document_line(document_member(json, key));

	assert_string_equal(line, expected);
	free(line);
	json_decref(json);
}

static size_t
count_of(const char *key)
{
	json_t *json = comparison_json(comparison, NULL);
	const size_t count = json_array_size(document_member(json, key));

	json_decref(json);
	return count;
}

static json_int_t
number_of(const char *key)
{
	json_t *json = comparison_json(comparison, NULL);
	const json_int_t number = json_integer_value(document_member(json, key));

	json_decref(json);
	return number;
}

#define REASON                                                                                                   \
	"{\"category\":\"spf\",\"party\":\"senders-domain-owner\",\"entry\":\"spf\",\"meaning\":\"SPF fails.\"," \
	"\"remedy\":\"Publish.\",\"reply\":\"550 no spf\",\"count\":2}"

static void
comparison_tells_which_domain_is_refused_where_another_passes(void **state)
{
	(void)state;
	attempt("x@bad.example", "u@hosted.example", "mx1.big.example", REFUSAL_REFUSED, "550 no spf", NOW);
	attempt("y@BAD.example", "u@other.example", "mx2.big.example", REFUSAL_REFUSED, "550 no spf",
		NOW + 60);
	attempt("x@good.example", "u@hosted.example", "mx1.big.example", REFUSAL_DELIVERED, "", NOW + 30);
	attempt("x@good.example", "u@small.example", "mx.small.example", REFUSAL_DELIVERED, "", NOW);
	attempt("x@bad.example", "nobody@small.example", "mx.small.example", REFUSAL_REFUSED,
		"550 unknown user", NOW);
	attempt("x@bad.example", "u@small.example", "mx.small.example", REFUSAL_DEFERRED, "450 too fast",
		NOW);
	attempt("<>", "u@small.example", "mx.small.example", REFUSAL_DELIVERED, "", NOW);
	assert_part("differences",
		    "[{\"receiver\":\"Big\",\"client\":null,\"refused\":\"bad.example\",\"delivered\":"
		    "[{\"domain\":\"good.example\",\"count\":1}],\"count\":2,\"first\":"
		    "\"2026-11-28T10:00:00Z\",\"last\":\"2026-11-28T10:01:00Z\",\"is-over\":false,"
		    "\"last-delivered\":null,\"reason\":" REASON
		    ",\"claim\":\"not-tested\",\"finding\":null,\"records\":[],\"rows\":null}]");
	assert_int_equal(number_of("without-sender"), 1);
	assert_int_equal(number_of("left-out"), 0);
	assert_int_equal(count_of("domains"), 4);
}

/* What passed a week before is none. */
static void
comparison_tells_no_difference_from_another_time(void **state)
{
	(void)state;
	attempt("x@bad.example", "u@s.example", "mx.s.example", REFUSAL_REFUSED, "550 no spf", NOW);
	attempt("x@good.example", "u@s.example", "mx.s.example", REFUSAL_DELIVERED, "", NOW - 7 * 86400);
	assert_int_equal(count_of("differences"), 0);
}

/* What was refused before a record was published, and passes now, stands behind what is refused still. A
 * domain of which now and then a message is refused is none of both. */
static void
comparison_tells_which_differences_are_over(void **state)
{
	static const struct {
		const char *domain;
		bool is_over;
	} rows[] = { { "again.example", false }, { "bad.example", false }, { "mended.example", true } };
	json_t *json, *differences;

	(void)state;
	for (int i = 0; i < 3; i++)
		attempt("x@mended.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf",
			NOW + i);
	attempt("x@mended.example", "u@h.example", "mx.big.example", REFUSAL_DELIVERED, "", NOW + 60);
	attempt("x@good.example", "u@h.example", "mx.big.example", REFUSAL_DELIVERED, "", NOW);
	attempt("x@bad.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf", NOW);
	attempt("x@bad.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf", NOW + 1);
	attempt("x@again.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf", NOW);
	attempt("x@again.example", "u@h.example", "mx.big.example", REFUSAL_DELIVERED, "", NOW + 1);
	attempt("x@again.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf", NOW + 2);
	attempt("x@mixed.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf", NOW);
	attempt("x@mixed.example", "u@h.example", "mx.big.example", REFUSAL_DELIVERED, "", NOW + 1);
	attempt("x@mixed.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf", NOW + 2);
	attempt("x@mixed.example", "u@h.example", "mx.big.example", REFUSAL_DELIVERED, "", NOW + 3);
	json = comparison_json(comparison, NULL);
	differences = document_member(json, "differences");
	assert_int_equal(json_array_size(differences), ROWS(rows));
	for (size_t i = 0; i < ROWS(rows); i++) {
		const json_t *row = json_array_get(differences, i);

		assert_string_equal(document_text_of(row, "refused"), rows[i].domain);
		assert_int_equal(json_is_true(document_member(row, "is-over")), rows[i].is_over);
	}
	json_decref(json);
}

/* By operator, by registered name, and where no server was reached by what is known of the domain. */
static void
comparison_joins_what_one_receiver_serves(void **state)
{
	json_t *json, *rows;
	static const char *const receivers[] = { "Big", "far.example", "small.example" };

	(void)state;
	attempt("x@a.example", "u@hosted.example", "mx1.big.example", REFUSAL_DELIVERED, "", NOW);
	attempt("x@a.example", "u@hosted.example", "", REFUSAL_DEFERRED, "Connection timed out", NOW);
	attempt("x@a.example", "u@big-mail.example", "", REFUSAL_DEFERRED, "Connection timed out", NOW);
	attempt("x@a.example", "u@s1.example", "mx1.small.example", REFUSAL_DELIVERED, "", NOW);
	attempt("x@a.example", "u@s2.example", "mx2.in.small.example", REFUSAL_DELIVERED, "", NOW);
	attempt("x@a.example", "u@far.example", "", REFUSAL_DEFERRED, "Host not found", NOW);
	json = comparison_json(comparison, NULL);
	rows = document_member(json, "domains");
	assert_int_equal(json_array_size(rows), ROWS(receivers));
	for (size_t i = 0; i < ROWS(receivers); i++)
		assert_string_equal(document_text_of(json_array_get(rows, i), "receiver"), receivers[i]);
	json_decref(json);
}

/* The most frequent reason stays, whatever others come between. */
static void
comparison_keeps_the_most_frequent_reasons(void **state)
{
	char text[32];
	json_t *json;

	(void)state;
	for (int i = 0; i < 300; i++) {
		(void)snprintf(text, sizeof text, "%d strange", 500 + i % 50);
		attempt("x@a.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, text, NOW);
		attempt("x@a.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf", NOW);
	}
	json = comparison_json(comparison, NULL);
	assert_string_equal(
		document_text_of(
			document_member(json_array_get(document_member(json, "domains"), 0), "reason"),
			"entry"),
		"spf");
	json_decref(json);
}

/* A part of an address, which may be tested, would be another one. */
static void
comparison_keeps_whole_words_of_an_answer(void **state)
{
	char text[600];
	json_t *json;
	const char *kept;

	(void)state;
	for (size_t length = 380; length < 420; length++) {
		(void)snprintf(text, sizeof text, "550 no spf %0*d 198.51.100.254 fails", (int)length - 12,
			       0);
		attempt("x@a.example", "u@h.example", "mx.big.example", REFUSAL_REFUSED, text, NOW);
		json = comparison_json(comparison, NULL);
		kept = document_text_of(
			document_member(json_array_get(document_member(json, "domains"), 0), "reason"),
			"reply");
		assert_true(strstr(kept, "198") == NULL || strstr(kept, "198.51.100.254") != NULL);
		json_decref(json);
	}
}

static void
comparison_compares_so_many(void **state)
{
	char sender[64];

	(void)state;
	for (unsigned i = 0; i < BOUND_COMPARED + 7; i++) {
		(void)snprintf(sender, sizeof sender, "x@d%u.example", i);
		attempt(sender, "u@h.example", "mx.big.example", REFUSAL_REFUSED, "550 no spf", NOW);
	}
	assert_int_equal(count_of("domains"), BOUND_COMPARED);
	assert_int_equal(number_of("left-out"), 7);
}

/* Count one of "a" in each of so many hours, from the first of a month. */
static json_t *
trend_of(int hours)
{
	json_t *trend = json_object();
	char time[CLOCK_TEXT_SIZE];

	for (int hour = 0; hour < hours; hour++)
		trend_add(trend, clock_format((int64_t)hour * 3600, time), "a", 1);
	return trend;
}

static void
trend_counts_by_the_hour_and_tells_a_long_one_by_day(void **state)
{
	(void)state;
	for (int hours = 48; hours <= 49; hours++) {
		json_t *trend = trend_of(hours), *other = trend_of(1), *rows;

		trend_add(other, "1970-01-01T00:59:59Z", "b", 7);
		trend_add(other, "", "b", 9);
		trend_add_all(trend, other);
		rows = trend_rows(trend);
		assert_int_equal(json_array_size(rows), hours == 48 ? 48 : 3);
		assert_string_equal(document_text_of(json_array_get(rows, 0), "time"),
				    hours == 48 ? "1970-01-01T00" : "1970-01-01");
		assert_int_equal(json_integer_value(document_member(json_array_get(rows, 0), "a")),
				 hours == 48 ? 2 : 25);
		assert_int_equal(json_integer_value(document_member(json_array_get(rows, 0), "b")), 7);
		json_decref(rows);
		json_decref(other);
		json_decref(trend);
	}
}

static void
trend_notes_so_many_hours(void **state)
{
	json_t *trend = trend_of(TREND_HOURS_MAX + 1);

	(void)state;
	assert_int_equal(json_object_size(trend), TREND_HOURS_MAX);
	trend_add(trend, "1970-01-01T00:00:00Z", "a", 1);
	assert_int_equal(json_integer_value(document_member(document_member(trend, "1970-01-01T00"), "a")),
			 2);
	json_decref(trend);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comparison_tells_which_domain_is_refused_where_another_passes,
						begin, end),
		cmocka_unit_test_setup_teardown(comparison_tells_no_difference_from_another_time, begin, end),
		cmocka_unit_test_setup_teardown(comparison_tells_which_differences_are_over, begin, end),
		cmocka_unit_test_setup_teardown(comparison_joins_what_one_receiver_serves, begin, end),
		cmocka_unit_test_setup_teardown(comparison_keeps_the_most_frequent_reasons, begin, end),
		cmocka_unit_test_setup_teardown(comparison_keeps_whole_words_of_an_answer, begin, end),
		cmocka_unit_test_setup_teardown(comparison_compares_so_many, begin, end),
		cmocka_unit_test(trend_counts_by_the_hour_and_tells_a_long_one_by_day),
		cmocka_unit_test(trend_notes_so_many_hours),
	};

	return cmocka_run_group_tests_name("comparison", tests, NULL, NULL);
}
