/* doctor_server: the mail servers of a domain, looked at from outside: its MX hosts, and whatever answers at
 * the addresses from which mail goes out. */
#include "heloscope/doctor/server.h"

#include "heloscope/doctor/host.h"
#include "heloscope/doctor/look.h"
#include "heloscope/doctor/relay.h"

#include <openssl/ssl.h>
#include <string.h>
#include <time.h>

#include "heloscope/peer/dane.h"
#include "heloscope/peer/look_back.h"
#include "heloscope/words/peer.h"

#define SERVERS_MAX 16
#define EXPIRY_WARNING_S (14 * 86400)

struct server {
	const char *name; /* MX host, or name of the reverse DNS; "" for none */
	struct ipaddr address;
	bool is_mx;
	bool is_late; /* the look came to no end in the time for all */
	struct visit *visit, *old_visit;
	struct peer peer, old; /* `old`: offered nothing newer than TLS 1.1 */
};

struct server_set {
	struct server items[SERVERS_MAX];
	size_t count;
};

/* By its name and its address, as people know it. */
static const char *
shown(struct exam *exam, const struct server *server)
{
	const char *address = exam_address_text(exam, &server->address);

	return server->name[0] != '\0' ? arena_printf(exam->arena, "%s (%s)", server->name, address)
				       : address;
}

static void
say(struct exam *exam, const struct server *server, enum doctor_problem problem,
    enum doctor_severity severity, const char *what, const char *consequence)
{
	exam_say_server(exam, problem, shown(exam, server), &server->address, severity, what, consequence);
}

/* Which servers. */

static void
add_server(struct server_set *servers, const char *name, const struct ipaddr *address, bool is_mx)
{
	for (size_t i = 0; i < servers->count; i++)
		if (ipaddr_equals(&servers->items[i].address, address)
		    && (!is_mx || strcmp(servers->items[i].name, name) == 0))
			return;
	if (servers->count < SERVERS_MAX)
		servers->items[servers->count++] =
			(struct server){ .name = name, .address = *address, .is_mx = is_mx };
}

static void
add_host(struct exam *exam, struct server_set *servers, const char *host)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	for (size_t i = 0; i < 2; i++) {
		const struct dns_answer *answer = lookup_get(exam->lookup, host, types[i]);

		for (size_t j = 0; j < answer->count && j < EXAM_HOSTS_MAX; j++)
			add_server(servers, host, &answer->records[j].address, true);
	}
}

static void
find_servers(struct exam *exam, struct server_set *servers)
{
	const char *domain = exam->report->domain;
	const struct dns_answer *mx = lookup_get(exam->lookup, domain, DNS_MX);

	for (size_t i = 0; i < mx->count && i < EXAM_HOSTS_MAX; i++)
		if (mx->records[i].name[0] != '\0')
			add_host(exam, servers, mx->records[i].name);
	if (dns_status_is_void(mx->status))
		add_host(exam, servers, domain);
	for (size_t i = 0; i < exam->report->address_count; i++) {
		const struct ipaddr *address = &exam->report->addresses[i];

		add_server(servers, exam_verified_name(exam, address), address, false);
	}
}

/* All at a time. */
static void
look(struct exam *exam, struct server_set *servers)
{
	struct look_back *look_back = exam->order->look_back;

	for (size_t i = 0; i < servers->count; i++) {
		struct server *server = &servers->items[i];

		server->visit = look_back_begin(look_back, &server->address, server->name, 0);
		server->old_visit =
			look_back_begin(look_back, &server->address, server->name, TLS1_1_VERSION);
	}
	for (size_t i = 0; i < servers->count; i++) {
		struct server *server = &servers->items[i];

		server->peer = server->old = (struct peer){ .outcome = PEER_UNREACHABLE };
		server->is_late =
			server->visit != NULL
			&& !look_back_end(server->visit, &server->peer, exam_left_ms(exam, DOCTOR_TOTAL_MS));
		if (server->old_visit != NULL)
			(void)look_back_end(server->old_visit, &server->old,
					    exam_left_ms(exam, DOCTOR_TOTAL_MS));
	}
}

/* Banner. */

/* What may be the fault of the network from which we look, or be meant for us alone, is none of the server's.
 */
static void
examine_silence(struct exam *exam, const struct server *server)
{
	static const struct {
		enum doctor_severity severity;
		const char *consequence;
	} judgements[PEER_OUTCOMES] = {
		[PEER_REFUSED] = { DOCTOR_ERROR, "Mail and bounces to this host are lost." },
		[PEER_UNREACHABLE] = { DOCTOR_UNKNOWN,
				       "If that is so from everywhere, mail and bounces to this host are lost; perhaps only this network lets nobody out to port 25." },
		[PEER_CONNECT_TIMEOUT] = { DOCTOR_UNKNOWN,
					   "If that is so from everywhere, mail and bounces to this host are lost; perhaps only this network lets nobody out to port 25." },
		[PEER_READ_TIMEOUT] = { DOCTOR_UNKNOWN,
					"If that is so from everywhere, mail and bounces come late or are lost; perhaps it is only so for the host from which you ask." },
		[PEER_BUSY] = { DOCTOR_UNKNOWN, "Perhaps it says so only to the host from which you ask." },
		[PEER_DECLINES] = { DOCTOR_UNKNOWN,
				    "Perhaps it says so only to the host from which you ask." },
		[PEER_NOT_SMTP] = { DOCTOR_ERROR, "Mail and bounces to this host are lost." },
		[PEER_TOO_MUCH] = { DOCTOR_ERROR, "Mail and bounces to this host are lost." },
		[PEER_CLOSED] = { DOCTOR_UNKNOWN,
				  "If that is so from everywhere, mail and bounces to this host are lost; perhaps it is only so for the host from which you ask." },
	};
	const enum peer_outcome outcome = server->peer.outcome;
	const char *said = server->peer.refusal[0] != '\0' ? server->peer.refusal : server->peer.greeting;

	if (!server->is_mx) /* hosts that only send have no server */
		return;
	say(exam, server, PROBLEM_SERVER_SILENT, judgements[outcome].severity,
	    server->peer.code >= 400
		    ? arena_printf(exam->arena, "%s: %s: %u %s.", shown(exam, server),
				   peer_outcome_text(outcome), server->peer.code, said)
		    : arena_printf(exam->arena, "%s: %s%s%s.", shown(exam, server),
				   peer_outcome_text(outcome), said[0] != '\0' ? ": " : "", said),
	    judgements[outcome].consequence);
}

/* Whether both names, of the greeting and of EHLO, are those that the filter knows the host by. */
static bool
both_are_known(const struct peer_facts *peer, const char *reverse, const char *host)
{
	const char *names[] = { peer->greeting_name, peer->ehlo_name };

	for (size_t i = 0; i < 2; i++)
		if (names[i] == NULL || names[i][0] == '\0'
		    || (strcmp(names[i], reverse) != 0 && strcmp(names[i], host) != 0))
			return false;
	return true;
}

/* As the filter judges a client that has this server, and gives its name with HELO. */
static void
examine_banner(struct exam *exam, const struct server *server)
{
	const char *helo = server->name[0] != '\0' ? server->name : exam->order->helo;
	const struct facts *facts = exam_look(exam, &server->address, helo, &server->peer);
	const char *reverse, *wanted;

	if (facts == NULL)
		return;
	reverse = facts->iprev.verified != NULL ? facts->iprev.verified : "";
	wanted = domain_is_helo_name(reverse) ? reverse : server->name;
	switch (facts->results[METHOD_BANNER]) {
	case RESULT_PASS:
		exam_set_cell(exam, DOCTOR_BANNER, DOCTOR_GOOD);
		if (!both_are_known(&facts->peer, reverse, helo != NULL ? helo : ""))
			say(exam, server, PROBLEM_BANNER_NAME, DOCTOR_NOTE,
			    arena_printf(exam->arena, "%s greets with \"%s\" and answers EHLO with \"%s\".",
					 shown(exam, server), server->peer.greeting, server->peer.ehlo),
			    "Both should begin with the host's own name.");
		break;
	case RESULT_TEMPERROR:
		exam_add(exam, (struct doctor_finding){
				       .problem = PROBLEM_LOOKUP,
				       .row = DOCTOR_BANNER,
				       .subject = arena_printf(exam->arena, "the reverse DNS of %s",
							       shown(exam, server)),
				       .severity = DOCTOR_UNKNOWN,
				       .what = arena_printf(
					       exam->arena,
					       "%s greets with \"%s\"; its reverse DNS cannot be looked up.",
					       shown(exam, server), server->peer.greeting) });
		break;
	default:
		say(exam, server, PROBLEM_BANNER_NAME,
		    facts->results[METHOD_BANNER] == RESULT_NEUTRAL ? DOCTOR_NOTE : DOCTOR_WARNING,
		    arena_printf(exam->arena, "%s greets with \"%s\".", shown(exam, server),
				 server->peer.greeting),
		    arena_printf(exam->arena,
				 "Receivers that look back expect %s%s, here and in the answer to EHLO.",
				 domain_is_helo_name(wanted) ? wanted : "the host's own name",
				 wanted == reverse ? ", the name of the reverse DNS" : ""));
	}
}

/* TLS. */

static void
examine_starttls(struct exam *exam, const struct server *server)
{
	static const struct {
		const char *before, *behind;
	} words[STARTTLS_STATES] = {
		[STARTTLS_UNKNOWN] = { "Whether ", " offers STARTTLS is not known" },
		[STARTTLS_NOT_OFFERED] = { "", " does not offer STARTTLS" },
		[STARTTLS_REFUSED] = { "", " offers STARTTLS, but refuses it" },
		[STARTTLS_BROKEN] = { "STARTTLS fails at ", "" },
		[STARTTLS_WORKS] = { "STARTTLS works at ", "" },
	};
	const struct peer *peer = &server->peer;
	const enum doctor_severity severity =
		peer->starttls == STARTTLS_BROKEN ? DOCTOR_ERROR : DOCTOR_WARNING;

	if (peer->injects)
		say(exam, server, PROBLEM_STARTTLS_INJECTS, DOCTOR_ERROR,
		    arena_printf(exam->arena, "%s sends plain text after its reply to STARTTLS.",
				 shown(exam, server)),
		    "It is an old fault of servers (CVE-2011-0411), or somebody on the way.");
	if (peer->starttls == STARTTLS_WORKS)
		exam_set_cell(exam, DOCTOR_STARTTLS, DOCTOR_GOOD);
	else if (server->is_mx || peer->starttls == STARTTLS_BROKEN)
		say(exam, server,
		    peer->starttls == STARTTLS_BROKEN ? PROBLEM_STARTTLS_BROKEN : PROBLEM_STARTTLS_MISSING,
		    severity,
		    arena_printf(exam->arena, "%s%s%s%s%s.", words[peer->starttls].before,
				 shown(exam, server), words[peer->starttls].behind,
				 peer->problem != PEER_PROBLEM_NONE ? ": " : "", peer_problem_text(peer)),
		    peer->starttls == STARTTLS_BROKEN
			    ? "Senders that try it deliver late or not at all."
			    : "Mail to it can be read on the way, and senders that insist on TLS refuse to send.");
}

static const char *
date_of(struct exam *exam, int64_t seconds)
{
	const time_t time = (time_t)seconds;
	char text[32] = "";
	struct tm parts;

	if (gmtime_r(&time, &parts) != NULL)
		(void)strftime(text, sizeof text, "%Y-%m-%d", &parts);
	return arena_string(exam->arena, text);
}

/* What is a fault only for those who verify: senders by MTA-STS and a few more. */
static void
examine_certificate(struct exam *exam, const struct server *server)
{
	const struct peer *peer = &server->peer;
	const int64_t now = (int64_t)time(NULL);
	const char *host = shown(exam, server);

	if (peer->not_after < now)
		say(exam, server, PROBLEM_CERTIFICATE_EXPIRED, DOCTOR_WARNING,
		    arena_printf(exam->arena, "The certificate of %s expired on %s.", host,
				 date_of(exam, peer->not_after)),
		    "Senders that verify it do not deliver.");
	else if (!peer->is_trusted)
		say(exam, server, PROBLEM_CERTIFICATE_UNTRUSTED, DOCTOR_NOTE,
		    arena_printf(exam->arena, "The certificate of %s is not trusted: %s (issued by %s).",
				 host, peer_problem_text(peer), peer->issuer),
		    "Most senders do not mind; those that verify do.");
	else if (server->is_mx && !peer->is_named)
		say(exam, server, PROBLEM_CERTIFICATE_NAME, DOCTOR_WARNING,
		    arena_printf(exam->arena, "The certificate of %s is for %s, not for the MX host.", host,
				 peer->cert_names),
		    "Senders that verify it do not deliver.");
	else if (peer->not_after < now + EXPIRY_WARNING_S)
		say(exam, server, PROBLEM_CERTIFICATE_EXPIRES, DOCTOR_NOTE,
		    arena_printf(exam->arena, "The certificate of %s expires on %s.", host,
				 date_of(exam, peer->not_after)),
		    NULL);
	else
		exam_set_cell(exam, DOCTOR_CERTIFICATE, DOCTOR_GOOD);
}

static void
examine_old_tls(struct exam *exam, const struct server *server)
{
	if (server->old.starttls != STARTTLS_WORKS)
		exam_set_cell(exam, DOCTOR_OLD_TLS, DOCTOR_GOOD);
	else
		say(exam, server, PROBLEM_OLD_TLS, DOCTOR_NOTE,
		    arena_printf(exam->arena, "%s still takes %s.", shown(exam, server),
				 server->old.tls_version),
		    "TLS before 1.2 is out of use (RFC 8996).");
}

/* DANE. */

static const char *
good_tlsa(struct exam *exam, const char *name, const struct peer *peer)
{
	return peer->key_digest[0] != '\0'
		       ? arena_printf(exam->arena, "%s. TLSA 3 1 1 %s", name, peer->key_digest)
		       : NULL;
}

/* Whether DNSSEC vouches for all that leads to the records: else nobody asks for them (RFC 7672, 2.2). */
static bool
is_secure(struct exam *exam, const struct server *server)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->report->domain, DNS_MX);
	const struct dns_answer *address =
		lookup_get(exam->lookup, server->name, dns_address_type(&server->address));

	return mx->security == DNS_SECURE && address->security == DNS_SECURE;
}

/* How the server stands to records that count. */
static void
judge_dane(struct exam *exam, const struct server *server, const char *name)
{
	const struct peer *peer = &server->peer;
	const char *host = shown(exam, server);

	if (peer->starttls != STARTTLS_WORKS)
		exam_say(exam, PROBLEM_DANE_NO_TLS, host, DOCTOR_ERROR,
			 arena_printf(exam->arena, "%s has TLSA records, but STARTTLS is %s there.", host,
				      peer_starttls_text(peer->starttls)),
			 "Senders that check DANE do not deliver.", NULL);
	else if (peer->dane == DANE_MATCH)
		exam_set_cell(exam, DOCTOR_DANE, DOCTOR_GOOD);
	else if (peer->dane == DANE_MISMATCH)
		exam_say(exam, PROBLEM_DANE_MISMATCH, host, DOCTOR_ERROR,
			 arena_printf(exam->arena,
				      "The certificate of %s is not one that its TLSA records name.", host),
			 "Senders that check DANE do not deliver.", good_tlsa(exam, name, peer));
	else if (peer->dane == DANE_UNUSABLE)
		exam_say(
			exam, PROBLEM_DANE_UNUSABLE, server->name, DOCTOR_WARNING,
			arena_printf(exam->arena, "None of the TLSA records of %s counts for mail.",
				     server->name),
			"They need usage DANE-TA(2) or DANE-EE(3), and be well formed (RFC 7672, 3.1). Senders insist on TLS, but verify nothing.",
			good_tlsa(exam, name, peer));
	else
		exam_say(
			exam, PROBLEM_DANE_UNJUDGED, server->name, DOCTOR_UNKNOWN,
			arena_printf(
				exam->arena,
				"The TLSA records of %s could not be looked up when its certificate was seen.",
				server->name),
			"Try again in some minutes.", NULL);
}

static void
examine_dane(struct exam *exam, const struct server *server)
{
	char memory[DOMAIN_SIZE];
	const struct dns_answer *tlsa;
	const char *name;

	if (!server->is_mx || !dane_record_name(server->name, exam->config->look_back.port, memory))
		return;
	name = arena_string(exam->arena, memory);
	tlsa = lookup_get(exam->lookup, name, DNS_TLSA);
	if (dns_status_is_fault(tlsa->status) && !is_secure(exam, server))
		return; /* senders do not ask */
	if (tlsa->status == DNS_BOGUS)
		exam_say(exam, PROBLEM_DANE_BOGUS, server->name, DOCTOR_ERROR,
			 arena_printf(exam->arena, "The TLSA records of %s fail DNSSEC validation.",
				      server->name),
			 "Senders that check DANE do not deliver.", NULL);
	else if (dns_status_is_fault(tlsa->status))
		exam_add_unknown(exam, DOCTOR_DANE, name, tlsa);
	else if (tlsa->count == 0)
		return;
	else if (exam->config->resolver.trust_anchor == NULL)
		exam_say(
			exam, PROBLEM_DANE_UNJUDGED, server->name, DOCTOR_UNKNOWN,
			arena_printf(
				exam->arena,
				"%s has TLSA records; without a trust-anchor in the configuration they cannot be judged.",
				server->name),
			NULL, NULL);
	else if (!is_secure(exam, server) || tlsa->security != DNS_SECURE)
		exam_say(
			exam, PROBLEM_DANE_INSECURE, server->name, DOCTOR_WARNING,
			arena_printf(
				exam->arena,
				"%s has TLSA records, but DNSSEC does not protect every name on the way to it.",
				server->name),
			"Senders ignore them (RFC 7672, 2.2).", NULL);
	else
		judge_dane(exam, server, name);
}

/* Only once all else is told: it takes the longest. Each has an equal share of what is left. */
static void
try_relays(struct exam *exam, const struct server_set *servers)
{
	size_t left = 0;

	for (size_t i = 0; i < servers->count; i++)
		left += servers->items[i].peer.outcome == PEER_ANSWERS ? 1 : 0;
	for (size_t i = 0; i < servers->count; i++) {
		const struct server *server = &servers->items[i];

		if (server->peer.outcome != PEER_ANSWERS)
			continue;
		if (exam->order->tell != NULL)
			exam->order->tell(exam->report->domain,
					  arena_printf(exam->arena, "relay test of %s", shown(exam, server)));
		exam_relay(exam, shown(exam, server), &server->address,
			   exam_left_ms(exam, DOCTOR_RELAY_MS * (unsigned)left) / (unsigned)left);
		left--;
	}
}

static void
examine_server(struct exam *exam, const struct server *server)
{
	if (server->is_late) {
		say(exam, server, PROBLEM_SERVER_LATE, DOCTOR_UNKNOWN,
		    arena_printf(exam->arena, "The check of %s did not finish in time.", shown(exam, server)),
		    "The time for all of the examination is over.");
		return;
	}
	if (server->peer.outcome != PEER_ANSWERS) {
		examine_silence(exam, server);
		return;
	}
	examine_banner(exam, server);
	examine_starttls(exam, server);
	if (server->peer.starttls == STARTTLS_WORKS) {
		examine_certificate(exam, server);
		examine_old_tls(exam, server);
	}
	examine_dane(exam, server);
}

void
exam_servers(struct exam *exam)
{
	struct server_set servers = { .count = 0 };

	if (exam->order->look_back == NULL)
		return;
	find_servers(exam, &servers);
	look(exam, &servers);
	for (size_t i = 0; i < servers.count; i++)
		examine_server(exam, &servers.items[i]);
	if (exam->order->tests_relay)
		try_relays(exam, &servers);
}
