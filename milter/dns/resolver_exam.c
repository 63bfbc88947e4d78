#include "heloscope/dns/resolver_exam.h"

#include <stdlib.h>
#include <unistd.h>

#define ROOT_SERVER "a.root-servers.net"
#define ROOT_SERVER_IPV6                                                                                     \
	"2001:503:ba3e::2:30" /* its address, to which there is a way if there is any to IPv6 */
#define DNS_PORT 53
#define MADE_UP_LETTERS 16

/* Questions to the resolver. */

static struct lookup_evidence
get(struct lookup *lookup, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = lookup_get(lookup, name, type);

	return (struct lookup_evidence){ .status = answer->status,
					 .is_secure = answer->security == DNS_SECURE,
					 .took_ms = lookup_took_ms(lookup, name, type) };
}

static void
ask_resolver(struct lookup *lookup, struct resolver_evidence *evidence)
{
	unsigned char octets[MADE_UP_LETTERS] = { 0 };
	char made_up[MADE_UP_LETTERS + 1] = "";

	(void)getentropy(octets, sizeof octets);
	for (size_t i = 0; i < sizeof octets; i++)
		made_up[i] = (char)('a' + octets[i] % 26);
	lookup_want(lookup, ROOT_SERVER, DNS_A);
	lookup_want(lookup, ROOT_SERVER, DNS_AAAA);
	lookup_want(lookup, made_up, DNS_A);
	evidence->ipv4 = get(lookup, ROOT_SERVER, DNS_A);
	evidence->ipv6 = get(lookup, ROOT_SERVER, DNS_AAAA);
	evidence->absent = get(lookup, made_up, DNS_A);
}

/* Questions to servers. */

static void
add_root_server(struct lookup *lookup, enum dns_type type, struct resolver_evidence *evidence)
{
	const struct dns_answer *answer = lookup_get(lookup, ROOT_SERVER, type);

	if (answer->count > 0)
		evidence->servers[evidence->server_count++].server =
			(struct name_server){ answer->records[0].address, DNS_PORT };
}

static bool
has_ipv6(void)
{
	struct name_server server = { .port = DNS_PORT };

	return ipaddr_parse(span_of(ROOT_SERVER_IPV6), &server.address) && probe_has_way(&server);
}

static void
list_servers(const struct resolver_settings *settings, struct lookup *lookup,
	     struct resolver_evidence *evidence)
{
	struct name_server servers[NAME_SERVERS_MAX];

	evidence->is_recursive = settings->mode == RESOLVER_RECURSIVE;
	if (evidence->is_recursive) {
		add_root_server(lookup, DNS_A, evidence);
		add_root_server(lookup, DNS_AAAA, evidence);
		return;
	}
	evidence->server_count = name_servers_list(settings, servers);
	for (size_t i = 0; i < evidence->server_count; i++)
		evidence->servers[i].server = servers[i];
}

static void
take_probe(const struct probe *probe, struct server_evidence *server)
{
	server->has_way = server->has_way || probe->has_way;
	server->kinds[probe->kind] = (struct probe_evidence){ .is_answered = probe->is_answered,
							      .rcode = probe->rcode,
							      .took_ms = probe->took_ms };
	if (probe->kind != PROBE_PLAIN && probe->is_answered && !server->has_keys)
		server->has_keys = root_keys_read(probe->answer, probe->length, &server->keys);
}

/* Of these kinds, of the servers that answer, or of all. */
static bool
ask_servers(struct resolver_evidence *evidence, const enum probe_kind *kinds, size_t kind_count,
	    bool asks_all, int stop_fd)
{
	const size_t most = evidence->server_count * kind_count;
	struct probe *probes = calloc(most + 1, sizeof *probes);
	struct server_evidence *asked[PROBES_MAX];
	size_t count = 0;
	bool is_whole;

	if (probes == NULL)
		return false;
	for (size_t i = 0; i < most; i++) {
		struct server_evidence *server = &evidence->servers[i / kind_count];

		if (!asks_all && !server->kinds[PROBE_PLAIN].is_answered)
			continue;
		asked[count] = server;
		probes[count].kind = kinds[i % kind_count];
		probes[count++].server = server->server;
	}
	is_whole = probes_run(probes, count, RESOLVER_EXAM_SERVER_MS, false, stop_fd);
	for (size_t i = 0; i < count; i++)
		take_probe(&probes[i], asked[i]);
	free(probes);
	return is_whole;
}

bool
resolver_exam_run(const struct resolver_settings *settings, struct lookup *lookup, int stop_fd,
		  struct resolver_evidence *evidence)
{
	static const enum probe_kind first[] = { PROBE_PLAIN }, then[] = { PROBE_LARGE, PROBE_TCP };

	evidence->server_count = 0;
	evidence->has_ipv6 = has_ipv6();
	ask_resolver(lookup, evidence);
	list_servers(settings, lookup, evidence);
	return ask_servers(evidence, first, 1, true, stop_fd)
	       && ask_servers(evidence, then, 2, false, stop_fd);
}
