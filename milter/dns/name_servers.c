#include "heloscope/dns/name_servers.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/regular_file.h"

#define SERVERS_MAX 8
#define ROUNDS 3
#define PORT 53
#define ANSWER_MAX 512
#define SERVFAIL 2
#define RESOLV_CONF "/etc/resolv.conf"

/* RFC 1035, 4.1: "." NS, recursion desired. The first two octets are the id. */
static const unsigned char question[] = { 'h', 's', 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };

struct servers {
	struct pollfd items[SERVERS_MAX];
	size_t count;
	bool has_failed; /* one answers SERVFAIL */
};

static void
add_server(struct servers *servers, struct span text, struct strbuf *named)
{
	const char *at = memchr(text.at, '@', text.length);
	struct sockaddr_storage storage;
	char shown[IPADDR_TEXT_SIZE];
	struct ipaddr address;
	unsigned port = PORT;
	socklen_t length;
	int fd;

	if (at != NULL && !span_to_number(span_from(text, (size_t)(at - text.at) + 1), 1, 65535, &port))
		return;
	if (at != NULL)
		text.length = (size_t)(at - text.at);
	if (servers->count == SERVERS_MAX || !ipaddr_parse(text, &address))
		return;
	strbuf_printf(named, "%s%s", named->length > 0 ? ", " : "", ipaddr_format(&address, shown));
	if (port != PORT)
		strbuf_printf(named, " port %u", port);
	length = ipaddr_to_sockaddr(&address, (uint16_t)port, &storage);
	fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&storage, length) != 0) {
		(void)close(fd);
		fd = -1; /* no way there: silence, too */
	}
	servers->items[servers->count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

/* "nameserver 192.0.2.53", as resolv.conf(5) has it. */
static void
add_system_servers(struct servers *servers, struct strbuf *named)
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
			add_server(servers, span_trim(span_from(text, sizeof "nameserver" - 1)), named);
	}
	file_lines_clear(&lines);
	(void)fclose(file);
}

static void
ask_all(const struct servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		if (servers->items[i].fd >= 0)
			(void)send(servers->items[i].fd, question, sizeof question, MSG_NOSIGNAL);
}

/* Whether what has come in is an answer that is none of failure. */
static bool
hear(struct servers *servers, struct pollfd *server)
{
	unsigned char answer[ANSWER_MAX];
	const ssize_t length = recv(server->fd, answer, sizeof answer, 0);

	if (length < 0 && errno == ECONNREFUSED) { /* nobody listens: it need not be waited for */
		(void)close(server->fd);
		server->fd = -1;
	}
	if (length < 12 || memcmp(answer, question, 2) != 0 || (answer[2] & 0x80) == 0)
		return false;
	servers->has_failed = servers->has_failed || (answer[3] & 0x0f) == SERVFAIL;
	return (answer[3] & 0x0f) != SERVFAIL;
}

static bool
is_anybody_left(const struct servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		if (servers->items[i].fd >= 0)
			return true;
	return false;
}

/* Until `end_ms` or the first answer; true for an answer. */
static bool
wait_for_answer(struct servers *servers, uint64_t end_ms)
{
	uint64_t now_ms;

	while (is_anybody_left(servers) && (now_ms = clock_now_ms()) < end_ms) {
		if (poll(servers->items, servers->count, (int)(end_ms - now_ms)) <= 0)
			continue;
		for (size_t i = 0; i < servers->count; i++)
			if (servers->items[i].revents != 0 && hear(servers, &servers->items[i]))
				return true;
	}
	return false;
}

enum name_servers_state
name_servers_look(const struct resolver_settings *settings, unsigned timeout_ms, struct strbuf *named)
{
	const uint64_t begin_ms = clock_now_ms();
	struct servers servers = { .count = 0 };
	bool is_answered = false;

	if (settings->mode == RESOLVER_RECURSIVE)
		return NAME_SERVERS_ANSWER;
	for (size_t i = 0; settings->mode == RESOLVER_SERVERS && i < settings->server_count; i++)
		add_server(&servers, span_of(settings->servers[i]), named);
	if (settings->mode == RESOLVER_SYSTEM)
		add_system_servers(&servers, named);
	is_answered = servers.count == 0; /* none that we can ask: libunbound may know better */
	for (unsigned round = 1; round <= ROUNDS && !is_answered && is_anybody_left(&servers); round++) {
		ask_all(&servers);
		is_answered = wait_for_answer(&servers, begin_ms + (uint64_t)timeout_ms * round / ROUNDS);
	}
	for (size_t i = 0; i < servers.count; i++)
		if (servers.items[i].fd >= 0)
			(void)close(servers.items[i].fd);
	return is_answered          ? NAME_SERVERS_ANSWER
	       : servers.has_failed ? NAME_SERVERS_FAIL
				    : NAME_SERVERS_SILENT;
}
