#include "heloscope/daemon/status.h"

#include <string.h>
#include <time.h>

#include "heloscope/base/document.h"
#include "heloscope/checks/counts.h"
#include "heloscope/config/words.h"
#include "heloscope/dns/counts.h"
#include "heloscope/peer/counts.h"
#include "heloscope/records/counts.h"
#include "heloscope/share/counts.h"
#include "heloscope/records/record.h"
#include "heloscope/words/list_trouble.h"
#include "heloscope/words/resolver_words.h"

#define STATUS_VERSION 1

static void
set_count(json_t *object, const char *key, uint64_t count)
{
	document_set_number(object, key, (json_int_t)count);
}

/* How long things took: mean and parts of a hundred that were quicker. */
static void
set_times(json_t *object, const struct histogram_reading *times)
{
	set_count(object, "count", times->count);
	set_count(object, "mean-ms", times->count > 0 ? times->sum_ms / times->count : 0);
	set_count(object, "p50-ms", histogram_quantile_ms(times, 50));
	set_count(object, "p90-ms", histogram_quantile_ms(times, 90));
	set_count(object, "p99-ms", histogram_quantile_ms(times, 99));
}

static json_t *
config_object(const struct metrics_view *view, const char *file)
{
	json_t *object = json_object();

	document_set_text(object, "file", file);
	document_set_time(object, "read", view->read);
	document_set_text(object, "mode", config_modes[view->config->mode]);
	set_count(object, "reloads", counter_value(&counts.reloads[RELOAD_SUCCESS]));
	set_count(object, "failed-reloads", counter_value(&counts.reloads[RELOAD_FAILURE]));
	document_set_flag(object, "last-reload-failed",
			  atomic_load_explicit(&counts.last_reload, memory_order_relaxed) == RELOAD_FAILURE);
	return object;
}

static json_t *
sessions_object(void)
{
	json_t *object = json_object();

	set_count(object, "now", counts_sessions());
	set_count(object, "all", counter_value(&counts.sessions_begun));
	return object;
}

static json_t *
messages_object(const struct status_recent *recent)
{
	json_t *object = json_object(), *all = json_object(), *last = json_object();

	for (size_t i = 0; i < VERDICTS; i++) {
		set_count(all, action_word((enum action)i), counts_messages(i));
		set_count(last, action_word((enum action)i), recent->messages[i]);
	}
	document_put(object, "all", all);
	set_count(object, "last-seconds", recent->seconds);
	document_put(object, "last", last);
	return object;
}

static json_t *
waits_object(void)
{
	const struct histogram_reading waits = histogram_read(&counts.waits);
	json_t *object = json_object(), *deadlines = json_object();

	set_times(object, &waits);
	set_count(deadlines, "rcpt", counter_value(&check_counts.deadlines[HELD_UP_AT_RCPT]));
	set_count(deadlines, "end-of-message", counter_value(&check_counts.deadlines[HELD_UP_AT_END]));
	document_put(object, "deadlines", deadlines);
	return object;
}

/* Only faults that there were. */
static json_t *
faults_object(size_t kind)
{
	json_t *object = json_object();

	for (int status = 0; status < DNS_STATUSES; status++) {
		const uint64_t count = counter_value(&dns_counts.faults[kind][status]);

		if (count > 0)
			set_count(object, record_status_token((enum dns_status)status), count);
	}
	return object;
}

static json_t *
cache_object(const struct metrics_view *view)
{
	json_t *object = json_object();

	set_count(object, "hits", counter_value(&dns_counts.known));
	set_count(object, "misses", counter_value(&dns_counts.unknown));
	set_count(object, "octets", view->cache.octets);
	set_count(object, "octets-max", view->cache.octets_max);
	set_count(object, "entries", view->cache.entries);
	return object;
}

static json_t *
dns_object(const struct metrics_view *view)
{
	json_t *object = json_object(), *kinds = json_array();

	for (size_t i = 0; i < DNS_KINDS; i++) {
		const struct histogram_reading times = histogram_read(&dns_counts.seconds[i]);
		json_t *kind = json_object();

		document_set_text(kind, "kind", dns_type_word(dns_kinds[i]));
		set_times(kind, &times);
		document_put(kind, "faults", faults_object(i));
		document_append(kinds, kind);
	}
	document_set_flag(object, "servers-silent",
			  atomic_load_explicit(&dns_counts.deaf, memory_order_relaxed) != 0);
	document_put(object, "kinds", kinds);
	document_put(object, "cache", cache_object(view));
	return object;
}

/* Lists. */

static const char *
trouble_token(enum list_trouble trouble)
{
	const enum list_fault fault = list_trouble_fault(trouble);

	return fault == LIST_FAULT_NONE ? "well" : record_list_fault_token(fault);
}

/* A time of clock_now_ms() as one since 1970. */
static int64_t
time_of(uint64_t then_ms, uint64_t now_ms)
{
	return (int64_t)time(NULL) - (int64_t)((now_ms - then_ms) / 1000);
}

static json_t *
part_object(struct list_health *health, size_t list, enum list_part part, uint64_t now_ms)
{
	const struct list_standing standing = list_health_standing(health, list, part);
	json_t *object = json_object(), *tests = json_array();

	document_set_text(object, "part", list_part_word(part));
	document_set_text(object, "state", trouble_token(standing.trouble));
	if (standing.since_ms > 0)
		document_set_time(object, "since", time_of(standing.since_ms, now_ms));
	for (size_t i = 0; i < standing.round_count; i++) {
		json_t *test = json_object();

		document_set_time(test, "time", time_of(standing.rounds[i].ended_ms, now_ms));
		document_set_text(test, "state", trouble_token(standing.rounds[i].trouble));
		set_count(test, "ms", standing.rounds[i].slowest_ms);
		document_append(tests, test);
	}
	document_put(object, "tests", tests);
	return object;
}

/* The parts of all lines that ask this list. */
static json_t *
parts_array(const struct metrics_view *view, size_t index, uint64_t now_ms)
{
	const struct list_set *lists = &view->config->lists;
	json_t *array = json_array();

	for (size_t i = index; i < lists->count; i++) {
		if (strcmp(lists->items[i].shown, lists->items[index].shown) != 0
		    || lists->items[i].is_left_out)
			continue;
		for (int part = 0; part < LIST_PARTS; part++)
			if (list_has_part(&lists->items[i], (enum list_part)part))
				document_append(array,
						part_object(view->health, i, (enum list_part)part, now_ms));
	}
	return array;
}

static json_t *
list_object(const struct metrics_view *view, size_t index, uint64_t now_ms)
{
	const struct list *list = &view->config->lists.items[index];
	const struct tally *tally = list_health_tally(view->health, index);
	const struct histogram_reading times = histogram_read(&tally->took);
	json_t *object = json_object();

	document_set_text(object, "list", list->shown);
	document_set_flag(object, "asked", !list->is_left_out);
	set_times(object, &times);
	set_count(object, "hits", counter_value(&tally->counters[LIST_TALLY_LISTED]));
	set_count(object, "faults", counter_value(&tally->counters[LIST_TALLY_FAULTS]));
	set_count(object, "suspensions", counter_value(&tally->counters[LIST_TALLY_SUSPENDED]));
	document_put(object, "parts", parts_array(view, index, now_ms));
	return object;
}

static json_t *
lists_array(const struct metrics_view *view, uint64_t now_ms)
{
	json_t *array = json_array();

	for (size_t i = 0; i < view->config->lists.count; i++)
		if (!list_health_is_repeated(view->health, i))
			document_append(array, list_object(view, i, now_ms));
	return array;
}

/* The self-test of the resolver. */

/* Those of the servers whose bits are set. */
static json_t *
servers_array(const struct resolver_report *report, unsigned bits)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->server_count; i++) {
		json_t *server;

		if ((bits & 1U << i) == 0)
			continue;
		server = json_object();
		document_set_address(server, "address", &report->servers[i].address);
		document_set_number(server, "port", report->servers[i].port);
		document_append(array, server);
	}
	return array;
}

static json_t *
result_object(const struct metrics_view *view, enum resolver_test test)
{
	const struct resolver_result *result = &view->resolver.results[test];
	json_t *object = json_object(), *keys = json_array();

	document_set_text(object, "test", resolver_test_token(test));
	document_set_text(object, "finding", resolver_finding_token(result->finding));
	document_set_flag(object, "fault", resolver_words_is_fault(&view->resolver, test, view->config));
	document_put(object, "servers", servers_array(&view->resolver, result->servers));
	set_count(object, "ms", result->ms);
	for (size_t i = 0; i < result->keys.count; i++)
		document_append(keys, json_integer(result->keys.items[i]));
	document_put(object, "keys", keys);
	return object;
}

static json_t *
resolver_object(const struct metrics_view *view)
{
	json_t *object = json_object(), *tests = json_array();

	if (view->resolver.tested > 0)
		document_set_time(object, "tested", view->resolver.tested);
	document_set_flag(object, "recursive", view->config->resolver.mode == RESOLVER_RECURSIVE);
	document_put(object, "servers", servers_array(&view->resolver, ~0U));
	for (int test = 0; test < RESOLVER_TESTS; test++)
		document_append(tests, result_object(view, (enum resolver_test)test));
	document_put(object, "tests", tests);
	return object;
}

/* The rest. */

static json_t *
look_back_object(const struct metrics_view *view)
{
	json_t *object, *visits;

	if (!view->config->looks_back)
		return json_null();
	object = json_object();
	visits = json_object();
	set_count(object, "waiting", view->look_back.waiting);
	set_count(object, "active", view->look_back.active);
	set_count(object, "findings", view->look_back.known);
	for (int i = 0; i < PEER_OUTCOMES; i++)
		set_count(visits, peer_outcome_tokens[i], counter_value(&peer_counts.visits[i]));
	document_put(object, "visits", visits);
	return object;
}

static json_t *
records_object(const struct metrics_view *view)
{
	json_t *object, *dropped;

	if (view->config->records == NULL)
		return json_null();
	object = json_object();
	dropped = json_object();
	document_set_text(object, "file", view->config->records);
	set_count(object, "written", counter_value(&record_counts.written));
	set_count(dropped, "disk", counter_value(&record_counts.dropped[RECORD_DROP_DISK]));
	set_count(dropped, "allowance", counter_value(&record_counts.dropped[RECORD_DROP_ALLOWANCE]));
	document_put(object, "dropped", dropped);
	return object;
}

static json_t *
share_object(const struct metrics_view *view)
{
	json_t *object, *asked;

	if (view->config->share.server == NULL)
		return json_null();
	object = json_object();
	asked = json_object();
	document_set_text(object, "server", view->config->share.server);
	document_set_flag(object, "connected", view->share.is_connected);
	if (view->share.reason[0] != '\0')
		document_set_text(object, "last-reason", view->share.reason);
	set_count(object, "waiting", view->share.waiting);
	set_count(object, "records", counter_value(&share_counts.records));
	set_count(object, "dropped", counter_value(&share_counts.dropped));
	set_count(object, "stream", view->share.stream_records);
	set_count(object, "stream-length", view->config->share.stream_length);
	for (int i = 0; i < SHARE_ASKED_STATES; i++)
		set_count(asked, share_asked_words[i], counter_value(&share_counts.asked[i]));
	document_put(object, "asked", asked);
	set_count(object, "visits-spared", counter_value(&peer_counts.spared));
	return object;
}

static json_t *
mta_array(void)
{
	json_t *array = json_array();

	for (int i = 0; i < MTA_LACKS; i++) {
		const uint64_t count = counter_value(&counts.lacks[i]);
		json_t *object;

		if (count == 0)
			continue;
		object = json_object();
		document_set_text(object, "what", mta_lack_words[i].token);
		set_count(object, "count", count);
		document_set_time(object, "last",
				  atomic_load_explicit(&counts.lacked_at[i], memory_order_relaxed));
		document_append(array, object);
	}
	return array;
}

static json_t *
anchor_object(const struct metrics_view *view)
{
	json_t *object, *keys;

	if (view->config->resolver.trust_anchor == NULL)
		return json_null();
	object = json_object();
	keys = json_array();
	document_set_text(object, "file", view->config->resolver.trust_anchor);
	for (size_t i = 0; view->anchor != NULL && i < view->anchor->count; i++)
		document_append(keys, json_integer(view->anchor->keys[i]));
	document_put(object, "keys", keys);
	document_set_flag(object, "lacks-root-key",
			  view->resolver.results[RESOLVER_TEST_ANCHOR].finding == RESOLVER_LACKS_KEY);
	return object;
}

char *
status_make(const struct metrics_view *view, const char *file, const struct status_recent *recent,
	    uint64_t now_ms)
{
	const int64_t now = (int64_t)time(NULL);
	json_t *object;
	char *line;

	document_begin();
	object = json_object();
	document_set_number(object, "v", STATUS_VERSION);
	document_set_text(object, "version", PACKAGE_VERSION);
	document_set_time(object, "time", now);
	document_set_time(object, "started", view->started);
	set_count(object, "up-seconds", now > view->started ? (uint64_t)(now - view->started) : 0);
	document_put(object, "configuration", config_object(view, file));
	document_put(object, "sessions", sessions_object());
	document_put(object, "messages", messages_object(recent));
	document_put(object, "waits", waits_object());
	document_put(object, "dns", dns_object(view));
	document_put(object, "resolver", resolver_object(view));
	document_put(object, "lists", lists_array(view, now_ms));
	document_put(object, "look-back", look_back_object(view));
	document_put(object, "records", records_object(view));
	document_put(object, "share", share_object(view));
	document_put(object, "mta-lacks", mta_array());
	document_put(object, "trust-anchor", anchor_object(view));
	line = document_has_failed() ? NULL : document_line(object);
	json_decref(object);
	return line;
}
