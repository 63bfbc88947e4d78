/* heloscope status: what the filter that runs does now. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"
#include "heloscope/cli/cli.h"
#include "heloscope/cli/control.h"
#include "heloscope/dns/resolver.h"
#include "heloscope/metrics/counts.h"
#include "heloscope/words/resolver_words.h"

#define LABEL_WIDTH 15
#define NAME_WIDTH 30
#define TESTS_SHOWN 6

static const char help[] =
	"usage: heloscope status [-c FILE] [--json]\n"
	"\n"
	"Shows what the running filter does: sessions and messages, how long mail is held up, how\n"
	"the DNS and each list answer, what is lost, and what the MTA does not send. It queries\n"
	"the control socket that the configuration names.\n"
	"\n"
	"  -c, --config FILE   the configuration of the filter\n"
	"                      (default: " CONFIG_FILE ")\n"
	"      --json          as JSON, by etc/status.schema.json of the documentation\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 all is well, 1 something needs attention, 2 wrong usage, 3 the filter\n"
	"does not answer.\n"
	"\n"
	"Example: heloscope status --json\n";

/* Pieces. */

static void
begin(const char *label)
{
	output_put(output_standard(), "%-*s", LABEL_WIDTH, label);
}

static long long
number(const json_t *object, const char *key)
{
	return (long long)document_number_of(object, key);
}

/* "3 d 4 h", "12 min". */
static void
put_duration(long long seconds)
{
	static const struct {
		long long seconds;
		const char *word;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	size_t i = 0;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	output_put(output_standard(), "%lld %s", seconds / units[i].seconds, units[i].word);
	if (i < 2 && seconds % units[i].seconds >= units[i + 1].seconds)
		output_put(output_standard(), " %lld %s", seconds % units[i].seconds / units[i + 1].seconds,
			   units[i + 1].word);
}

static void
put_times(const json_t *object)
{
	output_put(output_standard(), "mean %lld ms, 90 %% within %lld ms, 99 %% within %lld ms",
		   number(object, "mean-ms"), number(object, "p90-ms"), number(object, "p99-ms"));
}

/* Members that are not 0: ", 3 timeout, 1 servfail". */
static void
put_counts(json_t *table)
{
	for (void *at = json_object_iter(table); at != NULL; at = json_object_iter_next(table, at))
		if (json_integer_value(json_object_iter_value(at)) > 0)
			output_put(output_standard(), ", %lld %s",
				   (long long)json_integer_value(json_object_iter_value(at)),
				   json_object_iter_key(at));
}

/* The parts. */

static void
put_head(const json_t *status)
{
	const json_t *configuration = document_member(status, "configuration");
	const json_t *sessions = document_member(status, "sessions");

	begin("Filter");
	output_put(output_standard(), "heloscope-milter %s, up ", document_text_of(status, "version"));
	put_duration(number(status, "up-seconds"));
	output_put(output_standard(), " (since %s), mode %s\n", document_text_of(status, "started"),
		   document_text_of(configuration, "mode"));
	begin("Configuration");
	output_put(output_standard(), "%s, read %s; reloads: %lld, failed: %lld\n",
		   document_text_of(configuration, "file"), document_text_of(configuration, "read"),
		   number(configuration, "reloads"), number(configuration, "failed-reloads"));
	begin("Sessions");
	output_put(output_standard(), "%lld now, %lld since the start\n", number(sessions, "now"),
		   number(sessions, "all"));
}

static void
put_messages(const json_t *status)
{
	const json_t *messages = document_member(status, "messages");
	const json_t *all = document_member(messages, "all"), *last = document_member(messages, "last");
	const long long seconds = number(messages, "last-seconds");

	begin("Messages");
	output_put(output_standard(), "a minute (of the last ");
	put_duration(seconds);
	output_put(output_standard(), "), and since the start\n");
	for (int i = 0; i < VERDICTS; i++) {
		const char *word = action_word((enum action)i);
		const long long tenths = seconds > 0 ? number(last, word) * 600 / seconds : 0;

		output_put(output_standard(), "  %-*s%6lld.%lld %10lld\n", LABEL_WIDTH - 2, word, tenths / 10,
			   tenths % 10, number(all, word));
	}
}

static void
put_waits(const json_t *status)
{
	const json_t *waits = document_member(status, "waits");
	const json_t *deadlines = document_member(waits, "deadlines");

	begin("Held up");
	if (number(waits, "count") > 0)
		put_times(waits);
	else
		output_put(output_standard(), "no message yet");
	output_put(output_standard(), "; timeouts: %lld\n",
		   number(deadlines, "rcpt") + number(deadlines, "end-of-message"));
}

static void
put_dns(const json_t *status)
{
	const json_t *dns = document_member(status, "dns");
	const json_t *kinds = document_member(dns, "kinds"), *cache = document_member(dns, "cache");
	const long long hits = number(cache, "hits"), all = hits + number(cache, "misses");

	begin("DNS");
	output_put(output_standard(), "lookups\n");
	for (size_t i = 0; i < json_array_size(kinds); i++) {
		const json_t *kind = json_array_get(kinds, i);

		if (number(kind, "count") == 0 && json_object_size(document_member(kind, "faults")) == 0)
			continue;
		output_put(output_standard(), "  %-*s%8lld  ", LABEL_WIDTH - 2,
			   document_text_of(kind, "kind"), number(kind, "count"));
		put_times(kind);
		put_counts(document_member(kind, "faults"));
		output_put(output_standard(), "\n");
	}
	begin("Cache");
	output_put(output_standard(), "%lld %% of %lld questions; %lld of %lld kB, %lld entries\n",
		   all > 0 ? 100 * hits / all : 0, all, number(cache, "octets") / 1024,
		   number(cache, "octets-max") / 1024, number(cache, "entries"));
}

/* The self-test of the resolver. */

static enum resolver_finding
finding_of(const json_t *test)
{
	const char *token = document_text_of(test, "finding");
	int finding = 0;

	while (finding < RESOLVER_FINDINGS
	       && strcmp(resolver_finding_token((enum resolver_finding)finding), token) != 0)
		finding++;
	return finding < RESOLVER_FINDINGS ? (enum resolver_finding)finding : RESOLVER_UNKNOWN;
}

/* "name servers 192.0.2.53, 192.0.2.54", of the resolver or of one of its tests. */
static void
add_servers(struct strbuf *text, const json_t *resolver, const json_t *of)
{
	const json_t *servers = document_member(of, "servers");
	struct name_server read[NAME_SERVERS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(servers) && count < NAME_SERVERS_MAX; i++) {
		const json_t *server = json_array_get(servers, i);

		read[count].port = (uint16_t)number(server, "port");
		count += ipaddr_parse(document_span_of(server, "address"), &read[count].address) ? 1 : 0;
	}
	resolver_words_servers(text, read, count, json_is_true(document_member(resolver, "recursive")));
}

/* "tcp, large-answers", those that found this. */
static void
put_tests_that(const json_t *tests, const char *title, enum resolver_finding finding)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(tests); i++) {
		const json_t *test = json_array_get(tests, i);

		if (finding_of(test) == finding)
			output_put(output_standard(), "%s%s", count++ == 0 ? title : ", ",
				   document_text_of(test, "test"));
	}
	if (count > 0)
		output_put(output_standard(), "\n");
}

static void
put_faults(const json_t *tests)
{
	for (size_t i = 0; i < json_array_size(tests); i++) {
		const json_t *test = json_array_get(tests, i);

		if (resolver_finding_is_fault(finding_of(test)))
			output_put(output_standard(), "  %-*s %s%s\n", LABEL_WIDTH - 3,
				   document_text_of(test, "test"), document_text_of(test, "finding"),
				   json_is_true(document_member(test, "fault"))
					   ? ""
					   : ", which does not matter here");
	}
}

static void
put_resolver(const json_t *status)
{
	const json_t *resolver = document_member(status, "resolver");
	const json_t *tests = document_member(resolver, "tests");
	char servers[600];
	struct strbuf text = STRBUF_OVER(servers);

	begin("Resolver");
	if (document_text_of(resolver, "tested")[0] == '\0') {
		output_put(output_standard(), "not tested yet\n");
		return;
	}
	add_servers(&text, resolver, resolver);
	output_put(output_standard(), "%s, tested %s\n", servers, document_text_of(resolver, "tested"));
	put_tests_that(tests, "  well         ", RESOLVER_WELL);
	put_faults(tests);
	put_tests_that(tests, "  unknown      ", RESOLVER_UNKNOWN);
	put_tests_that(tests, "  off          ", RESOLVER_OFF);
}

/* Lists. */

static bool
is_well(const json_t *part)
{
	return strcmp(document_text_of(part, "state"), "well") == 0;
}

/* What came of the last tests, the newest first: "12 ms, 14 ms, no-answer". */
static void
put_tests(const json_t *part)
{
	const json_t *tests = document_member(part, "tests");

	for (size_t i = 0; i < json_array_size(tests) && i < TESTS_SHOWN; i++) {
		const json_t *test = json_array_get(tests, i);

		output_put(output_standard(), "%s", i == 0 ? "; tests: " : ", ");
		if (is_well(test))
			output_put(output_standard(), "%lld ms", number(test, "ms"));
		else
			output_put(output_standard(), "%s", document_text_of(test, "state"));
	}
}

static void
put_part(const json_t *part)
{
	output_put(output_standard(), "    %-6s %s", document_text_of(part, "part"),
		   is_well(part) ? "trusted" : document_text_of(part, "state"));
	if (document_text_of(part, "since")[0] != '\0')
		output_put(output_standard(), " since %s", document_text_of(part, "since"));
	put_tests(part);
	output_put(output_standard(), "\n");
}

static void
put_list(const json_t *list)
{
	const json_t *parts = document_member(list, "parts");

	output_put(output_standard(), "  %-*s", NAME_WIDTH, document_text_of(list, "list"));
	if (!json_is_true(document_member(list, "asked"))) {
		output_put(output_standard(), " not queried\n");
		return;
	}
	output_put(output_standard(), " lists %lld messages; ", number(list, "hits"));
	if (number(list, "count") > 0)
		put_times(list);
	else
		output_put(output_standard(), "no questions yet");
	output_put(output_standard(), "; unanswered: %lld\n", number(list, "faults"));
	for (size_t i = 0; i < json_array_size(parts); i++)
		put_part(json_array_get(parts, i));
}

static void
put_lists(const json_t *status)
{
	const json_t *lists = document_member(status, "lists");

	begin("Lists");
	output_put(output_standard(), "%s\n", json_array_size(lists) > 0 ? "" : "none");
	for (size_t i = 0; i < json_array_size(lists); i++)
		put_list(json_array_get(lists, i));
}

/* The rest. */

static void
put_look_back(const json_t *status)
{
	const json_t *look_back = document_member(status, "look-back");

	begin("Look-back");
	if (json_is_null(look_back)) {
		output_put(output_standard(), "off\n");
		return;
	}
	output_put(output_standard(), "waiting: %lld, under way: %lld, findings: %lld",
		   number(look_back, "waiting"), number(look_back, "active"), number(look_back, "findings"));
	put_counts(document_member(look_back, "visits"));
	output_put(output_standard(), "\n");
}

static void
put_records(const json_t *status)
{
	const json_t *records = document_member(status, "records");
	const json_t *dropped = document_member(records, "dropped");

	begin("Records");
	if (json_is_null(records))
		output_put(output_standard(), "none are kept\n");
	else
		output_put(
			output_standard(),
			"%s: written: %lld, lost by the disk: %lld, beyond what a network may cause: %lld\n",
			document_text_of(records, "file"), number(records, "written"),
			number(dropped, "disk"), number(dropped, "allowance"));
}

static void
put_share(const json_t *status)
{
	const json_t *share = document_member(status, "share");
	const bool is_connected = json_is_true(document_member(share, "connected"));
	const char *reason = document_text_of(share, "last-reason");

	begin("Share");
	if (json_is_null(share)) {
		output_put(output_standard(), "off\n");
		return;
	}
	output_put(output_standard(), "%s: %s", document_text_of(share, "server"),
		   is_connected ? "connected" : "not connected");
	if (!is_connected && reason[0] != '\0')
		output_put(output_standard(), " (%s)", reason);
	output_put(
		output_standard(),
		", records sent: %lld, waiting: %lld, lost: %lld, not yet collected: %lld; visits spared: %lld\n",
		number(share, "records"), number(share, "waiting"), number(share, "dropped"),
		number(share, "stream"), number(share, "visits-spared"));
}

static void
put_anchor(const json_t *status)
{
	const json_t *anchor = document_member(status, "trust-anchor");
	const json_t *keys = document_member(anchor, "keys");

	begin("Trust anchor");
	if (json_is_null(anchor)) {
		output_put(output_standard(), "none: DNSSEC is not validated\n");
		return;
	}
	output_put(output_standard(), "%s, keys of the root:", document_text_of(anchor, "file"));
	for (size_t i = 0; i < json_array_size(keys); i++)
		output_put(output_standard(), " %lld",
			   (long long)json_integer_value(json_array_get(keys, i)));
	output_put(output_standard(), "%s\n", json_array_size(keys) > 0 ? "" : " none");
}

static void
put_status(const json_t *status)
{
	put_head(status);
	put_messages(status);
	put_waits(status);
	put_dns(status);
	put_resolver(status);
	put_lists(status);
	put_look_back(status);
	put_records(status);
	put_share(status);
	put_anchor(status);
}

/* What needs to be looked at. */

static const char *
lack_text(const char *token)
{
	for (int i = 0; i < MTA_LACKS; i++)
		if (strcmp(mta_lack_words[i].token, token) == 0)
			return mta_lack_words[i].text;
	return token;
}

static void
put_bad_lists(struct output *out, const json_t *status, size_t *count)
{
	const json_t *lists = document_member(status, "lists");

	for (size_t i = 0; i < json_array_size(lists); i++) {
		const json_t *list = json_array_get(lists, i), *parts = document_member(list, "parts");
		size_t bad = 0;

		for (size_t j = 0; j < json_array_size(parts); j++)
			bad += is_well(json_array_get(parts, j)) ? 0 : 1;
		if (bad == 0)
			continue;
		prose_bullet(
			out,
			"The list %s is not trusted now, so that it decides nothing: \"heloscope lists\" says what is wrong.",
			document_text_of(list, "list"));
		++*count;
	}
}

static void
put_lacks(struct output *out, const json_t *status, size_t *count)
{
	const json_t *lacks = document_member(status, "mta-lacks");

	for (size_t i = 0; i < json_array_size(lacks); i++) {
		const json_t *lack = json_array_get(lacks, i);

		prose_bullet(out, "The MTA did not send what the filter needs (%lld times, last at %s): %s.",
			     number(lack, "count"), document_text_of(lack, "last"),
			     lack_text(document_text_of(lack, "what")));
		++*count;
	}
}

/* "bl.example, dbl.example": that are asked. */
static void
add_lists(struct strbuf *text, const json_t *status)
{
	const json_t *lists = document_member(status, "lists");
	const size_t before = text->length;

	for (size_t i = 0; i < json_array_size(lists); i++) {
		const json_t *list = json_array_get(lists, i);

		if (json_is_true(document_member(list, "asked")))
			strbuf_printf(text, "%s%s", text->length > before ? ", " : "",
				      document_text_of(list, "list"));
	}
}

static void
put_resolver_fault(struct output *out, const json_t *status, const json_t *test)
{
	const json_t *keys = document_member(test, "keys");
	char servers[600], lists[800], tags[100], said[2000];
	struct strbuf server_text = STRBUF_OVER(servers), list_text = STRBUF_OVER(lists);
	struct strbuf key_text = STRBUF_OVER(tags), text = STRBUF_OVER(said);

	add_servers(&server_text, document_member(status, "resolver"), test);
	add_lists(&list_text, status);
	for (size_t i = 0; i < json_array_size(keys); i++)
		strbuf_printf(&key_text, "%s%lld", i > 0 ? ", " : "",
			      (long long)json_integer_value(json_array_get(keys, i)));
	resolver_words_tell(&text, finding_of(test),
			    &(struct resolver_values){
				    .servers = servers,
				    .lists = lists,
				    .file = document_text_of(document_member(status, "trust-anchor"), "file"),
				    .keys = tags,
				    .ms = (unsigned)number(test, "ms"),
			    });
	prose_bullet(out, "%s", said);
}

static void
put_resolver_faults(struct output *out, const json_t *status, size_t *count)
{
	const json_t *tests = document_member(document_member(status, "resolver"), "tests");
	bool is_silence_told = false;

	for (size_t i = 0; i < json_array_size(tests); i++) {
		const json_t *test = json_array_get(tests, i);

		if (!json_is_true(document_member(test, "fault")))
			continue;
		put_resolver_fault(out, status, test);
		++*count;
		is_silence_told = is_silence_told || finding_of(test) == RESOLVER_SILENT;
	}
	if (is_silence_told
	    || !json_is_true(document_member(document_member(status, "dns"), "servers-silent")))
		return;
	prose_bullet(
		out,
		"No name server answers, so whatever needs the DNS is temperror: look at the network and at " RESOLVER_SERVERS_TEXT
		".");
	++*count;
}

/* Records that are collected are not there any more: so many are never there at once. */
static bool
is_half_full(const json_t *share)
{
	return number(share, "stream") >= number(share, "stream-length") / 2;
}

static void
put_share_trouble(struct output *out, const json_t *status, size_t *count)
{
	const json_t *share = document_member(status, "share");

	if (json_is_null(share))
		return;
	if (!json_is_true(document_member(share, "connected"))) {
		prose_bullet(
			out,
			"The Redis server %s that hosts share is not connected (%s). Mail goes on; records wait here, and each host looks at mail servers itself.",
			document_text_of(share, "server"), document_text_of(share, "last-reason"));
		++*count;
	}
	if (number(share, "dropped") > 0) {
		prose_bullet(
			out,
			"Records were not sent to the Redis server %s, because it was away or too slow for too long: the log of the site lacks them.",
			document_text_of(share, "server"));
		++*count;
	}
	if (is_half_full(share)) {
		prose_bullet(
			out,
			"The Redis server %s holds %lld records that nobody has collected, and drops the oldest when there are more than about %lld: is \"heloscope collect\" running, on one host of the site?",
			document_text_of(share, "server"), number(share, "stream"),
			number(share, "stream-length"));
		++*count;
	}
}

/* Returns how many there are. */
static size_t
put_findings(struct output *out, const json_t *status)
{
	const json_t *configuration = document_member(status, "configuration");
	const json_t *records = document_member(status, "records");
	size_t count = 0;

	if (json_is_true(document_member(configuration, "last-reload-failed"))) {
		prose_bullet(
			out,
			"The configuration %s has errors, so the last reload had no effect, and the old one stays in use: \"heloscope-milter -t\" says what is wrong.",
			document_text_of(configuration, "file"));
		count++;
	}
	put_resolver_faults(out, status, &count);
	put_bad_lists(out, status, &count);
	put_lacks(out, status, &count);
	if (number(document_member(records, "dropped"), "disk") > 0) {
		prose_bullet(
			out,
			"Records were lost, because the disk was full or too slow, or %s cannot be written: the log of the filter says which.",
			document_text_of(records, "file"));
		count++;
	}
	put_share_trouble(out, status, &count);
	return count;
}

/* Exit with the same status, whichever form is told. */
static int
tell(const struct cli_options *options, const json_t *status)
{
	struct output nowhere = { .file = NULL };
	const size_t findings = put_findings(&nowhere, status);

	if (options->is_json) {
		document_print(output_standard(), status);
	} else {
		put_status(status);
		if (findings > 0)
			output_put(output_standard(), "\nNeeds attention:\n");
		(void)put_findings(output_standard(), status);
	}
	return findings > 0 ? CLI_FINDINGS : CLI_WELL;
}

int
cli_status(int argc, char **argv)
{
	struct cli_options options;
	int status = cli_read_options("status", help, argc, argv, &options);
	struct control_answer answer;
	json_t *object;

	if (status >= 0)
		return status;
	if (!control_ask_filter("status", options.config, "/status", NULL, &answer))
		return CLI_UNKNOWN;
	object = document_read((struct span){ answer.text, answer.length });
	if (object != NULL) {
		status = tell(&options, object);
	} else {
		output_put(output_errors(), "heloscope status: what the filter answered is no status\n");
		status = CLI_UNKNOWN;
	}
	json_decref(object);
	free(answer.text);
	return status;
}
