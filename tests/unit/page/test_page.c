/* page: how often visitors may come, what is remembered of tests, and which references are read. */
#include "unit.h"

#include <event2/event.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "heloscope/base/strbuf.h"
#include "heloscope/page/again.h"
#include "heloscope/page/gate.h"
#include "heloscope/page/listen.h"
#include "heloscope/page/request.h"
#include "heloscope/page/results.h"
#include "heloscope/page/thorough.h"
#include "heloscope/page/view.h"
#include "heloscope/page/work.h"
#include "heloscope/records/record.h"

#define BEGIN_MS 1000000

static struct ipaddr
numbered(uint32_t number)
{
	return ipaddr_from_ipv4(number);
}

/* Ask, and come in where it is allowed. */
static unsigned
enter(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms)
{
	const unsigned wait_s = gate_ask(gate, visitor, now_ms);

	if (wait_s == 0)
		gate_count(gate, visitor, now_ms);
	return wait_s;
}

static unsigned
enter_test(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms)
{
	const unsigned wait_s = gate_ask_test(gate, visitor, now_ms);

	if (wait_s == 0)
		gate_count_test(gate, visitor, now_ms);
	return wait_s;
}

/* How many times somebody is let in at once. */
static unsigned
enter_all(struct gate *gate, uint32_t visitor, uint64_t now_ms, bool is_vain)
{
	const struct ipaddr address = numbered(visitor);
	unsigned count = 0;

	while (count < 1000 && enter(gate, &address, now_ms) == 0) {
		count++;
		if (is_vain)
			gate_count_miss(gate, &address, now_ms);
	}
	return count;
}

/* How many of different networks are, of which each looks in vain. */
static unsigned
enter_of_many(struct gate *gate, uint32_t first, uint64_t now_ms, bool is_vain)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		const struct ipaddr address = numbered((first + i) << 16);

		if (enter(gate, &address, now_ms) != 0)
			continue;
		count++;
		if (is_vain)
			gate_count_miss(gate, &address, now_ms);
	}
	return count;
}

static void
a_visitor_looks_so_often_and_in_vain_less(void **state)
{
	struct gate *gate = gate_new();
	const struct ipaddr first = numbered(0xc0000201);

	(void)state;
	assert_int_equal(enter_all(gate, 0xc0000201, BEGIN_MS, false), BOUND_PAGE_LOOKS);
	assert_in_range(enter(gate, &first, BEGIN_MS), 1, 2);
	assert_int_equal(enter(gate, &first, BEGIN_MS + 2000), 0);
	assert_int_equal(enter_all(gate, 0xc0000201, BEGIN_MS + 120000, false), BOUND_PAGE_LOOKS);
	gate_free(gate);
	gate = gate_new();
	assert_int_equal(enter_all(gate, 0xc0000201, BEGIN_MS, true),
			 BOUND_PAGE_LOOKS / BOUND_PAGE_MISS_COSTS);
	assert_int_equal(enter_all(gate, 0xc0000202, BEGIN_MS, true),
			 BOUND_PAGE_LOOKS / BOUND_PAGE_MISS_COSTS);
	gate_free(gate);
}

/* A host with a /64 is one visitor. */
static void
addresses_of_one_network_of_ipv6_are_one_visitor(void **state)
{
	struct gate *gate = gate_new();
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		char text[40];
		struct ipaddr address;

		(void)snprintf(text, sizeof text, "2001:db8:1:2:%x::1", i);
		assert_true(ipaddr_parse(span_of(text), &address));
		count += enter(gate, &address, BEGIN_MS) == 0;
	}
	assert_int_equal(count, BOUND_PAGE_LOOKS);
	gate_free(gate);
}

static void
all_together_look_so_often(void **state)
{
	struct gate *gate = gate_new();

	(void)state;
	assert_int_equal(enter_of_many(gate, 256, BEGIN_MS, false), BOUND_PAGE_LOOKS_OF_ALL);
	assert_int_equal(enter_of_many(gate, 2000, BEGIN_MS + 10000, false), BOUND_PAGE_LOOKS_OF_ALL);
	gate_free(gate);
}

/* Guessing keeps those out who guess, and nobody else: but for one in a thousand, whose two places are also
 * those of others. */
static void
too_many_looks_in_vain_keep_out_only_networks_that_did(void **state)
{
	struct gate *gate = gate_new();
	const struct ipaddr guesser = numbered(256U << 16), neighbour = numbered((256U << 16) + 9);
	unsigned others = 0;

	(void)state;
	assert_int_equal(enter_of_many(gate, 256, BEGIN_MS, true), BOUND_PAGE_LOOKS_OF_ALL);
	assert_true(BOUND_PAGE_LOOKS_OF_ALL > BOUND_PAGE_MISSES_OF_ALL);
	assert_int_not_equal(enter(gate, &guesser, BEGIN_MS + 900), 0);
	assert_int_not_equal(enter(gate, &neighbour, BEGIN_MS + 900), 0);
	for (uint32_t i = 0; i < 5; i++) {
		const struct ipaddr other = numbered((9999U + i) << 16);

		others += enter(gate, &other, BEGIN_MS + 900) == 0;
	}
	assert_in_range(others, 3, 5);
	assert_int_equal(enter(gate, &guesser, BEGIN_MS + 600000), 0);
	gate_free(gate);
}

/* An hour of as many addresses as there are, each once: who comes then finds his place free. */
static void
the_gate_forgets_whoever_comes(void **state)
{
	struct gate *gate = gate_new();
	uint64_t now_ms = BEGIN_MS;
	unsigned kept_out = 0;

	(void)state;
	for (uint32_t i = 0; i < 10U * BOUND_PAGE_VISITORS; i++, now_ms += 20)
		(void)enter(gate,
			    &(struct ipaddr){ .octets = { 10, (unsigned char)(i >> 16),
							  (unsigned char)(i >> 8), (unsigned char)i },
					      .length = 4 },
			    now_ms);
	now_ms += 1000;
	for (uint32_t i = 0; i < 50; i++, now_ms += 200) {
		const struct ipaddr address = numbered(0xc6336400U + i);

		kept_out += enter(gate, &address, now_ms) != 0;
	}
	assert_int_equal(kept_out, 0);
	gate_free(gate);
}

/* Who looks in vain from as many networks as he likes, as often as all together may, uses up the places of so
 * few that hardly anybody else has both of his among them. */
static void
many_visitors_keep_no_other_out(void **state)
{
	struct gate *gate = gate_new();
	uint64_t now_ms = BEGIN_MS;
	unsigned used_up = 0, kept_out = 0;

	(void)state;
	for (uint32_t network = 1; now_ms < BEGIN_MS + 30000; network++, now_ms += 600) {
		used_up += enter_all(gate, network << 16, now_ms, true)
			   == BOUND_PAGE_LOOKS / BOUND_PAGE_MISS_COSTS;
	}
	assert_true(used_up >= 8);
	for (uint32_t i = 0; i < 50; i++, now_ms += 100) {
		const struct ipaddr address = numbered(0xc6336400U + i);

		kept_out += enter(gate, &address, now_ms) != 0;
	}
	assert_in_range(kept_out, 0, 1);
	gate_free(gate);
}

/* However many ask: a look that took a second is the last for three. */
static void
one_look_at_a_time_reads_all_of_a_log_and_then_none(void **state)
{
	struct thorough thorough;

	(void)state;
	thorough_init(&thorough);
	assert_true(thorough_begin(&thorough, BEGIN_MS));
	assert_false(thorough_begin(&thorough, BEGIN_MS + 60000));
	thorough_end(&thorough, BEGIN_MS + 1000);
	assert_false(thorough_begin(&thorough, BEGIN_MS + 1000));
	assert_false(thorough_begin(&thorough, BEGIN_MS + 999 + 1000 * BOUND_PAGE_REST));
	assert_true(thorough_begin(&thorough, BEGIN_MS + 1000 * (1 + BOUND_PAGE_REST)));
	thorough_end(&thorough, BEGIN_MS + 1000 * (1 + BOUND_PAGE_REST));
	assert_true(thorough_begin(&thorough, BEGIN_MS + 1000 * (1 + BOUND_PAGE_REST)));
	thorough_clear(&thorough);
}

/* BOUND_PAGE_MISSES_OF_ALL: for so many the whole log is read. */
static void
looks_in_vain_are_borne_so_often(void **state)
{
	struct gate *gate = gate_new();

	(void)state;
	for (uint32_t i = 1; i <= BOUND_PAGE_MISSES_OF_ALL; i++) {
		const struct ipaddr address = numbered(i << 16);

		assert_true(gate_bears_misses(gate, BEGIN_MS));
		gate_count_miss(gate, &address, BEGIN_MS);
	}
	assert_false(gate_bears_misses(gate, BEGIN_MS));
	assert_true(gate_bears_misses(gate, BEGIN_MS + 60000));
	gate_free(gate);
}

static void
tests_are_so_many_in_a_minute(void **state)
{
	struct gate *gate = gate_new();
	const struct ipaddr one = numbered(1);
	unsigned of_one = 0, of_all = 0;

	(void)state;
	while (of_one < 1000 && enter_test(gate, &one, BEGIN_MS) == 0)
		of_one++;
	assert_int_equal(of_one, BOUND_PAGE_LOOKS / BOUND_PAGE_MISS_COSTS);
	for (uint32_t i = 2; i < 1000; i++) {
		const struct ipaddr address = numbered(i << 16);

		of_all += enter_test(gate, &address, BEGIN_MS) == 0;
	}
	assert_int_equal(of_one + of_all, BOUND_PAGE_TESTS_A_MINUTE);
	gate_free(gate);
}

/* Who asks and finds no room has used up nothing, neither of his own nor of all. */
static void
what_is_only_asked_for_does_not_count(void **state)
{
	struct gate *gate = gate_new();
	const struct ipaddr one = numbered(1);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(gate_ask(gate, &one, BEGIN_MS), 0);
		assert_int_equal(gate_ask_test(gate, &one, BEGIN_MS), 0);
	}
	assert_int_equal(enter_all(gate, 1, BEGIN_MS, false), BOUND_PAGE_LOOKS);
	gate_free(gate);
}

static const char *
ident_of(unsigned number, char ident[IDENT_SIZE])
{
	(void)snprintf(ident, IDENT_SIZE, "20261124T125000Z-%012x", number);
	return ident;
}

static void
results_are_so_many_and_one_a_minute(void **state)
{
	struct results results = { .running = 0 };
	char ident[IDENT_SIZE];
	struct outcome *running[BOUND_PAGE_TESTS];
	struct ipaddr clients[BOUND_PAGE_RESULTS];
	uint64_t now_ms = BEGIN_MS;

	(void)state;
	for (uint32_t i = 0; i < BOUND_PAGE_RESULTS; i++)
		clients[i] = numbered(i << 8);
	for (unsigned i = 0; i < BOUND_PAGE_TESTS; i++) {
		running[i] = results_begin(&results, ident_of(i, ident), &clients[i], now_ms);
		assert_non_null(running[i]);
	}
	assert_null(results_begin(&results, ident_of(99, ident), &clients[99], now_ms));
	for (unsigned i = 0; i < BOUND_PAGE_TESTS; i++)
		results_end(&results, running[i], strdup("x"));
	assert_null(results_begin(&results, ident_of(0, ident), &clients[99], now_ms + RESULT_STAYS_MS - 1));
	for (unsigned i = BOUND_PAGE_TESTS; i < BOUND_PAGE_RESULTS; i++)
		results_end(&results, results_begin(&results, ident_of(i, ident), &clients[i], now_ms), NULL);
	assert_null(results_begin(&results, ident_of(9999, ident), &clients[99], now_ms));
	now_ms += RESULT_STAYS_MS;
	results_end(&results, results_begin(&results, ident_of(0, ident), &clients[99], now_ms), strdup("y"));
	results_end(&results, results_begin(&results, ident_of(9999, ident), &clients[99], now_ms), NULL);
	assert_string_equal(results_find(&results, ident_of(0, ident))->line, "y");
	assert_null(results_find(&results, ident_of(1, ident))); /* it was the oldest */
	results_clear(&results);
}

/* Servers that never answer keep one thread busy, however many references their network has. */
static void
of_a_network_one_test_is_under_way(void **state)
{
	static const struct {
		const char *client;
		bool may_begin;
	} table[] = {
		{ "192.0.2.1", false },       { "192.0.2.200", false },     { "192.0.3.1", true },
		{ "2001:db8:1:2::1", false }, { "2001:db8:1:3::1", false }, { "2001:db8:2::1", true },
	};
	struct results results = { .running = 0 };
	struct ipaddr first, second;
	char ident[IDENT_SIZE];

	(void)state;
	assert_true(ipaddr_parse(SPAN("192.0.2.1"), &first));
	assert_true(ipaddr_parse(SPAN("2001:db8:1:2::1"), &second));
	assert_non_null(results_begin(&results, ident_of(1, ident), &first, BEGIN_MS));
	assert_non_null(results_begin(&results, ident_of(2, ident), &second, BEGIN_MS));
	for (unsigned i = 0; i < ROWS(table); i++) {
		struct ipaddr client;
		struct outcome *begun;

		assert_true(ipaddr_parse(span_of(table[i].client), &client));
		assert_int_equal(results_is_testing(&results, &client), !table[i].may_begin);
		begun = results_begin(&results, ident_of(10 + i, ident), &client, BEGIN_MS);
		assert_int_equal(begun != NULL, table[i].may_begin);
		if (begun != NULL)
			results_end(&results, begun, NULL);
	}
	results_end(&results, results_find(&results, ident_of(1, ident)), NULL);
	assert_non_null(results_begin(&results, ident_of(20, ident), &first, BEGIN_MS));
	results_clear(&results);
}

static void
the_reference_is_the_last_part_of_the_path(void **state)
{
	static const struct {
		const char *uri;
		bool is_one;
	} table[] = {
		{ "/why/20261124T125000Z-0123456789ab", true },
		{ "/20261124T125000Z-0123456789ab", true },
		{ "20261124T125000Z-0123456789ab", true },
		{ "http://mx.test/a/b/20261124T125000Z-0123456789ab?x=/y#z", true },
		{ "/why/20261124T125000Z-0123456789ab/", false },
		{ "/why/20261124T125000Z-0123456789a", false },
		{ "/why/20261124T125000Z-0123456789abc", false },
		{ "/why/20261124T125000Z-0123456789AB", false },
		{ "/why/20261124T125000Z-0123456789a%62", false },
		{ "/why/20261124T125000Z%00012345678ab", false },
		{ "/why/../20261124T125000Z.0123456789ab", false },
		{ "/why/<script>alert(1)</script>xxxxx", false },
		{ "?20261124T125000Z-0123456789ab", false },
		{ "", false },
	};
	char ident[IDENT_SIZE];

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		assert_int_equal(page_request_ident(table[i].uri, ident), table[i].is_one);
		if (table[i].is_one)
			assert_string_equal(ident, "20261124T125000Z-0123456789ab");
		else
			assert_true(ident_is_beginning(ident, IDENT_SIZE - 1));
	}
}

static void
only_loopback_is_listened_on(void **state)
{
	static const struct {
		const char *listen, *made;
	} table[] = {
		{ "unix:/run/x", "unix:/run/x" },
		{ "127.0.0.1:80", "inet:80@127.0.0.1" },
		{ "[::1]:8893", "inet6:8893@::1" },
		{ "192.0.2.1:80", NULL },
		{ "0.0.0.0:80", NULL },
		{ "[::]:80", NULL },
		{ "80", NULL },
		{ "localhost:80", NULL },
		{ "unix:run", NULL },
		{ "127.0.0.1:0", NULL },
		{ "127.0.0.1:", NULL },
		{ "", NULL },
	};
	struct error error;

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char memory[100];
		struct strbuf made = STRBUF_OVER(memory);

		assert_int_equal(page_listen_read(table[i].listen, &made, &error), table[i].made != NULL);
		if (table[i].made != NULL)
			assert_string_equal(memory, table[i].made);
	}
}

/* Work. */

#define JOBS 20

struct job {
	struct work work;
	atomic_bool *may_go;
	atomic_uint *ran;
	unsigned *done;
	struct event_base *base;
	bool is_last;
};

static void
run_job(struct work *work)
{
	struct job *job = (struct job *)work;

	while (!atomic_load(job->may_go))
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	(void)atomic_fetch_add(job->ran, 1);
}

static void
end_job(struct work *work)
{
	struct job *job = (struct job *)work;

	if (++*job->done == JOBS / 2)
		(void)event_base_loopbreak(job->base);
}

static void
work_waits_in_a_queue_with_an_end_and_is_told_of_once(void **state)
{
	struct event_base *base = event_base_new();
	atomic_bool may_go = false;
	atomic_uint ran = 0;
	unsigned done = 0, added = 0;
	struct job jobs[JOBS];
	struct error error;
	struct workers *workers = workers_new(base, 2, JOBS / 2, &error);

	(void)state;
	assert_non_null(workers);
	for (size_t i = 0; i < JOBS; i++) {
		jobs[i] = (struct job){ { run_job, end_job, NULL }, &may_go, &ran, &done, base, false };
		added += workers_add(workers, &jobs[i].work);
	}
	assert_in_range(added, JOBS / 2, JOBS / 2 + 2); /* each of the threads may have taken one */
	atomic_store(&may_go, true);
	assert_int_equal(event_base_dispatch(base), 0);
	workers_free(workers);
	assert_int_equal(done, added);
	assert_in_range(atomic_load(&ran), JOBS / 2, added);
	event_base_free(base);
}

/* What is shown of a record. */

#define RECORD(verdicts, recipients)                                                                                         \
	"{\"v\":1,\"id\":\"20261124T120000Z-000000000000\",\"time\":\"2026-11-24T12:00:00Z\",\"mode\":\"enforce\","          \
	"\"client\":{\"ip\":\"198.51.100.7\",\"port\":25},\"helo\":\"a.test\",\"mail-from\":\"<joe@d.test>\","               \
	"\"sender\":\"joe@d.test\",\"checks\":{\"spf\":{\"result\":\"fail\",\"domain\":\"d.test\"}},\"verdicts\":[" verdicts \
	"],\"recipients\":" recipients "}"
#define VERDICT(action, is_enforced, more)                                                                   \
	"{\"recipient\":\"<a@b.test>\",\"action\":\"" action "\",\"enforced\":" is_enforced                  \
	",\"softened\":false" more "}"
#define REFUSED ",\"rule\":\"x.conf:1\",\"reply\":\"550 5.7.1 no\""
#define DEFERRED ",\"rule\":\"x.conf:2\",\"reply\":\"451 4.7.1 later\""

static void
only_a_refusal_that_was_told_has_a_page(void **state)
{
	static const struct {
		const char *line;
		bool is_refusal;
	} table[] = {
		{ RECORD(VERDICT("reject", "true", REFUSED), "1"), true },
		{ RECORD(VERDICT("defer", "true", DEFERRED), "1"), true },
		{ RECORD(VERDICT("accept", "true", "") "," VERDICT("reject", "true", REFUSED), "2"), true },
		{ RECORD(VERDICT("accept", "true", ""), "1"), false },
		{ RECORD(VERDICT("reject", "false", REFUSED), "1"), false },
		{ RECORD(VERDICT("accept", "true", "") "," VERDICT(
				 "defer", "true", ",\"apart\":true,\"reply\":\"452 4.5.3 alone\""),
			 "2"),
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct record_reading reading;

		print_message("    %s\n", strstr(table[i].line, "verdicts"));
		assert_true(record_read(span_of(table[i].line), &reading));
		assert_int_equal(view_is_refusal(&reading.record), table[i].is_refusal);
		record_release(&reading);
	}
}

/* What is done counts, whatever would be done without another recipient. */
static void
a_test_says_what_would_be_done(void **state)
{
	const char *line =
		RECORD(VERDICT("reject", "false", REFUSED ",\"overruled\":\"others-defer\"") "," VERDICT(
			       "defer", "true", DEFERRED) "," VERDICT("defer", "true", DEFERRED),
		       "3");
	char *text = NULL;
	size_t length = 0;
	struct output out = { .file = open_memstream(&text, &length), .is_utf8 = true, .is_markup = true };

	(void)state;
	assert_non_null(out.file);
	again_put(line, NULL, &out);
	assert_true(output_close(&out));
	assert_non_null(strstr(text, "The next mail would be deferred."));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_visitor_looks_so_often_and_in_vain_less),
		cmocka_unit_test(addresses_of_one_network_of_ipv6_are_one_visitor),
		cmocka_unit_test(all_together_look_so_often),
		cmocka_unit_test(too_many_looks_in_vain_keep_out_only_networks_that_did),
		cmocka_unit_test(the_gate_forgets_whoever_comes),
		cmocka_unit_test(many_visitors_keep_no_other_out),
		cmocka_unit_test(one_look_at_a_time_reads_all_of_a_log_and_then_none),
		cmocka_unit_test(looks_in_vain_are_borne_so_often),
		cmocka_unit_test(tests_are_so_many_in_a_minute),
		cmocka_unit_test(what_is_only_asked_for_does_not_count),
		cmocka_unit_test(of_a_network_one_test_is_under_way),
		cmocka_unit_test(results_are_so_many_and_one_a_minute),
		cmocka_unit_test(the_reference_is_the_last_part_of_the_path),
		cmocka_unit_test(only_loopback_is_listened_on),
		cmocka_unit_test(only_a_refusal_that_was_told_has_a_page),
		cmocka_unit_test(a_test_says_what_would_be_done),
		cmocka_unit_test(work_waits_in_a_queue_with_an_end_and_is_told_of_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
