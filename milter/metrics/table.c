#include "heloscope/metrics/table.h"

#include <string.h>

#include "heloscope/checks/counts.h"
#include "heloscope/config/words.h"
#include "heloscope/dns/counts.h"
#include "heloscope/dns/resolver.h"
#include "heloscope/metrics/counts.h"
#include "heloscope/peer/counts.h"
#include "heloscope/records/counts.h"
#include "heloscope/records/record.h"
#include "heloscope/share/counts.h"
#include "heloscope/words/resolver_words.h"

const char *const metric_kinds[METRIC_KINDS] = { "counter", "gauge", "histogram" };

/* Labels. */

#define LABEL_OF_ENUM(label, shown, size, expression)                                                        \
	static size_t count_of_##label(const struct metrics_view *view)                                      \
	{                                                                                                    \
		(void)view;                                                                                  \
		return (size);                                                                               \
	}                                                                                                    \
	static const char *word_of_##label(const struct metrics_view *view, size_t index)                    \
	{                                                                                                    \
		(void)view;                                                                                  \
		(void)index;                                                                                 \
		return (expression);                                                                         \
	}                                                                                                    \
	static const struct metric_label label_##label = { shown, count_of_##label, word_of_##label };

static const char *const held_ups[HELD_UPS] = { "rcpt", "end-of-message" };
static const char *const drops[RECORD_DROPS] = { "disk", "allowance" };
static const char *const reload_results[RELOAD_RESULTS] = { "success", "failure" };

LABEL_OF_ENUM(version, "version", 1, PACKAGE_VERSION)
LABEL_OF_ENUM(verdict, "verdict", VERDICTS, action_word((enum action)index))
LABEL_OF_ENUM(verdict_of_rule, "action", VERDICTS, action_word((enum action)index))
LABEL_OF_ENUM(mode, "mode", 2, config_modes[index])
LABEL_OF_ENUM(check, "check", METHODS, method_words((enum method)index)->policy_word)
LABEL_OF_ENUM(result, "result", RESULTS, result_word((enum result)index))
LABEL_OF_ENUM(stage, "stage", HELD_UPS, held_ups[index])
LABEL_OF_ENUM(kind, "kind", DNS_KINDS, dns_type_word(dns_kinds[index]))
LABEL_OF_ENUM(reason, "reason", DNS_STATUSES, record_status_token((enum dns_status)index))
LABEL_OF_ENUM(outcome, "outcome", PEER_OUTCOMES, peer_outcome_tokens[index])
LABEL_OF_ENUM(drop, "reason", RECORD_DROPS, drops[index])
LABEL_OF_ENUM(reload, "result", RELOAD_RESULTS, reload_results[index])
LABEL_OF_ENUM(test, "test", RESOLVER_TESTS, resolver_test_token((enum resolver_test)index))
LABEL_OF_ENUM(asked, "outcome", SHARE_ASKED_STATES, share_asked_words[index])
LABEL_OF_ENUM(lack, "what", MTA_LACKS, mta_lack_words[index].token)

static size_t
lists_count(const struct metrics_view *view)
{
	return view->config->lists.count;
}

static const char *
list_word(const struct metrics_view *view, size_t index)
{
	return view->config->lists.items[index].shown;
}

static const struct metric_label label_list = { "list", lists_count, list_word };

static size_t
rules_count(const struct metrics_view *view)
{
	return rule_counts_size(view->rules);
}

static const char *
rule_word(const struct metrics_view *view, size_t index)
{
	return rule_counts_rule(view->rules, index)->place;
}

static const struct metric_label label_rule = { "rule", rules_count, rule_word };

/* Series that there are. */

static bool
has_result(const struct metrics_view *view, size_t check, size_t result)
{
	(void)view;
	return (method_words((enum method)check)->results & 1U << result) != 0;
}

static bool
has_reason(const struct metrics_view *view, size_t kind, size_t status)
{
	(void)view;
	(void)kind;
	return dns_status_is_fault((enum dns_status)status) && dns_status_was_asked((enum dns_status)status)
	       && status != DNS_TIMEOUT; /* that is a message's, and the next one may have the answer */
}

static bool
has_list(const struct metrics_view *view, size_t list, size_t none)
{
	(void)none;
	return !view->config->lists.items[list].is_left_out && !list_health_is_repeated(view->health, list);
}

static bool
has_action(const struct metrics_view *view, size_t rule, size_t action)
{
	return (size_t)rule_counts_rule(view->rules, rule)->action == action;
}

/* Values. */

#define VALUE(name, expression)                                                                              \
	static uint64_t name(const struct metrics_view *view, size_t first, size_t second)                   \
	{                                                                                                    \
		(void)view;                                                                                  \
		(void)first;                                                                                 \
		(void)second;                                                                                \
		return (uint64_t)(expression);                                                               \
	}
#define HISTOGRAM(name, expression)                                                                          \
	static const struct histogram *name(const struct metrics_view *view, size_t first, size_t second)    \
	{                                                                                                    \
		(void)view;                                                                                  \
		(void)first;                                                                                 \
		(void)second;                                                                                \
		return (expression);                                                                         \
	}

/* Each part that is asked. */
static bool
is_well(const struct metrics_view *view, size_t list)
{
	for (int part = 0; part < LIST_PARTS; part++)
		if (list_has_part(&view->config->lists.items[list], (enum list_part)part)
		    && list_health_fault(view->health, list, (enum list_part)part) != LIST_FAULT_NONE)
			return false;
	return true;
}

/* Of several lines for one list all count. */
static uint64_t
list_state(const struct metrics_view *view, size_t list, size_t none)
{
	const struct list_set *lists = &view->config->lists;

	(void)none;
	for (size_t i = list; i < lists->count; i++)
		if (strcmp(lists->items[i].shown, lists->items[list].shown) == 0
		    && !lists->items[i].is_left_out && !is_well(view, i))
			return 0;
	return 1;
}

VALUE(one, 1)
VALUE(started, view->started)
VALUE(config_read, view->read)
VALUE(enforcing, view->config->mode == MODE_ENFORCE)
VALUE(reloads, counter_value(&counts.reloads[first]))
VALUE(sessions, counts_sessions())
VALUE(connections, counter_value(&counts.sessions_begun))
VALUE(messages, counter_value(&counts.messages[first][second]))
VALUE(would_act, rule_counts_value(view->rules, first))
VALUE(check_results, counter_value(&check_counts.results[first][second]))
VALUE(deadlines, counter_value(&check_counts.deadlines[first]))
VALUE(dns_errors, counter_value(&dns_counts.faults[first][second]))
VALUE(dns_silent, atomic_load_explicit(&dns_counts.deaf, memory_order_relaxed) != 0 ? 1 : 0)
VALUE(cache_hits, counter_value(&dns_counts.known))
VALUE(cache_misses, counter_value(&dns_counts.unknown))
VALUE(cache_octets, view->cache.octets)
VALUE(cache_entries, view->cache.entries)
VALUE(list_hits, counter_value(&list_health_tally(view->health, first)->counters[LIST_TALLY_LISTED]))
VALUE(list_errors, counter_value(&list_health_tally(view->health, first)->counters[LIST_TALLY_FAULTS]))
VALUE(list_suspensions,
      counter_value(&list_health_tally(view->health, first)->counters[LIST_TALLY_SUSPENDED]))
VALUE(peers_waiting, view->look_back.waiting)
VALUE(peers_known, view->look_back.known)
VALUE(peer_visits, counter_value(&peer_counts.visits[first]))
VALUE(records_written, counter_value(&record_counts.written))
VALUE(records_dropped, counter_value(&record_counts.dropped[first]))
VALUE(peers_spared, counter_value(&peer_counts.spared))
VALUE(share_down, view->config->share.server != NULL && !view->share.is_connected)
VALUE(share_waiting, view->share.waiting)
VALUE(share_records, counter_value(&share_counts.records))
VALUE(share_dropped, counter_value(&share_counts.dropped))
VALUE(share_stream, view->share.stream_records)
VALUE(share_stream_length, view->config->share.server != NULL ? view->config->share.stream_length : 0)
VALUE(share_asked, counter_value(&share_counts.asked[first]))
VALUE(share_downs, counter_value(&share_counts.downs))
VALUE(lacks, counter_value(&counts.lacks[first]))
VALUE(resolver_fault, resolver_words_is_fault(&view->resolver, (enum resolver_test)first, view->config))
VALUE(resolver_tested, view->resolver.tested)
VALUE(root_key_missing, view->resolver.results[RESOLVER_TEST_ANCHOR].finding == RESOLVER_LACKS_KEY)
HISTOGRAM(waits, &counts.waits)
HISTOGRAM(check_times, &check_counts.seconds[first])
HISTOGRAM(dns_times, &dns_counts.seconds[first])
HISTOGRAM(list_times, &list_health_tally(view->health, first)->took)

/* The table. */

static const struct metric metrics[] = {
	{ .name = "heloscope_build_info",
	  .kind = METRIC_GAUGE,
	  .help = "The version that runs; always 1.",
	  .labels = { &label_version },
	  .title = "Version",
	  .value = one,
	  .alert = { "HeloscopeIsDown", "absent($METRIC) or up{job=\"heloscope\"} == 0", "5m", "critical",
		     "No heloscope-milter answers Prometheus",
		     "The MTA goes on as its default action for filters says (Postfix: milter_default_action). Look at the service heloscope-milter and its log." } },
	{ .name = "heloscope_start_timestamp_seconds",
	  .kind = METRIC_GAUGE,
	  .unit = "seconds",
	  .help = "When the filter was started, in seconds since 1970.",
	  .title = "Time since the start",
	  .value = started },
	{ .name = "heloscope_config_loaded_timestamp_seconds",
	  .kind = METRIC_GAUGE,
	  .unit = "seconds",
	  .help = "When the configuration in use was read, in seconds since 1970.",
	  .title = "Time since the configuration was read",
	  .value = config_read },
	{ .name = "heloscope_config_reload_total",
	  .kind = METRIC_COUNTER,
	  .help = "Times that the configuration was read again.",
	  .labels = { &label_reload },
	  .title = "Configuration read again",
	  .value = reloads,
	  .alert = { "HeloscopeReloadFailed", "increase($METRIC{result=\"failure\"}[15m]) > 0", "0m",
		     "warning", "The configuration of heloscope could not be read again",
		     "The old configuration stays in use. \"heloscope-milter -t\" says what is wrong." } },
	{ .name = "heloscope_enforcing",
	  .kind = METRIC_GAUGE,
	  .help = "Whether the mode is enforce (1) or audit (0).",
	  .title = "Mode enforce",
	  .value = enforcing },
	{ .name = "heloscope_sessions",
	  .kind = METRIC_GAUGE,
	  .help = "SMTP sessions that the filter serves now.",
	  .title = "Sessions",
	  .value = sessions },
	{ .name = "heloscope_connections_total",
	  .kind = METRIC_COUNTER,
	  .help = "SMTP sessions that began.",
	  .title = "New sessions",
	  .value = connections },
	{ .name = "heloscope_messages_total",
	  .kind = METRIC_COUNTER,
	  .help = "Messages, also those whose end the filter did not see, by the hardest verdict that the rules have for one of its recipients; in mode audit it is only reported.",
	  .labels = { &label_verdict, &label_mode },
	  .title = "Messages by verdict",
	  .value = messages,
	  .alert = { "HeloscopeRefusesNearlyAll",
		     "sum by (instance) (rate($METRIC{verdict=~\"reject|defer\",mode=\"enforce\"}[30m])) > 0.9 * sum by (instance) (rate($METRIC[30m])) and sum by (instance) (increase($METRIC[30m])) > 100",
		     "15m", "critical", "heloscope refuses or defers more than nine messages of ten",
		     "\"heloscope report --since 1h\" says by which rule and from whom. \"mode audit\" and a reload stop it." } },
	{ .name = "heloscope_would_act_total",
	  .kind = METRIC_COUNTER,
	  .help = "Messages on which a rule would have acted, but for mode audit, for being an audit rule, or for its share of clients.",
	  .labels = { &label_rule, &label_verdict_of_rule },
	  .title = "Rules that would have acted",
	  .value = would_act,
	  .has = has_action },
	{ .name = "heloscope_check_results_total",
	  .kind = METRIC_COUNTER,
	  .help = "Results of checks, once a message.",
	  .labels = { &label_check, &label_result },
	  .title = "Results of checks",
	  .value = check_results,
	  .has = has_result },
	{ .name = "heloscope_check_seconds",
	  .kind = METRIC_HISTOGRAM,
	  .unit = "seconds",
	  .help = "How long a check took, from what the client said last of that which it needs.",
	  .labels = { &label_check },
	  .title = "Time of checks",
	  .histogram = check_times },
	{ .name = "heloscope_wait_seconds",
	  .kind = METRIC_HISTOGRAM,
	  .unit = "seconds",
	  .help = "How long a message was held up for its checks, in all.",
	  .title = "Time that messages are held up",
	  .histogram = waits,
	  .alert = { "HeloscopeIsSlow",
		     "sum by (instance) (rate($METRIC_bucket{le=\"2.5\"}[15m])) < 0.9 * sum by (instance) (rate($METRIC_count[15m])) and sum by (instance) (increase($METRIC_count[15m])) > 20",
		     "15m", "warning", "More than one message of ten is held up for more than 2.5 seconds",
		     "\"heloscope status\" says which lists and which kinds of lookups are slow." } },
	{ .name = "heloscope_deadline_exceeded_total",
	  .kind = METRIC_COUNTER,
	  .help = "Times that the timeout of the resolver passed while a message still waited for answers.",
	  .labels = { &label_stage },
	  .title = "Deadlines passed",
	  .value = deadlines,
	  .alert = { "HeloscopeDeadlinesPass",
		     "sum by (instance) (rate($METRIC[15m])) > 0.05 * sum by (instance) (rate(heloscope_messages_total[15m])) and sum by (instance) (increase(heloscope_messages_total[15m])) > 20",
		     "15m", "warning", "More than one message of twenty is judged without all answers",
		     "What is missing counts as temperror. Look at the resolver, and at the lists that \"heloscope status\" calls slow." } },
	{ .name = "heloscope_dns_seconds",
	  .kind = METRIC_HISTOGRAM,
	  .unit = "seconds",
	  .help = "From a question to the resolver to its answer, by the type of record.",
	  .labels = { &label_kind },
	  .title = "Time of lookups",
	  .histogram = dns_times },
	{ .name = "heloscope_dns_errors_total",
	  .kind = METRIC_COUNTER,
	  .help = "Lookups that failed: neither records nor that there are none. Messages that did not wait for an answer are in heloscope_deadline_exceeded_total.",
	  .labels = { &label_kind, &label_reason },
	  .title = "Lookups without an answer",
	  .value = dns_errors,
	  .has = has_reason,
	  .alert = { "HeloscopeDnsFails",
		     "sum by (instance) (rate($METRIC[10m])) > 0.2 * sum by (instance) (rate(heloscope_dns_seconds_count[10m])) and sum by (instance) (increase(heloscope_dns_seconds_count[10m])) > 100",
		     "10m", "warning", "One lookup of five or more fails",
		     "Names that are temperror refuse nobody, so that spam passes. If all kinds of lookups fail, look at the network and at " RESOLVER_SERVERS_TEXT
		     "; if not, much mail may come from domains whose own servers are silent." } },
	{ .name = "heloscope_dns_servers_silent",
	  .kind = METRIC_GAUGE,
	  .help = "1: none of the name servers that the filter queries answers; a silent server of a sender's domain does not count.",
	  .title = "No name server answers",
	  .value = dns_silent,
	  .alert = { "HeloscopeHasNoDns", "$METRIC == 1", "2m", "critical",
		     "No name server answers the filter",
		     "Whatever needs the DNS is temperror, which refuses nobody, so that spam passes. Look at the network and at " RESOLVER_SERVERS_TEXT
		     "." } },
	{ .name = "heloscope_resolver_fault",
	  .kind = METRIC_GAUGE,
	  .help = "1: this part of the resolver's self-test has found a fault that matters for the configuration.",
	  .labels = { &label_test },
	  .title = "Faults of the resolver",
	  .value = resolver_fault,
	  .alert = { "HeloscopeResolverFault", "$METRIC == 1", "15m", "warning",
		     "The self-test of the resolver finds a fault: {{ $labels.test }}",
		     "\"heloscope status\" says what that means, and what to do." } },
	{ .name = "heloscope_resolver_tested_timestamp_seconds",
	  .kind = METRIC_GAUGE,
	  .unit = "seconds",
	  .help = "When the resolver was tested last, in seconds since 1970; 0 before the first time.",
	  .title = "Time since the test of the resolver",
	  .value = resolver_tested },
	{ .name = "heloscope_dns_cache_hits_total",
	  .kind = METRIC_COUNTER,
	  .help = "Questions whose answer was in the cache.",
	  .title = "Answers from the cache",
	  .value = cache_hits },
	{ .name = "heloscope_dns_cache_misses_total",
	  .kind = METRIC_COUNTER,
	  .help = "Queries that had to be sent, or were under way already.",
	  .title = "Answers not in the cache",
	  .value = cache_misses },
	{ .name = "heloscope_dns_cache_bytes",
	  .kind = METRIC_GAUGE,
	  .unit = "bytes",
	  .help = "Octets of the answers in the cache.",
	  .title = "Cache",
	  .value = cache_octets },
	{ .name = "heloscope_dns_cache_entries",
	  .kind = METRIC_GAUGE,
	  .help = "Answers in the cache, and questions under way.",
	  .title = "Entries of the cache",
	  .value = cache_entries },
	{ .name = "heloscope_list_state",
	  .kind = METRIC_GAUGE,
	  .help = "Whether a DNS list is trusted now (1), or suspended or not tested yet (0).",
	  .labels = { &label_list },
	  .title = "Lists that are trusted",
	  .value = list_state,
	  .has = has_list,
	  .alert = { "HeloscopeListSuspended", "$METRIC == 0", "30m", "warning",
		     "The DNS list {{ $labels.list }} is suspended",
		     "\"heloscope lists\" says what is wrong with it, and what to do." } },
	{ .name = "heloscope_list_hits_total",
	  .kind = METRIC_COUNTER,
	  .help = "Messages of which a DNS list lists the client or a name.",
	  .labels = { &label_list },
	  .title = "Messages that lists know",
	  .value = list_hits,
	  .has = has_list },
	{ .name = "heloscope_list_seconds",
	  .kind = METRIC_HISTOGRAM,
	  .unit = "seconds",
	  .help = "How long a DNS list took to answer questions about mail.",
	  .labels = { &label_list },
	  .title = "Time of lists",
	  .histogram = list_times,
	  .has = has_list },
	{ .name = "heloscope_list_errors_total",
	  .kind = METRIC_COUNTER,
	  .help = "Questions about mail that a DNS list did not answer.",
	  .labels = { &label_list },
	  .title = "Questions that lists left open",
	  .value = list_errors,
	  .has = has_list },
	{ .name = "heloscope_list_suspensions_total",
	  .kind = METRIC_COUNTER,
	  .help = "Times that a DNS list was suspended because its test entries were answered wrongly or not at all.",
	  .labels = { &label_list },
	  .title = "Lists suspended",
	  .value = list_suspensions,
	  .has = has_list },
	{ .name = "heloscope_look_back_waiting",
	  .kind = METRIC_GAUGE,
	  .help = "Mail servers that wait to be checked.",
	  .title = "Servers that wait to be checked",
	  .value = peers_waiting },
	{ .name = "heloscope_look_back_findings",
	  .kind = METRIC_GAUGE,
	  .help = "Mail servers of which findings are kept.",
	  .title = "Findings about servers",
	  .value = peers_known },
	{ .name = "heloscope_look_back_visits_total",
	  .kind = METRIC_COUNTER,
	  .help = "Looks at mail servers, by how they ended.",
	  .labels = { &label_outcome },
	  .title = "Looks at servers",
	  .value = peer_visits },
	{ .name = "heloscope_look_back_spared_total",
	  .kind = METRIC_COUNTER,
	  .help = "Looks at mail servers that were spared, because another host of the site has looked there.",
	  .title = "Looks at servers that were spared",
	  .value = peers_spared },
	{ .name = "heloscope_share_down",
	  .kind = METRIC_GAUGE,
	  .help = "Whether the Redis server that hosts share is configured and not connected.",
	  .title = "Redis server not connected",
	  .value = share_down,
	  .alert = { "HeloscopeShareDown", "$METRIC == 1", "10m", "warning",
		     "heloscope has no connection to the Redis server that hosts share",
		     "Mail goes on. Records wait on this host and are lost when there are too many, and each host looks at mail servers itself. \"heloscope status\" says why." } },
	{ .name = "heloscope_share_waiting",
	  .kind = METRIC_GAUGE,
	  .help = "Records that wait to be sent to the Redis server.",
	  .title = "Records that wait for Redis",
	  .value = share_waiting },
	{ .name = "heloscope_share_records_total",
	  .kind = METRIC_COUNTER,
	  .help = "Records that the Redis server has taken.",
	  .title = "Records given to Redis",
	  .value = share_records },
	{ .name = "heloscope_share_dropped_total",
	  .kind = METRIC_COUNTER,
	  .help = "Records that the Redis server did not get: it was away or too slow for too long.",
	  .title = "Records that Redis did not get",
	  .value = share_dropped,
	  .alert = { "HeloscopeShareLosesRecords", "increase($METRIC[15m]) > 0", "0m", "warning",
		     "heloscope cannot send its records to the Redis server",
		     "The log of the site lacks them; the log of this host has them, if it has one." } },
	{ .name = "heloscope_share_stream_records",
	  .kind = METRIC_GAUGE,
	  .help = "Records that the Redis server holds because nobody has collected them yet.",
	  .title = "Records that wait to be collected",
	  .value = share_stream,
	  .alert = { "HeloscopeShareFillsUp", "$METRIC > 0.5 * heloscope_share_stream_length", "5m",
		     "warning", "Records of the site are not collected",
		     "The Redis server drops the oldest when its stream is full. See whether \"heloscope collect\" runs on one host of the site, and what it logs." } },
	{ .name = "heloscope_share_stream_length",
	  .kind = METRIC_GAUGE,
	  .help = "About how many records the Redis server holds at most (stream-length); 0 without one.",
	  .title = "Room for records that wait to be collected",
	  .value = share_stream_length },
	{ .name = "heloscope_share_asked_total",
	  .kind = METRIC_COUNTER,
	  .help = "Questions for what other hosts have found, by how they ended.",
	  .labels = { &label_asked },
	  .title = "Questions to Redis",
	  .value = share_asked },
	{ .name = "heloscope_share_downs_total",
	  .kind = METRIC_COUNTER,
	  .help = "Connections to the Redis server that ended or could not be made.",
	  .title = "Connections to Redis that ended",
	  .value = share_downs },
	{ .name = "heloscope_record_written_total",
	  .kind = METRIC_COUNTER,
	  .help = "Records that were written.",
	  .title = "Records written",
	  .value = records_written },
	{ .name = "heloscope_record_dropped_total",
	  .kind = METRIC_COUNTER,
	  .help = "Records that were not written: the disk was full or too slow, or the network of the client had used up its allowance.",
	  .labels = { &label_drop },
	  .title = "Records dropped",
	  .value = records_dropped,
	  .alert = { "HeloscopeLosesRecords", "increase($METRIC{reason=\"disk\"}[15m]) > 0", "0m", "warning",
		     "heloscope cannot write its log of records",
		     "Mail goes on, but explain, report and replay will not know of it. Look at the disk that has the file of \"records\"." } },
	{ .name = "heloscope_mta_lacking_total",
	  .kind = METRIC_COUNTER,
	  .help = "Times that the MTA did not send what the filter needs.",
	  .labels = { &label_lack },
	  .title = "What the MTA does not send",
	  .value = lacks,
	  .alert = { "HeloscopeMtaLacks", "increase($METRIC[1h]) > 0", "0m", "warning",
		     "The MTA does not send {{ $labels.what }}",
		     "\"heloscope status\" says what that means, and which setting of the MTA is missing." } },
	{ .name = "heloscope_trust_anchor_root_key_missing",
	  .kind = METRIC_GAUGE,
	  .help = "Whether a trust anchor is configured that lacks the key with which the root of the DNS is signed: then every signed name is a fault.",
	  .title = "Trust anchor without the key of the root",
	  .value = root_key_missing,
	  .alert = { "HeloscopeTrustAnchorIsOld", "$METRIC == 1", "0m", "critical",
		     "The trust anchor of heloscope lacks the key of the root",
		     "Each signed name is temperror. Update the file that trust-anchor names (Debian: package dns-root-data) and restart heloscope-milter." } },
};

const struct metric *
metrics_table(size_t *count)
{
	*count = sizeof metrics / sizeof metrics[0];
	return metrics;
}

void
metric_each(const struct metric *metric, const struct metrics_view *view,
	    void (*take)(void *context, const struct metric *metric, const struct metrics_view *view,
			 size_t first, size_t second),
	    void *context)
{
	const size_t firsts = metric->labels[0] != NULL ? metric->labels[0]->count(view) : 1;
	const size_t seconds = metric->labels[1] != NULL ? metric->labels[1]->count(view) : 1;

	for (size_t i = 0; i < firsts; i++)
		for (size_t j = 0; j < seconds; j++)
			if (metric->has == NULL || metric->has(view, i, j))
				take(context, metric, view, i, j);
}
