#include "heloscope/dns/probe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heloscope/base/clock.h"

#define ROUNDS 3
#define HEADER_SIZE 12
#define PREFIX_SIZE 2 /* in front of a message over TCP (RFC 1035, 4.2.2) */
#define QUESTION_MAX 64

/* RFC 1035, 4.1, behind the id: recursion is desired, "." NS. */
static const unsigned char name_servers[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };

/* "." DNSKEY, checking disabled (RFC 4035, 3.2.2), and EDNS (RFC 6891) with 1232 octets and DO, as libunbound
 * asks. */
static const unsigned char keys[] = { 1, 0x10, 0, 1, 0,    0,    0,    0, 0, 1,    0, 0, 48,
				      0, 1,    0, 0, 0x29, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0 };

static const struct {
	const unsigned char *question;
	size_t length;
	bool is_stream;
} kinds[PROBE_KINDS] = {
	[PROBE_PLAIN] = { name_servers, sizeof name_servers, false },
	[PROBE_LARGE] = { keys, sizeof keys, false },
	[PROBE_TCP] = { keys, sizeof keys, true },
};

static void
end_probe(struct probe *probe)
{
	if (probe->fd >= 0)
		(void)close(probe->fd);
	probe->fd = -1;
}

static void
begin_probe(struct probe *probe)
{
	const bool is_stream = kinds[probe->kind].is_stream;
	struct sockaddr_storage storage;
	const socklen_t length = ipaddr_to_sockaddr(&probe->server.address, probe->server.port, &storage);

	(void)getentropy(&probe->id, sizeof probe->id);
	probe->fd = socket(storage.ss_family,
			   (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	probe->has_way = probe->fd >= 0
			 && (connect(probe->fd, (const struct sockaddr *)&storage, length) == 0
			     || errno == EINPROGRESS);
	if (!probe->has_way)
		end_probe(probe);
}

bool
probe_has_way(const struct name_server *server)
{
	struct probe probe = { .kind = PROBE_PLAIN, .server = *server };

	begin_probe(&probe); /* over UDP: nothing is sent */
	end_probe(&probe);
	return probe.has_way;
}

static void
send_question(struct probe *probe)
{
	const bool is_stream = kinds[probe->kind].is_stream;
	const size_t length = sizeof probe->id + kinds[probe->kind].length;
	const unsigned char prefix[PREFIX_SIZE] = { 0, (unsigned char)length };
	unsigned char octets[PREFIX_SIZE + QUESTION_MAX];
	size_t at = 0;

	if (is_stream)
		memcpy(octets, prefix, at = sizeof prefix);
	memcpy(octets + at, &probe->id, sizeof probe->id);
	memcpy(octets + at + sizeof probe->id, kinds[probe->kind].question, kinds[probe->kind].length);
	(void)send(probe->fd, octets, at + length, MSG_NOSIGNAL);
}

/* What came as a whole message. A server that fails may do better when it is asked again. */
static void
take_message(struct probe *probe, uint64_t begin_ms)
{
	const unsigned char *answer = probe->answer;

	if (probe->length < HEADER_SIZE || memcmp(answer, &probe->id, sizeof probe->id) != 0
	    || (answer[2] & 0x80) == 0)
		return;
	if (!probe->is_answered)
		probe->took_ms = (unsigned)(clock_now_ms() - begin_ms);
	probe->is_answered = true;
	probe->rcode = answer[3] & 0x0fU;
	if (probe->kind != PROBE_PLAIN || probe->rcode != PROBE_SERVFAIL)
		end_probe(probe);
}

static void
hear_datagram(struct probe *probe, uint64_t begin_ms)
{
	const ssize_t length = recv(probe->fd, probe->answer, sizeof probe->answer, 0);

	if (length < 0 && errno != EAGAIN && errno != EINTR) { /* nobody listens: it need not be waited for */
		end_probe(probe);
	} else if (length >= 0) {
		probe->length = (size_t)length;
		take_message(probe, begin_ms);
	}
}

static void
hear_stream(struct probe *probe, uint64_t begin_ms)
{
	const ssize_t got =
		recv(probe->fd, probe->answer + probe->taken, sizeof probe->answer - probe->taken, 0);
	size_t length;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	probe->taken += got > 0 ? (size_t)got : 0;
	length = probe->taken < PREFIX_SIZE ? sizeof probe->answer
					    : (size_t)probe->answer[0] << 8 | probe->answer[1];
	if (probe->taken >= PREFIX_SIZE + length || probe->taken == sizeof probe->answer) {
		probe->length = probe->taken - PREFIX_SIZE;
		memmove(probe->answer, probe->answer + PREFIX_SIZE, probe->length);
		take_message(probe, begin_ms);
		end_probe(probe);
	} else if (got <= 0) {
		end_probe(probe);
	}
}

/* One that can be written is a stream that is open now. */
static void
serve_probe(struct probe *probe, short events, uint64_t begin_ms)
{
	if ((events & POLLOUT) != 0 && (events & (POLLERR | POLLHUP)) == 0) {
		send_question(probe);
		probe->taken = 0;
	} else if (kinds[probe->kind].is_stream) {
		hear_stream(probe, begin_ms);
	} else {
		hear_datagram(probe, begin_ms);
	}
}

struct run {
	struct probe *probes;
	size_t count;
	uint64_t begin_ms;
	bool is_asked[PROBES_MAX]; /* streams, once they are open */
	bool first_is_enough;
	bool is_stopped;
	int stop_fd;
};

static bool
is_over(const struct run *run)
{
	bool is_over = true;

	for (size_t i = 0; i < run->count; i++) {
		const struct probe *probe = &run->probes[i];

		if (run->first_is_enough && probe->is_answered && probe->rcode != PROBE_SERVFAIL)
			return true;
		is_over = is_over && probe->fd < 0;
	}
	return is_over || run->is_stopped;
}

static void
wait_once(struct run *run, int timeout_ms)
{
	struct pollfd items[PROBES_MAX + 1];

	for (size_t i = 0; i < run->count; i++) {
		const bool is_opening = kinds[run->probes[i].kind].is_stream && !run->is_asked[i];

		items[i] =
			(struct pollfd){ .fd = run->probes[i].fd, .events = is_opening ? POLLOUT : POLLIN };
	}
	items[run->count] = (struct pollfd){ .fd = run->stop_fd, .events = POLLIN };
	if (poll(items, run->count + 1, timeout_ms) <= 0)
		return;
	run->is_stopped = items[run->count].revents != 0;
	for (size_t i = 0; i < run->count; i++) {
		if (items[i].revents == 0)
			continue;
		run->is_asked[i] = true;
		serve_probe(&run->probes[i], items[i].revents, run->begin_ms);
	}
}

/* Until `end_ms`, or all is over. */
static void
wait_for_answers(struct run *run, uint64_t end_ms)
{
	uint64_t now_ms;

	while (!is_over(run) && (now_ms = clock_now_ms()) < end_ms)
		wait_once(run, (int)(end_ms - now_ms));
}

bool
probes_run(struct probe *probes, size_t count, unsigned timeout_ms, bool first_is_enough, int stop_fd)
{
	struct run run = { .probes = probes,
			   .count = count < PROBES_MAX ? count : PROBES_MAX,
			   .begin_ms = clock_now_ms(),
			   .first_is_enough = first_is_enough,
			   .stop_fd = stop_fd };

	for (size_t i = 0; i < run.count; i++)
		begin_probe(&probes[i]);
	for (unsigned round = 1; round <= ROUNDS && !is_over(&run); round++) {
		for (size_t i = 0; i < run.count; i++)
			if (probes[i].fd >= 0 && !kinds[probes[i].kind].is_stream)
				send_question(&probes[i]);
		wait_for_answers(&run, run.begin_ms + (uint64_t)timeout_ms * round / ROUNDS);
	}
	for (size_t i = 0; i < run.count; i++)
		end_probe(&probes[i]);
	return !run.is_stopped;
}
