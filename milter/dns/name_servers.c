#include "heloscope/dns/name_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/regular_file.h"

#define PORT 53
#define RESOLV_CONF "/etc/resolv.conf"

struct found {
	struct name_server *servers;
	size_t count;
};

static void
add_server(struct found *found, struct span text)
{
	const char *at = memchr(text.at, '@', text.length);
	struct name_server server;
	unsigned port = PORT;

	if (at != NULL && !span_to_number(span_from(text, (size_t)(at - text.at) + 1), 1, 65535, &port))
		return;
	if (at != NULL)
		text.length = (size_t)(at - text.at);
	if (found->count == NAME_SERVERS_MAX || !ipaddr_parse(text, &server.address))
		return;
	server.port = (uint16_t)port;
	found->servers[found->count++] = server;
}

/* "nameserver 192.0.2.53", as resolv.conf(5) has it. */
static void
add_system_servers(struct found *found)
{
	struct error reason;
	FILE *file = regular_file_open(RESOLV_CONF, LINKS_FOLLOWED, NULL, &reason);
	struct file_lines lines;

	if (file == NULL)
		return;
	file_lines_init(&lines, file);
	while (file_lines_next(&lines) == LINE_READ) {
		const struct span text = { lines.line.at, strcspn(lines.line.at, "\r#;") };

		if (span_starts_with_nocase(text, SPAN("nameserver")))
			add_server(found, span_trim(span_from(text, sizeof "nameserver" - 1)));
	}
	file_lines_clear(&lines);
	(void)fclose(file);
}

size_t
name_servers_list(const struct resolver_settings *settings, struct name_server servers[NAME_SERVERS_MAX])
{
	struct found found = { .servers = servers };

	for (size_t i = 0; settings->mode == RESOLVER_SERVERS && i < settings->server_count; i++)
		add_server(&found, span_of(settings->servers[i]));
	if (settings->mode == RESOLVER_SYSTEM)
		add_system_servers(&found);
	return found.count;
}

void
name_server_add_to(const struct name_server *server, struct strbuf *text)
{
	char shown[IPADDR_TEXT_SIZE];

	strbuf_add(text, ipaddr_format(&server->address, shown));
	if (server->port != PORT)
		strbuf_printf(text, " port %u", server->port);
}

/* Of probes that were run. */
static enum name_servers_state
judge(const struct probe *probes, size_t count)
{
	enum name_servers_state state = NAME_SERVERS_SILENT;

	for (size_t i = 0; i < count; i++) {
		if (probes[i].is_answered && probes[i].rcode != PROBE_SERVFAIL)
			return NAME_SERVERS_ANSWER;
		if (probes[i].is_answered)
			state = NAME_SERVERS_FAIL;
	}
	return state;
}

enum name_servers_state
name_servers_look(const struct resolver_settings *settings, unsigned timeout_ms, struct strbuf *named)
{
	struct name_server servers[NAME_SERVERS_MAX];
	const size_t count = name_servers_list(settings, servers);
	struct probe *probes = calloc(NAME_SERVERS_MAX, sizeof *probes);
	enum name_servers_state state = NAME_SERVERS_ANSWER;

	for (size_t i = 0; i < count; i++) {
		strbuf_add(named, i > 0 ? ", " : "");
		name_server_add_to(&servers[i], named);
		if (probes != NULL)
			probes[i] = (struct probe){ .kind = PROBE_PLAIN, .server = servers[i] };
	}
	if (count > 0 && probes != NULL) { /* without any that we can ask libunbound may know better */
		(void)probes_run(probes, count, timeout_ms, true, -1);
		state = judge(probes, count);
	}
	free(probes);
	return state;
}
