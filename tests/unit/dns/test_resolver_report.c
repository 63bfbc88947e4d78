/* What the self-test of the resolver concludes from answers. */
#include "unit.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/dns/public_resolvers.h"
#include "heloscope/dns/resolver_report.h"

#define OLD_KEY 20326
#define NEW_KEY 38696
#define OTHER_KEY 11111

static const struct trust_anchor anchor_of_old = { .keys = { OLD_KEY }, .count = 1, .lacks_root_key = true };
static const struct trust_anchor anchor_of_both = { .keys = { OLD_KEY, NEW_KEY }, .count = 2 };
static const struct trust_anchor anchor_of_other = { .keys = { OTHER_KEY },
						     .count = 1,
						     .lacks_root_key = true };
static const struct trust_anchor anchor_of_none = { .count = 0 }; /* for other zones than the root */

/* All is as it should be: two servers, the root signed with the new key, and the old one still published. */
static struct resolver_evidence
good_evidence(void)
{
	struct resolver_evidence evidence = {
		.server_count = 2,
		.ipv4 = { DNS_NOERROR, false, 20 },
		.ipv6 = { DNS_NOERROR, false, 21 },
		.absent = { DNS_NXDOMAIN, true, 30 },
		.has_ipv6 = true,
		.timeout_ms = 5000,
		.anchor = &anchor_of_both,
	};

	for (size_t i = 0; i < evidence.server_count; i++) {
		struct server_evidence *server = &evidence.servers[i];

		server->server = (struct name_server){ ipaddr_from_ipv4(0xc0000235 + (uint32_t)i), 53 };
		server->has_way = server->has_keys = true;
		server->keys = (struct root_keys){ .signers = { { NEW_KEY }, 1 },
						   .published = { { OLD_KEY, NEW_KEY }, 2 } };
		for (int kind = 0; kind < PROBE_KINDS; kind++)
			server->kinds[kind] = (struct probe_evidence){ true, 0, 5 + (unsigned)i };
	}
	return evidence;
}

static void
make_silent(struct server_evidence *server)
{
	memset(server->kinds, 0, sizeof server->kinds);
	server->has_keys = false;
}

static void
nothing_answers(struct resolver_evidence *evidence)
{
	for (size_t i = 0; i < evidence->server_count; i++)
		make_silent(&evidence->servers[i]);
	evidence->ipv4.status = evidence->ipv6.status = evidence->absent.status = DNS_TIMEOUT;
}

static void
second_is_silent(struct resolver_evidence *evidence)
{
	make_silent(&evidence->servers[1]);
}

static void
second_refuses(struct resolver_evidence *evidence)
{
	evidence->servers[1].kinds[PROBE_PLAIN].rcode = PROBE_REFUSED;
}

static void
second_cannot_validate(struct resolver_evidence *evidence)
{
	evidence->servers[1].kinds[PROBE_PLAIN].rcode = PROBE_SERVFAIL;
}

static void
second_has_no_tcp(struct resolver_evidence *evidence)
{
	evidence->servers[1].kinds[PROBE_TCP].is_answered = false;
}

static void
second_loses_large(struct resolver_evidence *evidence)
{
	evidence->servers[1].kinds[PROBE_LARGE].is_answered = false;
}

static void
second_is_public(struct resolver_evidence *evidence)
{
	evidence->servers[1].server.address = ipaddr_from_ipv4(0x08080808);
}

/* One answer is soon enough: others may have been lost. */
static void
most_is_slow(struct resolver_evidence *evidence)
{
	evidence->ipv4.took_ms = evidence->ipv6.took_ms = evidence->absent.took_ms = 4000;
	evidence->servers[0].kinds[PROBE_PLAIN].took_ms = 4000;
	evidence->servers[1].kinds[PROBE_PLAIN].took_ms = 1250;
}

static void
all_is_slow(struct resolver_evidence *evidence)
{
	most_is_slow(evidence);
	evidence->servers[1].kinds[PROBE_PLAIN].took_ms = 1251;
}

static void
aaaa_is_missing(struct resolver_evidence *evidence)
{
	evidence->ipv6.status = DNS_NODATA;
}

static void
aaaa_is_missing_without_ipv6(struct resolver_evidence *evidence)
{
	aaaa_is_missing(evidence);
	evidence->has_ipv6 = false;
}

/* A world of one's own. */
static void
there_is_no_root_server(struct resolver_evidence *evidence)
{
	evidence->ipv4.status = evidence->ipv6.status = DNS_NXDOMAIN;
}

static void
names_are_invented(struct resolver_evidence *evidence)
{
	evidence->anchor = NULL;
	evidence->absent = (struct lookup_evidence){ DNS_NOERROR, false, 5 };
}

static void
answers_are_bogus(struct resolver_evidence *evidence)
{
	evidence->absent.status = DNS_BOGUS;
}

static void
signatures_are_lost(struct resolver_evidence *evidence)
{
	answers_are_bogus(evidence);
	evidence->servers[0].keys.signers.count = 0;
	second_is_silent(evidence);
}

static void
anchor_is_old(struct resolver_evidence *evidence)
{
	answers_are_bogus(evidence);
	evidence->anchor = &anchor_of_old;
}

/* Keys of an old anchor validate for as long as they are cached. */
static void
anchor_is_old_but_cached(struct resolver_evidence *evidence)
{
	evidence->anchor = &anchor_of_old;
}

static void
anchor_is_old_and_nobody_answers(struct resolver_evidence *evidence)
{
	nothing_answers(evidence);
	evidence->anchor = &anchor_of_old;
}

/* A root of one's own, with a key of its own: the key of the Internet's root is not missed. */
static void
root_is_another(struct resolver_evidence *evidence)
{
	evidence->anchor = &anchor_of_other;
	for (size_t i = 0; i < evidence->server_count; i++)
		evidence->servers[i].keys = (struct root_keys){ .signers = { { OTHER_KEY }, 1 },
								.published = { { OTHER_KEY }, 1 } };
}

static void
anchor_is_for_other_zones(struct resolver_evidence *evidence)
{
	evidence->anchor = &anchor_of_none;
	evidence->absent.is_secure = false;
}

static void
nothing_is_validated(struct resolver_evidence *evidence)
{
	evidence->anchor = NULL;
	evidence->absent.is_secure = false;
}

/* A root server's two addresses in place of name servers. */
static void
begins_at_the_root(struct resolver_evidence *evidence)
{
	static const unsigned char octets[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

	evidence->is_recursive = true;
	evidence->servers[1].server.address = ipaddr_from_octets(octets, sizeof octets);
}

static void
has_no_ipv6(struct resolver_evidence *evidence)
{
	begins_at_the_root(evidence);
	make_silent(&evidence->servers[1]);
	evidence->servers[1].has_way = evidence->has_ipv6 = false;
}

static void
ipv6_leads_nowhere(struct resolver_evidence *evidence)
{
	has_no_ipv6(evidence);
	evidence->servers[1].has_way = evidence->has_ipv6 = true;
}

static void
root_is_not_found(struct resolver_evidence *evidence)
{
	nothing_answers(evidence);
	evidence->is_recursive = true;
	evidence->server_count = 0;
}

static void
is_good(struct resolver_evidence *evidence)
{
	(void)evidence;
}

#define ALL_OTHERS_UNKNOWN                                                                                   \
	[RESOLVER_TEST_SPEED] = RESOLVER_UNKNOWN, [RESOLVER_TEST_LARGE] = RESOLVER_UNKNOWN,                  \
	[RESOLVER_TEST_TCP] = RESOLVER_UNKNOWN, [RESOLVER_TEST_IPV6] = RESOLVER_UNKNOWN,                     \
	[RESOLVER_TEST_ABSENT] = RESOLVER_UNKNOWN, [RESOLVER_TEST_DNSSEC] = RESOLVER_UNKNOWN

/* A finding that is not there is "well". */
static void
resolver_report_judges_each_test(void **state)
{
	static const struct {
		const char *scene;
		void (*change)(struct resolver_evidence *evidence);
		enum resolver_finding findings[RESOLVER_TESTS];
		unsigned servers; /* of the fault */
		unsigned key;     /* that is lacking, or 0 */
	} cases[] = {
		{ "good", is_good, { 0 }, 0, 0 },
		{ "silent",
		  nothing_answers,
		  { [RESOLVER_TEST_SERVERS] = RESOLVER_SILENT,
		    ALL_OTHERS_UNKNOWN,
		    [RESOLVER_TEST_ANCHOR] = RESOLVER_UNKNOWN },
		  3,
		  0 },
		{ "one silent", second_is_silent, { RESOLVER_PARTLY_SILENT }, 2, 0 },
		{ "one refuses", second_refuses, { RESOLVER_REFUSED }, 2, 0 },
		{ "own DNSSEC", second_cannot_validate, { RESOLVER_OWN_DNSSEC }, 2, 0 },
		{ "no TCP", second_has_no_tcp, { [RESOLVER_TEST_TCP] = RESOLVER_NO_TCP }, 2, 0 },
		{ "large", second_loses_large, { [RESOLVER_TEST_LARGE] = RESOLVER_LOST_LARGE }, 2, 0 },
		{ "public", second_is_public, { [RESOLVER_TEST_PUBLIC] = RESOLVER_IS_PUBLIC }, 2, 0 },
		{ "one quick answer", most_is_slow, { 0 }, 0, 0 },
		{ "slow", all_is_slow, { [RESOLVER_TEST_SPEED] = RESOLVER_SLOW }, 0, 0 },
		{ "no AAAA", aaaa_is_missing, { [RESOLVER_TEST_IPV6] = RESOLVER_NO_AAAA }, 0, 0 },
		{ "no AAAA, no IPv6",
		  aaaa_is_missing_without_ipv6,
		  { [RESOLVER_TEST_IPV6] = RESOLVER_OFF },
		  0,
		  0 },
		{ "no root server",
		  there_is_no_root_server,
		  { [RESOLVER_TEST_IPV6] = RESOLVER_UNKNOWN },
		  0,
		  0 },
		{ "invented",
		  names_are_invented,
		  { [RESOLVER_TEST_ABSENT] = RESOLVER_INVENTED,
		    [RESOLVER_TEST_DNSSEC] = RESOLVER_OFF,
		    [RESOLVER_TEST_ANCHOR] = RESOLVER_OFF },
		  0,
		  0 },
		{ "bogus",
		  answers_are_bogus,
		  { [RESOLVER_TEST_ABSENT] = RESOLVER_UNKNOWN, [RESOLVER_TEST_DNSSEC] = RESOLVER_BOGUS },
		  0,
		  0 },
		{ "no signatures",
		  signatures_are_lost,
		  { RESOLVER_PARTLY_SILENT, [RESOLVER_TEST_ABSENT] = RESOLVER_UNKNOWN,
		    [RESOLVER_TEST_DNSSEC] = RESOLVER_UNSIGNED },
		  0,
		  0 },
		{ "old anchor",
		  anchor_is_old,
		  { [RESOLVER_TEST_ABSENT] = RESOLVER_UNKNOWN,
		    [RESOLVER_TEST_DNSSEC] = RESOLVER_UNKNOWN,
		    [RESOLVER_TEST_ANCHOR] = RESOLVER_LACKS_KEY },
		  0,
		  NEW_KEY },
		{ "old anchor, cached",
		  anchor_is_old_but_cached,
		  { [RESOLVER_TEST_ANCHOR] = RESOLVER_LACKS_NEW_KEY },
		  0,
		  NEW_KEY },
		{ "old anchor, silent",
		  anchor_is_old_and_nobody_answers,
		  { [RESOLVER_TEST_SERVERS] = RESOLVER_SILENT,
		    ALL_OTHERS_UNKNOWN,
		    [RESOLVER_TEST_ANCHOR] = RESOLVER_LACKS_KEY },
		  0,
		  NEW_KEY },
		{ "another root", root_is_another, { 0 }, 0, 0 },
		{ "anchor for other zones",
		  anchor_is_for_other_zones,
		  { [RESOLVER_TEST_DNSSEC] = RESOLVER_OFF, [RESOLVER_TEST_ANCHOR] = RESOLVER_OFF },
		  0,
		  0 },
		{ "no anchor",
		  nothing_is_validated,
		  { [RESOLVER_TEST_DNSSEC] = RESOLVER_OFF, [RESOLVER_TEST_ANCHOR] = RESOLVER_OFF },
		  0,
		  0 },
		{ "recursive", begins_at_the_root, { 0 }, 0, 0 },
		{ "recursive without IPv6", has_no_ipv6, { [RESOLVER_TEST_IPV6] = RESOLVER_OFF }, 0, 0 },
		{ "recursive with half IPv6",
		  ipv6_leads_nowhere,
		  { [RESOLVER_TEST_IPV6] = RESOLVER_NO_WAY },
		  2,
		  0 },
		{ "recursive, silent",
		  root_is_not_found,
		  { [RESOLVER_TEST_SERVERS] = RESOLVER_SILENT,
		    ALL_OTHERS_UNKNOWN,
		    [RESOLVER_TEST_ANCHOR] = RESOLVER_UNKNOWN },
		  0,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct resolver_evidence evidence = good_evidence();
		struct resolver_report report;

		print_message("    %s\n", cases[i].scene);
		cases[i].change(&evidence);
		report = resolver_report_judge(&evidence);
		assert_int_equal(report.server_count, evidence.server_count);
		for (int test = 0; test < RESOLVER_TESTS; test++) {
			const struct resolver_result *result = &report.results[test];
			const enum resolver_finding expected =
				cases[i].findings[test] != 0 ? cases[i].findings[test] : RESOLVER_WELL;

			assert_string_equal(resolver_finding_token(result->finding),
					    resolver_finding_token(expected));
			if (cases[i].servers != 0 && resolver_finding_is_fault(expected))
				assert_int_equal(result->servers, cases[i].servers);
		}
		assert_int_equal(report.results[RESOLVER_TEST_ANCHOR].keys.count, cases[i].key != 0);
		assert_int_equal(report.results[RESOLVER_TEST_ANCHOR].keys.items[0], cases[i].key);
	}
}

/* What the file alone tells is there from the start. */
static void
resolver_report_begins_with_the_anchor(void **state)
{
	(void)state;
	assert_int_equal(resolver_report_begin(NULL).results[RESOLVER_TEST_ANCHOR].finding, RESOLVER_OFF);
	assert_int_equal(resolver_report_begin(&anchor_of_both).results[RESOLVER_TEST_ANCHOR].finding,
			 RESOLVER_UNKNOWN);
	assert_int_equal(resolver_report_begin(&anchor_of_old).results[RESOLVER_TEST_ANCHOR].finding,
			 RESOLVER_LACKS_KEY);
	assert_int_equal(resolver_report_begin(&anchor_of_old).results[RESOLVER_TEST_TCP].finding,
			 RESOLVER_UNTESTED);
}

/* "." DNSKEY: a key for anchors, one that is revoked, one for the zone, and signatures of two types. */
static void
root_keys_reads_who_signs_and_what_is_published(void **state)
{
	static const unsigned char answer[] = {
		0, 0, 0x84, 0, 0, 1, 0, 5, 0,    0,    0,  0, 0,    0, 48, 0, 1,       /* the question */
		0, 0, 48,   0, 1, 0, 0, 0, 9,    0,    6,  1, 1,    3, 8,  1, 2,       /* 257: tag 0x050b */
		0, 0, 48,   0, 1, 0, 0, 0, 9,    0,    6,  1, 0x81, 3, 8,  1, 2,       /* 385: revoked */
		0, 0, 48,   0, 1, 0, 0, 0, 9,    0,    6,  1, 0,    3, 8,  1, 2,       /* 256 */
		0, 0, 46,   0, 1, 0, 0, 0, 9,    0,    20, 0, 48,   8, 0,  0, 0, 0, 9, /* of DNSKEY, by 0x050b
											*/
		0, 0, 0,    0, 0, 0, 0, 0, 5,    0x0b, 0,  7, 0,    0, 46, 0, 1, 0, 0, 0,
		9, 0, 20,   0, 2, 8, 0, 0, 0,    0,    9, /* of NS, by 4711 */
		0, 0, 0,    0, 0, 0, 0, 0, 0x12, 0x67, 0,  7
	};
	struct root_keys keys = { .signers = { .count = 7 } };

	(void)state;
	assert_true(root_keys_read(answer, sizeof answer, &keys));
	assert_int_equal(keys.published.count, 1);
	assert_int_equal(keys.published.items[0], 0x050b);
	assert_int_equal(keys.signers.count, 1);
	assert_int_equal(keys.signers.items[0], 0x050b);
	for (size_t length = 0; length < sizeof answer; length++)
		if (root_keys_read(answer, length, &keys))
			assert_in_range(keys.published.count + keys.signers.count, 0, 2);
	keys.signers.count = 7;
	assert_false(root_keys_read(answer, 17, &keys));
	assert_int_equal(keys.signers.count, 7);
}

/* A server that never answers. */
static struct probe
make_probe(int *fd, enum probe_kind kind)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	struct probe probe = { .kind = kind, .server.address = ipaddr_from_ipv4(INADDR_LOOPBACK) };

	*fd = socket(AF_INET, kind == PROBE_TCP ? SOCK_STREAM : SOCK_DGRAM, 0);
	assert_int_equal(bind(*fd, (const struct sockaddr *)&address, length), 0);
	assert_int_equal(kind == PROBE_TCP ? listen(*fd, 1) : 0, 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&address, &length), 0);
	probe.server.port = ntohs(address.sin_port);
	return probe;
}

static void
probes_run_ends_when_it_is_told(void **state)
{
	const int stop_fd = eventfd(1, EFD_CLOEXEC);
	const uint64_t begin_ms = clock_now_ms();

	(void)state;
	for (int kind = 0; kind < PROBE_KINDS; kind++) {
		int fd;
		struct probe probe = make_probe(&fd, (enum probe_kind)kind);

		assert_false(probes_run(&probe, 1, 90000, false, stop_fd));
		assert_true(probe.has_way);
		assert_false(probe.is_answered);
		assert_int_equal(probe.fd, -1);
		(void)close(fd);
	}
	assert_true(clock_now_ms() - begin_ms < 60000);
	(void)close(stop_fd);
}

static void
public_resolvers_are_known(void **state)
{
	static const struct {
		const char *address;
		bool is_public;
	} cases[] = {
		{ "8.8.8.8", true },
		{ "1.1.1.1", true },
		{ "9.9.9.9", true },
		{ "149.112.112.112", true },
		{ "208.67.222.222", true },
		{ "2620:fe::fe", true },
		{ "2606:4700:4700::1111", true },
		{ "2001:4860:4860::8844", true },
		{ "4.2.2.1", true },
		{ "4.2.2.8", false },
		{ "192.0.2.53", false },
		{ "127.0.0.53", false },
		{ "10.8.8.8", false },
		{ "::1", false },
		{ "2001:db8::53", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct ipaddr address;

		print_message("    %s\n", cases[i].address);
		assert_true(ipaddr_parse(span_of(cases[i].address), &address));
		assert_int_equal(public_resolvers_have(&address), cases[i].is_public);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolver_report_judges_each_test),
		cmocka_unit_test(resolver_report_begins_with_the_anchor),
		cmocka_unit_test(root_keys_reads_who_signs_and_what_is_published),
		cmocka_unit_test(probes_run_ends_when_it_is_told),
		cmocka_unit_test(public_resolvers_are_known),
	};

	return cmocka_run_group_tests_name("resolver_report", tests, NULL, NULL);
}
