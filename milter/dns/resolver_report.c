#include "heloscope/dns/resolver_report.h"

#include "heloscope/dns/public_resolvers.h"

/* Of the time that a message has, what one answer may take: it needs several, one after another. */
#define SLOW_PART 4

#define TEST_TOKEN(NAME, token) [RESOLVER_TEST_##NAME] = (token),
static const char *const test_tokens[RESOLVER_TESTS] = { RESOLVER_TEST_ROWS(TEST_TOKEN) };

#define FINDING_ROW(NAME, token, is_fault) [RESOLVER_##NAME] = { token, is_fault },
static const struct {
	const char *token;
	bool is_fault;
} findings[RESOLVER_FINDINGS] = { RESOLVER_FINDING_ROWS(FINDING_ROW) };

const char *
resolver_test_token(enum resolver_test test)
{
	return test_tokens[test];
}

const char *
resolver_finding_token(enum resolver_finding finding)
{
	return findings[finding].token;
}

bool
resolver_finding_is_fault(enum resolver_finding finding)
{
	return findings[finding].is_fault;
}

/* Servers. */

static bool
is_silent(const struct server_evidence *server)
{
	for (int kind = 0; kind < PROBE_KINDS; kind++)
		if (server->kinds[kind].is_answered)
			return false;
	return true;
}

static bool
fails(const struct server_evidence *server)
{
	const struct probe_evidence *plain = &server->kinds[PROBE_PLAIN];

	return plain->is_answered && (plain->rcode == PROBE_SERVFAIL || plain->rcode == PROBE_REFUSED);
}

/* Its own validation does: what it must not validate it answers. */
static bool
fails_to_validate(const struct server_evidence *server)
{
	return fails(server) && server->has_keys && server->kinds[PROBE_PLAIN].rcode == PROBE_SERVFAIL;
}

static bool
lacks_large(const struct server_evidence *server)
{
	return server->kinds[PROBE_PLAIN].is_answered && !server->kinds[PROBE_LARGE].is_answered;
}

static bool
lacks_tcp(const struct server_evidence *server)
{
	return server->kinds[PROBE_PLAIN].is_answered && !server->kinds[PROBE_TCP].is_answered;
}

static bool
is_public(const struct server_evidence *server)
{
	return public_resolvers_have(&server->server.address);
}

static bool
leaves_out_signatures(const struct server_evidence *server)
{
	return !is_silent(server) && (!server->has_keys || server->keys.signers.count == 0);
}

/* Bits of the servers of which it is true. */
static unsigned
servers_that(const struct resolver_evidence *evidence, bool (*is_so)(const struct server_evidence *server))
{
	unsigned servers = 0;

	for (size_t i = 0; i < evidence->server_count; i++)
		servers |= is_so(&evidence->servers[i]) ? 1U << i : 0;
	return servers;
}

static struct resolver_result
found(enum resolver_finding finding, unsigned servers)
{
	return (struct resolver_result){ .finding = finding, .servers = servers };
}

/* `finding` when it is true of any server, of those that were asked; root servers count together. */
static struct resolver_result
judge_servers_by(const struct resolver_evidence *evidence, enum resolver_finding finding,
		 bool (*is_so)(const struct server_evidence *server))
{
	const unsigned silent = servers_that(evidence, is_silent), servers = servers_that(evidence, is_so);
	const unsigned all = (1U << evidence->server_count) - 1;

	if (silent == all)
		return found(RESOLVER_UNKNOWN, 0);
	return found(servers != 0 ? finding : RESOLVER_WELL, servers);
}

static bool
nothing_is_found(const struct resolver_evidence *evidence)
{
	return dns_status_is_fault(evidence->ipv4.status) && dns_status_is_fault(evidence->ipv6.status)
	       && dns_status_is_fault(evidence->absent.status) && evidence->absent.status != DNS_BOGUS;
}

static struct resolver_result
judge_servers(const struct resolver_evidence *evidence)
{
	const unsigned silent = servers_that(evidence, is_silent), failing = servers_that(evidence, fails);
	const unsigned invalid = servers_that(evidence, fails_to_validate);
	const unsigned all = (1U << evidence->server_count) - 1;

	if (evidence->is_recursive)
		return found(nothing_is_found(evidence) ? RESOLVER_SILENT : RESOLVER_WELL, 0);
	if (evidence->server_count == 0) /* none that we know: libunbound may know better */
		return found(nothing_is_found(evidence) ? RESOLVER_SILENT : RESOLVER_UNKNOWN, 0);
	if (silent == all)
		return found(RESOLVER_SILENT, all);
	if (invalid != 0)
		return found(RESOLVER_OWN_DNSSEC, invalid);
	if (failing != 0)
		return found(RESOLVER_REFUSED, failing);
	return found(silent != 0 ? RESOLVER_PARTLY_SILENT : RESOLVER_WELL, silent);
}

static struct resolver_result
judge_public(const struct resolver_evidence *evidence)
{
	const unsigned servers = evidence->is_recursive ? 0 : servers_that(evidence, is_public);

	if (!evidence->is_recursive && evidence->server_count == 0)
		return found(RESOLVER_UNKNOWN, 0);
	return found(servers != 0 ? RESOLVER_IS_PUBLIC : RESOLVER_WELL, servers);
}

static struct resolver_result
judge_large(const struct resolver_evidence *evidence)
{
	return judge_servers_by(evidence, RESOLVER_LOST_LARGE, lacks_large);
}

static struct resolver_result
judge_tcp(const struct resolver_evidence *evidence)
{
	return judge_servers_by(evidence, RESOLVER_NO_TCP, lacks_tcp);
}

/* Speed. */

static void
quickest(const struct lookup_evidence *lookup, unsigned *ms)
{
	if (!dns_status_is_fault(lookup->status) && lookup->took_ms < *ms)
		*ms = lookup->took_ms;
}

/* By the quickest of all answers: any other may have been lost once, or wait for a stranger's server. */
static struct resolver_result
judge_speed(const struct resolver_evidence *evidence)
{
	const unsigned none = ~0U;
	struct resolver_result result = { .ms = none };

	quickest(&evidence->ipv4, &result.ms);
	quickest(&evidence->ipv6, &result.ms);
	quickest(&evidence->absent, &result.ms);
	for (size_t i = 0; i < evidence->server_count; i++) {
		const struct probe_evidence *plain = &evidence->servers[i].kinds[PROBE_PLAIN];

		if (plain->is_answered && plain->took_ms < result.ms)
			result.ms = plain->took_ms;
	}
	if (result.ms == none)
		return found(RESOLVER_UNKNOWN, 0);
	result.finding = result.ms > evidence->timeout_ms / SLOW_PART ? RESOLVER_SLOW : RESOLVER_WELL;
	return result;
}

/* Names. */

static bool
is_cut_off(const struct server_evidence *server)
{
	return server->server.address.length == 16 && server->has_way && is_silent(server);
}

/* Where the root server is not found at all, as in a world of one's own, nothing is known. */
static struct resolver_result
judge_ipv6(const struct resolver_evidence *evidence)
{
	const unsigned cut_off = evidence->is_recursive ? servers_that(evidence, is_cut_off) : 0;

	if (!evidence->has_ipv6)
		return found(RESOLVER_OFF, 0);
	if (evidence->ipv4.status != DNS_NOERROR)
		return found(RESOLVER_UNKNOWN, 0);
	if (evidence->ipv6.status != DNS_NOERROR)
		return found(RESOLVER_NO_AAAA, 0);
	return found(cut_off != 0 ? RESOLVER_NO_WAY : RESOLVER_WELL, cut_off);
}

static struct resolver_result
judge_absent(const struct resolver_evidence *evidence)
{
	const enum dns_status status = evidence->absent.status;

	return found(dns_status_is_fault(status) ? RESOLVER_UNKNOWN
		     : status == DNS_NOERROR     ? RESOLVER_INVENTED
						 : RESOLVER_WELL,
		     0);
}

/* DNSSEC. */

/* What a server tells of the root's keys, if possible with their signatures; NULL: none does. */
static const struct root_keys *
keys_told(const struct resolver_evidence *evidence)
{
	const struct root_keys *told = NULL;

	for (size_t i = 0; i < evidence->server_count; i++)
		if (evidence->servers[i].has_keys && (told == NULL || told->signers.count == 0))
			told = &evidence->servers[i].keys;
	return told;
}

static bool
validates(const struct resolver_evidence *evidence)
{
	return evidence->anchor != NULL && evidence->anchor->count > 0;
}

static bool
is_proved(const struct resolver_evidence *evidence)
{
	return dns_status_is_void(evidence->absent.status) && evidence->absent.is_secure;
}

/* Only the file can tell. */
static struct resolver_result
judge_anchor_alone(const struct trust_anchor *anchor)
{
	struct resolver_result result = found(RESOLVER_UNKNOWN, 0);

	if (anchor == NULL || anchor->count == 0)
		return found(RESOLVER_OFF, 0);
	if (anchor->lacks_root_key) {
		result.finding = RESOLVER_LACKS_KEY;
		result.keys = (struct key_tags){ .items = { TRUST_ANCHOR_ROOT_KEY }, .count = 1 };
	}
	return result;
}

/* An anchor with which the root has just been proved has the key, whatever anybody says. */
static struct resolver_result
judge_anchor(const struct resolver_evidence *evidence)
{
	const struct root_keys *told = keys_told(evidence);
	const struct key_tags *needed;
	struct resolver_result result = found(RESOLVER_WELL, 0);

	if (!validates(evidence) || told == NULL)
		return judge_anchor_alone(evidence->anchor);
	needed = told->signers.count > 0 ? &told->signers : &told->published;
	result.keys = root_keys_lacking(evidence->anchor, needed);
	if (result.keys.count == needed->count && !is_proved(evidence)) {
		result.finding = RESOLVER_LACKS_KEY;
		return result;
	}
	result.keys = root_keys_lacking(evidence->anchor, &told->published);
	if (result.keys.count > 0)
		result.finding = RESOLVER_LACKS_NEW_KEY;
	return result;
}

static struct resolver_result
judge_dnssec(const struct resolver_evidence *evidence)
{
	const unsigned unsigning = servers_that(evidence, leaves_out_signatures);

	if (!validates(evidence))
		return found(RESOLVER_OFF, 0);
	if (is_proved(evidence))
		return found(RESOLVER_WELL, 0);
	if (evidence->absent.status != DNS_BOGUS || judge_anchor(evidence).finding == RESOLVER_LACKS_KEY)
		return found(RESOLVER_UNKNOWN, 0);
	return found(unsigning != 0 ? RESOLVER_UNSIGNED : RESOLVER_BOGUS, unsigning);
}

/* The table. */

static struct resolver_result (*const judges[RESOLVER_TESTS])(const struct resolver_evidence *evidence) = {
	[RESOLVER_TEST_SERVERS] = judge_servers, [RESOLVER_TEST_SPEED] = judge_speed,
	[RESOLVER_TEST_PUBLIC] = judge_public,   [RESOLVER_TEST_LARGE] = judge_large,
	[RESOLVER_TEST_TCP] = judge_tcp,         [RESOLVER_TEST_IPV6] = judge_ipv6,
	[RESOLVER_TEST_ABSENT] = judge_absent,   [RESOLVER_TEST_DNSSEC] = judge_dnssec,
	[RESOLVER_TEST_ANCHOR] = judge_anchor,
};

struct resolver_report
resolver_report_begin(const struct trust_anchor *anchor)
{
	struct resolver_report report = { .tested = 0 };

	report.results[RESOLVER_TEST_ANCHOR] = judge_anchor_alone(anchor);
	return report;
}

struct resolver_report
resolver_report_judge(const struct resolver_evidence *evidence)
{
	struct resolver_report report = { .is_recursive = evidence->is_recursive,
					  .server_count = evidence->server_count };

	for (size_t i = 0; i < evidence->server_count; i++)
		report.servers[i] = evidence->servers[i].server;
	for (int test = 0; test < RESOLVER_TESTS; test++)
		report.results[test] = judges[test](evidence);
	return report;
}
