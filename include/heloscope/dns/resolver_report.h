/*
 * resolver_report: what the self-test of the resolver finds: a table of tests, what each can find, and how
 * that follows from what was answered. Asks nothing; pure.
 */
#ifndef HELOSCOPE_DNS_RESOLVER_REPORT_H
#define HELOSCOPE_DNS_RESOLVER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"
#include "heloscope/dns/name_servers.h"
#include "heloscope/dns/root_keys.h"
#include "heloscope/dns/trust_anchor.h"

/* clang-format off */
/* A test: enum and token. */
#define RESOLVER_TEST_ROWS(ROW) \
	ROW(SERVERS, "servers")       /* each name server answers */ \
	ROW(SPEED,   "speed")         /* soon enough for a message that needs several answers */ \
	ROW(PUBLIC,  "public")        /* none of them is everybody's, whom lists refuse */ \
	ROW(LARGE,   "large-answers") /* what is larger than 512 octets comes over UDP */ \
	ROW(TCP,     "tcp")           /* and over TCP */ \
	ROW(IPV6,    "ipv6")          /* if this host has that: IPv6 addresses are found, and name servers are reached over it */ \
	ROW(ABSENT,  "absent-names")  /* a name that does not exist is said not to */ \
	ROW(DNSSEC,  "dnssec")        /* what is signed validates */ \
	ROW(ANCHOR,  "trust-anchor")  /* the file has the keys that the root is signed with, and will be */

/* What a test can find: enum, token, and whether it is a fault. */
#define RESOLVER_FINDING_ROWS(ROW) \
	ROW(UNTESTED,       "untested",         false) /* not yet */ \
	ROW(OFF,            "off",              false) /* neither the configuration nor the host has anything that needs it */ \
	ROW(UNKNOWN,        "unknown",          false) /* whoever would have to answer did not, or has no such thing */ \
	ROW(WELL,           "well",             false) \
	ROW(SILENT,         "silent",           true)  /* no server answers */ \
	ROW(PARTLY_SILENT,  "partly-silent",    true)  /* some do not */ \
	ROW(REFUSED,        "refused",          true)  /* some fail, or refuse */ \
	ROW(OWN_DNSSEC,     "own-dnssec",       true)  /* some fail unless they are told not to validate */ \
	ROW(SLOW,           "slow",             true) \
	ROW(IS_PUBLIC,      "is-public",        true)  /* a fault only with lists that are asked there */ \
	ROW(LOST_LARGE,     "lost",             true) \
	ROW(NO_TCP,         "no-tcp",           true) \
	ROW(NO_AAAA,        "no-aaaa",          true)  /* the AAAA record of a root server is not found */ \
	ROW(NO_WAY,         "no-way",           true)  /* a root server is silent over IPv6 */ \
	ROW(INVENTED,       "invented",         true)  /* it has an address */ \
	ROW(UNSIGNED,       "signatures-lost",  true)  /* some servers leave out signatures */ \
	ROW(BOGUS,          "bogus",            true) \
	ROW(LACKS_KEY,      "lacks-key",        true)  /* with which the root is signed */ \
	ROW(LACKS_NEW_KEY,  "lacks-new-key",    true)  /* which the root publishes */
/* clang-format on */

#define RESOLVER_TEST_ENUM(NAME, ...) RESOLVER_TEST_##NAME,
enum resolver_test { RESOLVER_TEST_ROWS(RESOLVER_TEST_ENUM) RESOLVER_TESTS };

#define RESOLVER_FINDING_ENUM(NAME, ...) RESOLVER_##NAME,
enum resolver_finding { RESOLVER_FINDING_ROWS(RESOLVER_FINDING_ENUM) RESOLVER_FINDINGS };

const char *resolver_test_token(enum resolver_test test);
const char *resolver_finding_token(enum resolver_finding finding);
bool resolver_finding_is_fault(enum resolver_finding finding);

/* What was answered. */

struct probe_evidence {
	bool is_answered;
	unsigned rcode, took_ms;
};

struct server_evidence {
	struct name_server server;
	bool has_way;
	struct probe_evidence kinds[PROBE_KINDS];
	bool has_keys;
	struct root_keys keys; /* if it has any */
};

/* Of a question to the resolver. */
struct lookup_evidence {
	enum dns_status status;
	bool is_secure;
	unsigned took_ms;
};

struct resolver_evidence {
	bool is_recursive; /* then `servers` are the addresses of a root server */
	struct server_evidence servers[NAME_SERVERS_MAX];
	size_t server_count;
	struct lookup_evidence ipv4, ipv6, absent; /* A and AAAA of a root server; a name that is made up */
	bool has_ipv6;                             /* this host knows a way there */
	unsigned timeout_ms;                       /* that a message has for all its lookups */
	const struct trust_anchor *anchor;         /* NULL: nothing is validated */
};

/* What is found. */

struct resolver_result {
	enum resolver_finding finding;
	unsigned servers;     /* bits 1 << index of those that it is about */
	unsigned ms;          /* SPEED: of the quickest answer, if there was one */
	struct key_tags keys; /* ANCHOR: that are lacking */
};

struct resolver_report {
	int64_t tested; /* seconds since 1970; 0: not yet */
	bool is_recursive;
	struct name_server servers[NAME_SERVERS_MAX];
	size_t server_count;
	struct resolver_result results[RESOLVER_TESTS];
};

/* All that is known before anything is asked. `anchor` may be NULL. */
struct resolver_report resolver_report_begin(const struct trust_anchor *anchor) MUST_USE;

/* `tested` is left 0. */
struct resolver_report resolver_report_judge(const struct resolver_evidence *evidence) MUST_USE;

#endif
