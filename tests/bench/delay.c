/*
 * delay: a name server that is far away: passes each question on to a near one, and the answer back later.
 *
 * delay PORT UPSTREAM-PORT MS [ZONE=MS]...
 *   Answers on 127.0.0.1:PORT (UDP) what 127.0.0.1:UPSTREAM-PORT says, MS milliseconds after the question
 *   came; questions below ZONE take their own time, and none at all with ZONE=never.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 4096
#define HEADER_SIZE 12
#define ZONES_MAX 16
#define NEVER UINT64_MAX

/* A zone that takes its own time. */
struct zone {
	char name[256];
	uint64_t delay_ms;
};

/* A question that was passed on; its place in the table is its id there. */
struct question {
	bool is_used;
	struct sockaddr_in asker;
	uint16_t id; /* the asker's, as on the wire */
	uint64_t due_ms;
};

/* An answer that waits for its time. */
struct answer {
	TAILQ_ENTRY(answer) link;
	struct sockaddr_in asker;
	uint64_t due_ms;
	size_t length;
	unsigned char packet[];
};

TAILQ_HEAD(answer_list, answer);

static struct zone zones[ZONES_MAX];
static size_t zone_count;
static struct question questions[65536];
static uint16_t next_id;
static struct answer_list answers = TAILQ_HEAD_INITIALIZER(answers); /* the next due first */

static uint64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The name that a question asks for, as text without final dot. */
static void
read_name(const unsigned char *packet, size_t length, char *name, size_t size)
{
	size_t at = HEADER_SIZE, used = 0;

	while (at < length && packet[at] != 0 && packet[at] < 64 && at + packet[at] < length
	       && used + packet[at] + 2 < size) {
		if (used > 0)
			name[used++] = '.';
		memcpy(name + used, packet + at + 1, packet[at]);
		used += packet[at];
		at += packet[at] + 1U;
	}
	name[used] = '\0';
}

static bool
is_below(const char *name, const char *zone)
{
	const size_t length = strlen(name), wanted = strlen(zone);

	return length >= wanted && strcasecmp(name + length - wanted, zone) == 0
	       && (length == wanted || name[length - wanted - 1] == '.');
}

static uint64_t
delay_of(const unsigned char *packet, size_t length, uint64_t usual_ms)
{
	char name[256];

	read_name(packet, length, name, sizeof name);
	for (size_t i = 0; i < zone_count; i++)
		if (is_below(name, zones[i].name))
			return zones[i].delay_ms;
	return usual_ms;
}

static void
take_question(int fd, int upstream, uint64_t usual_ms)
{
	unsigned char packet[PACKET_MAX];
	struct sockaddr_in asker;
	socklen_t size = sizeof asker;
	const ssize_t length = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&asker, &size);
	struct question *question = &questions[next_id];
	uint64_t delay_ms;

	if (length < HEADER_SIZE)
		return;
	delay_ms = delay_of(packet, (size_t)length, usual_ms);
	if (delay_ms == NEVER)
		return;
	*question = (struct question){ .is_used = true, .asker = asker, .due_ms = now_ms() + delay_ms };
	memcpy(&question->id, packet, 2);
	memcpy(packet, &next_id, 2);
	next_id++;
	(void)send(upstream, packet, (size_t)length, 0);
}

/* In the order of time; most belong at the end. */
static void
put_answer(struct answer *answer)
{
	struct answer *before = TAILQ_LAST(&answers, answer_list);

	while (before != NULL && before->due_ms > answer->due_ms)
		before = TAILQ_PREV(before, answer_list, link);
	if (before != NULL)
		TAILQ_INSERT_AFTER(&answers, before, answer, link);
	else
		TAILQ_INSERT_HEAD(&answers, answer, link);
}

static void
take_answer(int upstream)
{
	unsigned char packet[PACKET_MAX];
	const ssize_t length = recv(upstream, packet, sizeof packet, 0);
	struct question *question;
	struct answer *answer;
	uint16_t id;

	if (length < HEADER_SIZE)
		return;
	memcpy(&id, packet, 2);
	question = &questions[id];
	answer = question->is_used ? malloc(sizeof *answer + (size_t)length) : NULL;
	if (answer == NULL)
		return;
	question->is_used = false;
	*answer = (struct answer){ .asker = question->asker,
				   .due_ms = question->due_ms,
				   .length = (size_t)length };
	memcpy(answer->packet, packet, (size_t)length);
	memcpy(answer->packet, &question->id, 2);
	put_answer(answer);
}

static void
send_due(int fd)
{
	struct answer *answer;

	while ((answer = TAILQ_FIRST(&answers)) != NULL && answer->due_ms <= now_ms()) {
		TAILQ_REMOVE(&answers, answer, link);
		(void)sendto(fd, answer->packet, answer->length, 0, (const struct sockaddr *)&answer->asker,
			     sizeof answer->asker);
		free(answer);
	}
}

static int
open_socket(const char *port, bool is_ours)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 8 << 20;
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
					     .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct sockaddr *where = (const struct sockaddr *)&address;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (fd < 0 || (is_ours ? bind(fd, where, sizeof address) : connect(fd, where, sizeof address)) != 0) {
		(void)fprintf(stderr, "delay: port %s: %s\n", port, strerror(errno));
		exit(EX_UNAVAILABLE);
	}
	return fd;
}

static void
read_zone(const char *text)
{
	const char *equals = strchr(text, '=');
	struct zone *zone = &zones[zone_count];

	if (equals == NULL || zone_count == ZONES_MAX || (size_t)(equals - text) >= sizeof zone->name) {
		(void)fprintf(stderr, "delay: \"%s\"; expected ZONE=MS or ZONE=never\n", text);
		exit(EX_USAGE);
	}
	memcpy(zone->name, text, (size_t)(equals - text));
	zone->delay_ms = strcmp(equals + 1, "never") == 0 ? NEVER : strtoul(equals + 1, NULL, 10);
	zone_count++;
}

int
main(int argc, char **argv)
{
	uint64_t usual_ms;
	int fd, upstream;

	if (argc < 4) {
		(void)fprintf(stderr, "usage: delay PORT UPSTREAM-PORT MS [ZONE=MS]...\n");
		return EX_USAGE;
	}
	fd = open_socket(argv[1], true);
	upstream = open_socket(argv[2], false);
	usual_ms = strtoul(argv[3], NULL, 10);
	for (int i = 4; i < argc; i++)
		read_zone(argv[i]);
	for (;;) {
		struct pollfd waiting[] = { { .fd = fd, .events = POLLIN },
					    { .fd = upstream, .events = POLLIN } };
		const struct answer *next = TAILQ_FIRST(&answers);
		const uint64_t now = now_ms();
		const int wait_ms = next == NULL ? -1 : next->due_ms > now ? (int)(next->due_ms - now) : 0;

		if (poll(waiting, 2, wait_ms) > 0) {
			if ((waiting[0].revents & POLLIN) != 0)
				take_question(fd, upstream, usual_ms);
			if ((waiting[1].revents & POLLIN) != 0)
				take_answer(upstream);
		}
		send_due(fd);
	}
}
