/*
 * load: the MTA's side of many milter sessions at once: version 6 of the protocol, one thread, epoll(7).
 *
 * load [options] SOCKET CASES
 *   SOCKET             the filter's: a path, or PORT on 127.0.0.1
 *   CASES              a file, a case a line, six fields parted by tabs: client address, HELO name,
 *                      sender, recipients parted by commas, the verdict to expect ("accept",
 *                      "reject", "defer", "-" for any), and words to expect in the fields that are
 *                      added, parted by blanks ("-" for none)
 *   --connections N    sessions at a time (1)
 *   --messages N       messages in all (1000)
 *   --per-session N    messages of a session (1)
 *   --dialogue MS      how long the client's side of a message takes: it waits a fifth of it in front of
 *                      HELO, MAIL, RCPT, DATA and the end of the data (0)
 *   --idle             open the sessions up to HELO, say "ready", and hold them until standard input ends
 *
 * Prints one JSON object: messages, seconds, latencies in microseconds by stage, verdicts, edits, and
 * what was not as expected. Exit status 0 when all messages were answered.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfdef.h>

#define RECIPIENTS_MAX 128
#define CASES_MAX 100000
#define COMPLAINTS_MAX 5
#define PAUSES 5
#define MACROS_MAIL                                                                                          \
	"i\0"                                                                                                \
	"4gXyz01234\0"                                                                                       \
	"{mail_mailer}\0"                                                                                    \
	"esmtp\0"
#define MACROS_CONNECT                                                                                       \
	"j\0"                                                                                                \
	"mx.bench.test\0"                                                                                    \
	"{daemon_name}\0"                                                                                    \
	"mx.bench.test\0"                                                                                    \
	"v\0"                                                                                                \
	"bench\0"

static const struct {
	const char *name, *value;
} header[] = {
	{ "From", " A Sender <anna@example.org>" },
	{ "To", " A Recipient <user@in.test>" },
	{ "Subject", " what a message may be about" },
	{ "Date", " Tue, 24 Nov 2026 12:00:00 +0000" },
	{ "Message-ID", " <0123456789.abcdef@example.org>" },
	{ "MIME-Version", " 1.0" },
	{ "Content-Type", " text/plain; charset=utf-8" },
	{ "Received",
	  " from a.example (a.example [192.0.2.1]) by b.example; Tue, 24 Nov 2026 12:00:00 +0000" },
};

static const char body[] = "Dear recipient,\r\n\r\nthis is the text of a message.\r\n";

/* What is sent in turn, and timed by itself when it has a reply. */
enum stage {
	STAGE_NEGOTIATE,
	STAGE_CONNECT,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_HEADER,
	STAGE_EOH,
	STAGE_BODY,
	STAGE_END,
	STAGES
};

/*
 * A command: its letter, the step that says "do not send it", the one that says "no reply", and whether a
 * client takes its time in front of it.
 */
static const struct {
	const char *name;
	char command;
	uint32_t is_unwanted, has_no_reply;
	bool is_after_pause;
} stages[STAGES] = {
	[STAGE_NEGOTIATE] = { "negotiate", SMFIC_OPTNEG, 0, 0, false },
	[STAGE_CONNECT] = { "connect", SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN, false },
	[STAGE_HELO] = { "helo", SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO, true },
	[STAGE_MAIL] = { "mail", SMFIC_MAIL, SMFIP_NOMAIL, SMFIP_NR_MAIL, true },
	[STAGE_RCPT] = { "rcpt", SMFIC_RCPT, SMFIP_NORCPT, SMFIP_NR_RCPT, true },
	[STAGE_DATA] = { "data", SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA, true },
	[STAGE_HEADER] = { "header", SMFIC_HEADER, SMFIP_NOHDRS, SMFIP_NR_HDR, false },
	[STAGE_EOH] = { "end-of-header", SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH, false },
	[STAGE_BODY] = { "body", SMFIC_BODY, SMFIP_NOBODY, SMFIP_NR_BODY, false },
	[STAGE_END] = { "end-of-message", SMFIC_BODYEOB, 0, 0, true },
};

struct test_case {
	char *client, *helo, *sender, *recipients[RECIPIENTS_MAX], *verdict, *words;
	size_t recipient_count;
};

/* Durations, in microseconds. */
struct durations {
	uint32_t *items;
	size_t count;
};

enum verdict { VERDICT_ACCEPT, VERDICT_REJECT, VERDICT_DEFER, VERDICT_DISCARD, VERDICTS };
static const char *const verdict_words[VERDICTS] = { "accept", "reject", "defer", "discard" };

struct buffer {
	char *octets;
	size_t count, size;
};

struct session {
	TAILQ_ENTRY(session) link; /* among those that wait for their time */
	int fd;
	bool is_writing; /* epoll(7) tells when more can be written */
	const struct test_case *test;
	uint32_t steps; /* negotiated */
	enum stage stage;
	size_t item;    /* which recipient, which field */
	size_t refused; /* recipients of this message */
	enum verdict verdict;
	size_t messages;                         /* still to come in this session */
	uint64_t resume_ns, asked_ns, waited_ns; /* when to go on; when asked; this message's waiting */
	uint64_t begun_ns;
	struct buffer out, in;
	size_t written;      /* of `out` */
	struct buffer added; /* values of fields that the filter adds, each ended by a line end */
};

TAILQ_HEAD(session_list, session);

static struct {
	const char *socket;
	struct test_case *cases;
	size_t case_count, next_case;
	size_t connections, messages, per_session;
	struct session *sessions;
	uint64_t pause_ns;
	bool is_idle;

	int epoll;
	struct session_list waiting; /* the next to go on first: all pause alike */
	size_t begun, done, open;    /* messages; sessions */
	struct durations stage[STAGES], message, waited;
	size_t verdicts[VERDICTS], edits, lost;
	size_t mismatches;
	json_t *complaints;
} load;

static uint64_t
now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void *
must(void *memory)
{
	if (memory == NULL) {
		(void)fprintf(stderr, "load: out of memory\n");
		exit(EX_OSERR);
	}
	return memory;
}

static void
note_duration(struct durations *durations, uint64_t ns)
{
	if ((durations->count & (durations->count - 1)) == 0)
		durations->items =
			must(reallocarray(durations->items, durations->count > 0 ? 2 * durations->count : 64,
					  sizeof *durations->items));
	durations->items[durations->count++] = (uint32_t)(ns / 1000);
}

/* Buffers. */

static char *
make_room(struct buffer *buffer, size_t more)
{
	if (buffer->count + more > buffer->size) {
		buffer->size = 2 * (buffer->count + more);
		buffer->octets = must(realloc(buffer->octets, buffer->size));
	}
	return buffer->octets + buffer->count;
}

static void
add(struct buffer *buffer, const void *octets, size_t count)
{
	memcpy(make_room(buffer, count), octets, count);
	buffer->count += count;
}

static void
add_text(struct buffer *buffer, const char *text)
{
	add(buffer, text, strlen(text) + 1);
}

/* Begin a packet; its length is written by end_packet(). */
static size_t
begin_packet(struct buffer *out, char command)
{
	const size_t start = out->count;

	add(out, "\0\0\0\0", 4);
	add(out, &command, 1);
	return start;
}

static void
end_packet(struct buffer *out, size_t start)
{
	const uint32_t length = htonl((uint32_t)(out->count - start - 4));

	memcpy(out->octets + start, &length, 4);
}

/* What is said. */

static void
put_macros(struct buffer *out, char command, const char *macros, size_t length)
{
	const size_t start = begin_packet(out, SMFIC_MACRO);

	add(out, &command, 1);
	add(out, macros, length);
	end_packet(out, start);
}

static void
put_negotiation(struct buffer *out)
{
	const uint32_t offer[] = { htonl(6), htonl(0x1ff), htonl(0x1fffff) };

	add(out, offer, sizeof offer);
}

static void
put_client(struct buffer *out, const char *address)
{
	const bool is_ipv6 = strchr(address, ':') != NULL;
	const uint16_t port = htons(2525);

	add_text(out, "client.bench.test");
	add(out, is_ipv6 ? "6" : "4", 1);
	add(out, &port, 2);
	add_text(out, address);
}

static void
put_arguments(struct session *session)
{
	struct buffer *out = &session->out;

	switch (session->stage) {
	case STAGE_NEGOTIATE:
		put_negotiation(out);
		break;
	case STAGE_CONNECT:
		put_client(out, session->test->client);
		break;
	case STAGE_HELO:
		add_text(out, session->test->helo);
		break;
	case STAGE_MAIL:
		add_text(out, session->test->sender);
		break;
	case STAGE_RCPT:
		add_text(out, session->test->recipients[session->item]);
		break;
	case STAGE_HEADER:
		add_text(out, header[session->item].name);
		add_text(out,
			 header[session->item].value + ((session->steps & SMFIP_HDR_LEADSPC) != 0 ? 0 : 1));
		break;
	case STAGE_BODY:
		add(out, body, sizeof body - 1);
		break;
	default:
		break;
	}
}

static void
put_command(struct session *session)
{
	size_t start;

	if (session->stage == STAGE_CONNECT)
		put_macros(&session->out, SMFIC_CONNECT, MACROS_CONNECT, sizeof MACROS_CONNECT - 1);
	else if (session->stage == STAGE_MAIL || session->stage == STAGE_END)
		put_macros(&session->out, stages[session->stage].command, MACROS_MAIL,
			   sizeof MACROS_MAIL - 1);
	start = begin_packet(&session->out, stages[session->stage].command);
	put_arguments(session);
	end_packet(&session->out, start);
}

static void
put_bare(struct session *session, char command)
{
	end_packet(&session->out, begin_packet(&session->out, command));
}

/* Sessions. */

static void go_on(struct session *session);

static void
watch(struct session *session, bool is_writing, int operation)
{
	struct epoll_event event = { .events = EPOLLIN | (is_writing ? EPOLLOUT : 0),
				     .data = { .ptr = session } };

	session->is_writing = is_writing;
	(void)epoll_ctl(load.epoll, operation, session->fd, &event);
}

static int
connect_to(const char *where)
{
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	const bool is_local = where[0] == '/';
	const int fd = socket(is_local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	int result;

	if (is_local) {
		(void)snprintf(local.sun_path, sizeof local.sun_path, "%s", where);
		result = connect(fd, (const struct sockaddr *)&local, sizeof local);
	} else {
		inet.sin_port = htons((uint16_t)strtoul(where, NULL, 10));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		result = connect(fd, (const struct sockaddr *)&inet, sizeof inet);
	}
	if (fd < 0 || result != 0) {
		(void)fprintf(stderr, "load: %s: %s\n", where, strerror(errno));
		exit(EX_UNAVAILABLE);
	}
	return fd;
}

static void
open_session(struct session *session)
{
	const size_t left = load.messages - load.begun;

	session->test = &load.cases[load.next_case++ % load.case_count];
	session->messages = left < load.per_session ? left : load.per_session;
	load.begun += session->messages;
	session->fd = connect_to(load.socket);
	session->stage = STAGE_NEGOTIATE;
	session->item = session->refused = session->written = 0;
	session->out.count = session->in.count = session->added.count = 0;
	session->verdict = VERDICT_ACCEPT;
	session->steps = 0;
	session->waited_ns = 0;
	session->begun_ns = now_ns();
	load.open++;
	watch(session, false, EPOLL_CTL_ADD);
	go_on(session);
}

static void
close_session(struct session *session)
{
	(void)close(session->fd);
	session->fd = -1;
	load.open--;
	if (load.begun < load.messages)
		open_session(session);
}

/* Lost: the filter has gone, or said what the protocol does not know. */
static void
lose_session(struct session *session, const char *why)
{
	load.lost += session->messages;
	if (json_array_size(load.complaints) < COMPLAINTS_MAX)
		(void)json_array_append_new(load.complaints,
					    json_sprintf("%s: %s, at %s", session->test->client, why,
							 stages[session->stage].name));
	session->messages = 0;
	close_session(session);
}

/* Returns false when the session is gone. */
static bool
flush(struct session *session)
{
	while (session->written < session->out.count) {
		const ssize_t count =
			send(session->fd, session->out.octets + session->written,
			     session->out.count - session->written, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count < 0 && errno == EAGAIN) {
			if (!session->is_writing)
				watch(session, true, EPOLL_CTL_MOD);
			return true;
		}
		if (count < 0) {
			lose_session(session, "the filter hung up");
			return false;
		}
		session->written += (size_t)count;
	}
	session->out.count = session->written = 0;
	if (session->is_writing)
		watch(session, false, EPOLL_CTL_MOD);
	return true;
}

/* Ends of messages. */

static void
complain(const struct session *session, const char *missing)
{
	load.mismatches++;
	if (json_array_size(load.complaints) < COMPLAINTS_MAX)
		(void)json_array_append_new(
			load.complaints,
			json_sprintf("%s %s: expected %s, found %s, %.*s", session->test->client,
				     session->test->sender, missing, verdict_words[session->verdict],
				     (int)session->added.count,
				     session->added.count > 0 ? session->added.octets : ""));
}

static void
compare(struct session *session)
{
	const struct test_case *test = session->test;
	char words[1000], *at = words, *word;

	if (strcmp(test->verdict, "-") != 0 && strcmp(test->verdict, verdict_words[session->verdict]) != 0) {
		complain(session, test->verdict);
		return;
	}
	if (session->verdict != VERDICT_ACCEPT || strcmp(test->words, "-") == 0)
		return;
	add(&session->added, "", 1);
	(void)snprintf(words, sizeof words, "%s", test->words);
	while ((word = strsep(&at, " ")) != NULL) {
		if (strstr(session->added.octets, word) == NULL) {
			complain(session, word);
			return;
		}
	}
}

/* A message has its verdict: count it, and begin the next one or end the session. */
static void
end_message(struct session *session)
{
	const uint64_t now = now_ns();

	load.verdicts[session->verdict]++;
	load.done++;
	note_duration(&load.message, now - session->begun_ns);
	note_duration(&load.waited, session->waited_ns);
	compare(session);
	session->added.count = 0;
	session->refused = session->item = 0;
	session->verdict = VERDICT_ACCEPT;
	session->waited_ns = 0;
	session->begun_ns = now;
	if (--session->messages > 0) {
		session->stage = STAGE_MAIL;
		go_on(session);
		return;
	}
	put_bare(session, SMFIC_QUIT);
	if (flush(session))
		close_session(session);
}

static void
end_refused(struct session *session, enum verdict verdict)
{
	session->verdict = verdict;
	put_bare(session, SMFIC_ABORT);
	end_message(session);
}

/* Replies. */

static enum verdict
verdict_of(char reply, const char *data)
{
	switch (reply) {
	case SMFIR_REJECT:
		return VERDICT_REJECT;
	case SMFIR_TEMPFAIL:
		return VERDICT_DEFER;
	case SMFIR_REPLYCODE:
		return data[0] == '4' ? VERDICT_DEFER : VERDICT_REJECT;
	case SMFIR_DISCARD:
		return VERDICT_DISCARD;
	default:
		return VERDICT_ACCEPT;
	}
}

static size_t
items_of(const struct session *session)
{
	if (session->stage == STAGE_RCPT)
		return session->test->recipient_count;
	return session->stage == STAGE_HEADER ? sizeof header / sizeof header[0] : 1;
}

/* To the next item or stage. False when a pause comes before it. */
static bool
advance(struct session *session)
{
	if (++session->item < items_of(session))
		return true;
	session->item = 0;
	session->stage++;
	if (load.pause_ns == 0 || !stages[session->stage].is_after_pause)
		return true;
	session->resume_ns = now_ns() + load.pause_ns;
	TAILQ_INSERT_TAIL(&load.waiting, session, link);
	return false;
}

/* Say what comes next, up to what has a reply. */
static void
go_on(struct session *session)
{
	for (;;) {
		if (load.is_idle && session->stage == STAGE_MAIL) {
			load.done++;
			return;
		}
		if ((session->steps & stages[session->stage].is_unwanted) == 0) {
			put_command(session);
			if ((session->steps & stages[session->stage].has_no_reply) == 0)
				break;
		}
		if (!advance(session))
			break;
	}
	if (flush(session))
		session->asked_ns = now_ns();
}

/* A reply that ends a command. */
static void
take_final(struct session *session, char reply, const char *data)
{
	const uint64_t took = now_ns() - session->asked_ns;
	const enum verdict verdict = verdict_of(reply, data);

	session->waited_ns += took;
	note_duration(&load.stage[session->stage], took);
	if (session->stage == STAGE_END || reply == SMFIR_ACCEPT || reply == SMFIR_DISCARD) {
		session->verdict = verdict;
		end_message(session);
	} else if (session->stage == STAGE_RCPT && verdict != VERDICT_ACCEPT) {
		if (++session->refused == session->test->recipient_count)
			end_refused(session, verdict);
		else if (advance(session))
			go_on(session);
	} else if (verdict != VERDICT_ACCEPT) {
		end_refused(session, verdict);
	} else if (advance(session)) {
		go_on(session);
	}
}

/* The value of a field that is added: "name\0value\0", for an insertion behind four octets of index. */
static void
take_field(struct session *session, const char *data, size_t length)
{
	const char *value = memchr(data, '\0', length);

	if (value == NULL)
		return;
	add(&session->added, value + 1, strnlen(value + 1, length - (size_t)(value + 1 - data)));
	add(&session->added, "\n", 1);
}

/* One packet. False when the session has gone to something else. */
static bool
take_packet(struct session *session, char reply, const char *data, size_t length)
{
	uint32_t steps;

	switch (reply) {
	case SMFIR_PROGRESS:
		return true;
	case SMFIC_OPTNEG:
		if (length < 12)
			break;
		memcpy(&steps, data + 8, 4);
		session->steps = ntohl(steps);
		take_final(session, SMFIR_CONTINUE, "");
		return true;
	case SMFIR_INSHEADER:
		if (length > 4)
			take_field(session, data + 4, length - 4);
		load.edits++;
		return true;
	case SMFIR_ADDHEADER:
		take_field(session, data, length);
		load.edits++;
		return true;
	case SMFIR_CHGHEADER:
	case SMFIR_QUARANTINE:
		load.edits++;
		return true;
	case SMFIR_CONTINUE:
	case SMFIR_ACCEPT:
	case SMFIR_REJECT:
	case SMFIR_TEMPFAIL:
	case SMFIR_REPLYCODE:
	case SMFIR_DISCARD:
	case SMFIR_SKIP:
		take_final(session, reply, length > 0 ? data : "");
		return true;
	default:
		break;
	}
	lose_session(session, "a reply that is not of the protocol");
	return false;
}

static void
take_input(struct session *session)
{
	const int fd = session->fd;
	size_t at = 0;
	ssize_t count = recv(fd, make_room(&session->in, 16384), 16384, MSG_DONTWAIT);

	if (count < 0 && errno == EAGAIN)
		return;
	if (count <= 0) {
		lose_session(session, "the filter hung up");
		return;
	}
	session->in.count += (size_t)count;
	while (session->in.count - at >= 5) {
		const char *octets = session->in.octets + at;
		uint32_t length;

		memcpy(&length, octets, 4);
		length = ntohl(length);
		if (session->in.count - at < 4 + (size_t)length || length == 0)
			break;
		at += 4 + (size_t)length;
		if (!take_packet(session, octets[4], octets + 5, length - 1))
			return;
		if (session->in.count == 0) /* it was closed, and perhaps opened again */
			return;
	}
	session->in.count -= at;
	memmove(session->in.octets, session->in.octets + at, session->in.count);
}

/* The loop. */

static int
pause_left_ms(void)
{
	const struct session *next = TAILQ_FIRST(&load.waiting);
	const uint64_t now = now_ns();

	if (next == NULL)
		return -1;
	return next->resume_ns > now ? (int)((next->resume_ns - now + 999999) / 1000000) : 0;
}

static void
resume_due(void)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&load.waiting)) != NULL && session->resume_ns <= now_ns()) {
		TAILQ_REMOVE(&load.waiting, session, link);
		go_on(session);
	}
}

static void
run(void)
{
	load.sessions = must(calloc(load.connections, sizeof *load.sessions));
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	TAILQ_INIT(&load.waiting);
	for (size_t i = 0; i < load.connections && load.begun < load.messages; i++)
		open_session(&load.sessions[i]);
	while (load.open > 0 && !(load.is_idle && load.done == load.messages)) {
		struct epoll_event events[256];
		const int count = epoll_wait(load.epoll, events, 256, pause_left_ms());

		for (int i = 0; i < count; i++) {
			struct session *session = events[i].data.ptr;

			if (session->fd < 0)
				continue;
			if ((events[i].events & EPOLLOUT) != 0 && !flush(session))
				continue;
			if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
				take_input(session);
		}
		resume_due();
	}
}

/* Cases. */

/* The next field of a line; the program ends when there is none. */
static char *
field(char **line, const char *path, size_t number)
{
	char *text = strsep(line, "\t");

	if (text == NULL) {
		(void)fprintf(stderr, "load: %s:%zu: expected six fields parted by tabs\n", path, number);
		exit(EX_DATAERR);
	}
	return text;
}

static void
read_cases(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	if (file == NULL) {
		(void)fprintf(stderr, "load: %s: %s\n", path, strerror(errno));
		exit(EX_NOINPUT);
	}
	load.cases = must(calloc(CASES_MAX, sizeof *load.cases));
	while (load.case_count < CASES_MAX && (length = getline(&line, &size, file)) > 0) {
		struct test_case *test = &load.cases[load.case_count++];
		char *at, *recipients, *recipient;

		line[length - 1] = '\0';
		at = must(strdup(line));
		test->client = field(&at, path, load.case_count);
		test->helo = field(&at, path, load.case_count);
		test->sender = field(&at, path, load.case_count);
		recipients = field(&at, path, load.case_count);
		test->verdict = field(&at, path, load.case_count);
		test->words = field(&at, path, load.case_count);
		while ((recipient = strsep(&recipients, ",")) != NULL
		       && test->recipient_count < RECIPIENTS_MAX)
			test->recipients[test->recipient_count++] = recipient;
	}
	free(line);
	(void)fclose(file);
	if (load.case_count == 0) {
		(void)fprintf(stderr, "load: %s holds no case\n", path);
		exit(EX_DATAERR);
	}
}

/* What was found. */

static int
compare_durations(const void *a, const void *b)
{
	const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static json_t *
percentiles(struct durations *durations)
{
	static const struct {
		const char *key;
		unsigned thousandth;
	} wanted[] = { { "p50", 500 }, { "p90", 900 }, { "p99", 990 }, { "p999", 999 }, { "max", 1000 } };
	json_t *object = json_object();

	(void)json_object_set_new(object, "count", json_integer((json_int_t)durations->count));
	if (durations->count == 0)
		return object;
	qsort(durations->items, durations->count, sizeof *durations->items, compare_durations);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		(void)json_object_set_new(
			object, wanted[i].key,
			json_integer(durations->items[(durations->count - 1) * wanted[i].thousandth / 1000]));
	return object;
}

static void
print_findings(double seconds)
{
	json_t *by_stage = json_object(), *verdicts = json_object(), *object;

	for (int stage = 0; stage < STAGES; stage++)
		if (load.stage[stage].count > 0)
			(void)json_object_set_new(by_stage, stages[stage].name,
						  percentiles(&load.stage[stage]));
	for (int verdict = 0; verdict < VERDICTS; verdict++)
		(void)json_object_set_new(verdicts, verdict_words[verdict],
					  json_integer((json_int_t)load.verdicts[verdict]));
	object = json_pack("{sI sf so so so so sI sI sI so}", "messages", (json_int_t)load.done, "seconds",
			   seconds, "stages", by_stage, "message", percentiles(&load.message), "waited",
			   percentiles(&load.waited), "verdicts", verdicts, "edits", (json_int_t)load.edits,
			   "lost", (json_int_t)load.lost, "mismatches", (json_int_t)load.mismatches,
			   "complaints", load.complaints);
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(object);
}

static size_t
number(const char *text)
{
	char *end;
	const unsigned long value = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value > 100000000) {
		(void)fprintf(stderr, "load: \"%s\" is no number\n", text);
		exit(EX_USAGE);
	}
	return value;
}

static void
read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "connections", required_argument, NULL, 'c' },
		{ "messages", required_argument, NULL, 'm' },
		{ "per-session", required_argument, NULL, 's' },
		{ "dialogue", required_argument, NULL, 'd' },
		{ "idle", no_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	load.connections = load.per_session = 1;
	load.messages = 1000;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			load.connections = number(optarg);
		else if (option == 'm')
			load.messages = number(optarg);
		else if (option == 's')
			load.per_session = number(optarg);
		else if (option == 'd')
			load.pause_ns = number(optarg) * 1000000 / PAUSES;
		else if (option == 'i')
			load.is_idle = true;
		else
			exit(EX_USAGE);
	}
	if (optind + 2 != argc || load.per_session == 0) {
		(void)fprintf(stderr, "usage: load [options] SOCKET CASES; load.c says more\n");
		exit(EX_USAGE);
	}
	if (load.is_idle)
		load.messages = load.connections;
	load.socket = argv[optind];
	read_cases(argv[optind + 1]);
}

int
main(int argc, char **argv)
{
	uint64_t start;

	load.complaints = json_array();
	read_options(argc, argv);
	start = now_ns();
	run();
	if (load.is_idle) {
		(void)puts("ready");
		(void)fflush(stdout);
		while (getchar() != EOF)
			continue;
	}
	print_findings((double)(now_ns() - start) / 1e9);
	return load.lost == 0 ? EX_OK : EX_SOFTWARE;
}
