/*
 * load: the MTA's side of many milter sessions at once: version 6 of the protocol, one thread, epoll(7).
 *
 * load [options] SOCKET[,SOCKET...] CASES
 *   SOCKET             the filter's: a path, or PORT on 127.0.0.1. Several filters are asked in turn, as
 *                      Postfix does: each command up to DATA is put to one after the other, then the first
 *                      gets the whole message, and the next the message with what the first has added
 *   CASES              a file, a case a line, seven fields parted by tabs: client address, HELO name,
 *                      sender, recipients parted by commas, the verdict to expect ("accept",
 *                      "reject", "defer", "-" for any), words to expect in the fields that are
 *                      added, parted by blanks ("-" for none), and a file that holds the message
 *                      ("-" for a short one)
 *   --connections N    sessions at a time (1)
 *   --messages N       messages in all (1000)
 *   --per-session N    messages of a session (1)
 *   --dialogue MS      how long the client's side of a message takes: it waits a fifth of it in front of
 *                      HELO, MAIL, RCPT, DATA and the end of the data (0)
 *   --hold STAGE       open a session for each message, up to the end of HELO ("helo") or the middle of the
 *                      body ("body"), say "ready", and hold them until standard input ends
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
#define FILTERS_MAX 4
#define LETTERS_MAX 256
#define FIELDS_MAX 200
#define PIECE_MAX 65535 /* of a body, as Postfix sends it */
#define OUT_MAX 65536   /* octets that wait to be written before more are made */
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

static char short_message[] = "From: A Sender <anna@example.org>\r\n"
			      "To: A Recipient <user@in.test>\r\n"
			      "Subject: what a message may be about\r\n"
			      "Date: Tue, 24 Nov 2026 12:00:00 +0000\r\n"
			      "Message-ID: <0123456789.abcdef@example.org>\r\n"
			      "MIME-Version: 1.0\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n"
			      "Received: from a.example (a.example [192.0.2.1]) by b.example;"
			      " Tue, 24 Nov 2026 12:00:00 +0000\r\n"
			      "\r\n"
			      "Dear recipient,\r\n\r\nthis is the text of a message.\r\n";

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

/* A field as the protocol has it: its lines parted by line feeds alone, a blank in front of the value. */
struct field {
	const char *name, *value;
};

struct letter {
	const char *path;
	struct field fields[FIELDS_MAX];
	size_t field_count;
	const char *body;
	size_t body_length;
};

struct test_case {
	char *client, *helo, *sender, *recipients[RECIPIENTS_MAX], *verdict, *words;
	size_t recipient_count;
	const struct letter *letter;
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

/* The connection to one of the filters. */
struct leg {
	struct session *session;
	int fd;
	bool is_writing; /* epoll(7) tells when more can be written */
	bool is_over;    /* for this message: it has given its verdict */
	uint32_t steps;  /* negotiated */
	struct buffer out, in;
	size_t written; /* of `out` */
};

enum doing { SPEAKING, ASKING, PAUSING, HOLDING };

struct session {
	TAILQ_ENTRY(session) link; /* among those that wait for their time */
	struct leg legs[FILTERS_MAX];
	const struct test_case *test;
	enum doing doing;
	enum stage stage;
	size_t item;    /* which recipient, which field, which piece of the body */
	size_t at;      /* whose turn it is */
	size_t refused; /* recipients of this message */
	enum verdict verdict;
	size_t messages; /* still to come in this session */
	uint64_t resume_ns, asked_ns,
		waited_ns; /* when to go on; since when it waits; this message's waiting */
	uint64_t begun_ns;
	struct buffer added; /* fields that filters add: name and value in turn, each with its final NUL */
	size_t added_count;
};

TAILQ_HEAD(session_list, session);

static struct {
	char *sockets[FILTERS_MAX];
	size_t filter_count;
	struct test_case *cases;
	size_t case_count, next_case;
	struct letter *letters[LETTERS_MAX];
	size_t letter_count;
	size_t connections, messages, per_session;
	struct session *sessions;
	uint64_t pause_ns;
	enum stage hold; /* in front of what; STAGES: nothing is held */

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

static struct leg *
leg_of(struct session *session)
{
	return &session->legs[session->at];
}

/* A field of the message, those that were added in front. */
static struct field
field_of(const struct session *session, size_t item)
{
	const char *at = session->added.octets;

	if (item >= session->added_count)
		return session->test->letter->fields[item - session->added_count];
	for (size_t i = 0; i < 2 * item; i++)
		at += strlen(at) + 1;
	return (struct field){ at, at + strlen(at) + 1 };
}

static void
put_field(struct buffer *out, struct field field, uint32_t steps)
{
	add_text(out, field.name);
	add_text(out, field.value + ((steps & SMFIP_HDR_LEADSPC) != 0 ? 0 : 1));
}

static void
put_piece(struct buffer *out, const struct letter *letter, size_t item)
{
	const size_t start = item * PIECE_MAX, left = letter->body_length - start;

	add(out, letter->body + start, left < PIECE_MAX ? left : PIECE_MAX);
}

static void
put_arguments(struct session *session)
{
	struct buffer *out = &leg_of(session)->out;

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
		put_field(out, field_of(session, session->item), leg_of(session)->steps);
		break;
	case STAGE_BODY:
		put_piece(out, session->test->letter, session->item);
		break;
	default:
		break;
	}
}

static void
put_command(struct session *session)
{
	struct buffer *out = &leg_of(session)->out;
	size_t start;

	if (session->stage == STAGE_CONNECT)
		put_macros(out, SMFIC_CONNECT, MACROS_CONNECT, sizeof MACROS_CONNECT - 1);
	else if (session->stage == STAGE_MAIL || session->stage == STAGE_END)
		put_macros(out, stages[session->stage].command, MACROS_MAIL, sizeof MACROS_MAIL - 1);
	start = begin_packet(out, stages[session->stage].command);
	put_arguments(session);
	end_packet(out, start);
}

static void
put_bare(struct leg *leg, char command)
{
	end_packet(&leg->out, begin_packet(&leg->out, command));
}

/* Sessions. */

static void go_on(struct session *session);

static void
watch(struct leg *leg, bool is_writing, int operation)
{
	struct epoll_event event = { .events = EPOLLIN | (is_writing ? EPOLLOUT : 0),
				     .data = { .ptr = leg } };

	leg->is_writing = is_writing;
	(void)epoll_ctl(load.epoll, operation, leg->fd, &event);
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
open_leg(struct session *session, size_t number)
{
	struct leg *leg = &session->legs[number];

	leg->session = session;
	leg->fd = connect_to(load.sockets[number]);
	leg->written = leg->out.count = leg->in.count = 0;
	leg->steps = 0;
	watch(leg, false, EPOLL_CTL_ADD);
}

static void
begin_message(struct session *session)
{
	for (size_t i = 0; i < load.filter_count; i++)
		session->legs[i].is_over = false;
	session->item = session->at = session->refused = 0;
	session->added.count = session->added_count = 0;
	session->verdict = VERDICT_ACCEPT;
	session->waited_ns = 0;
	session->begun_ns = now_ns();
	go_on(session);
}

static void
open_session(struct session *session)
{
	const size_t left = load.messages - load.begun;

	session->test = &load.cases[load.next_case++ % load.case_count];
	session->messages = left < load.per_session ? left : load.per_session;
	load.begun += session->messages;
	for (size_t i = 0; i < load.filter_count; i++)
		open_leg(session, i);
	session->stage = STAGE_NEGOTIATE;
	load.open++;
	begin_message(session);
}

static void
close_session(struct session *session)
{
	for (size_t i = 0; i < load.filter_count; i++) {
		(void)close(session->legs[i].fd);
		session->legs[i].fd = -1;
		session->legs[i].in.count = 0;
	}
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
flush(struct leg *leg)
{
	while (leg->written < leg->out.count) {
		const ssize_t count = send(leg->fd, leg->out.octets + leg->written,
					   leg->out.count - leg->written, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count < 0 && errno == EAGAIN) {
			if (!leg->is_writing)
				watch(leg, true, EPOLL_CTL_MOD);
			return true;
		}
		if (count < 0) {
			lose_session(leg->session, "the filter hung up");
			return false;
		}
		leg->written += (size_t)count;
	}
	leg->out.count = leg->written = 0;
	if (leg->is_writing)
		watch(leg, false, EPOLL_CTL_MOD);
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
			json_sprintf("%s %s: expected %s, found %s, %s", session->test->client,
				     session->test->sender, missing, verdict_words[session->verdict],
				     session->added_count > 0 ? field_of(session, 0).value : ""));
}

static bool
has_word(const struct session *session, const char *word)
{
	for (size_t i = 0; i < session->added_count; i++)
		if (strstr(field_of(session, i).value, word) != NULL)
			return true;
	return false;
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
	(void)snprintf(words, sizeof words, "%s", test->words);
	while ((word = strsep(&at, " ")) != NULL) {
		if (!has_word(session, word)) {
			complain(session, word);
			return;
		}
	}
}

static void
end_session(struct session *session)
{
	for (size_t i = 0; i < load.filter_count; i++) {
		put_bare(&session->legs[i], SMFIC_QUIT);
		if (!flush(&session->legs[i]))
			return;
	}
	close_session(session);
}

/* A message has its verdict: count it, and begin the next one or end the session. */
static void
end_message(struct session *session)
{
	load.verdicts[session->verdict]++;
	load.done++;
	note_duration(&load.message, now_ns() - session->begun_ns);
	note_duration(&load.waited, session->waited_ns);
	compare(session);
	if (--session->messages > 0) {
		session->stage = STAGE_MAIL;
		begin_message(session);
	} else {
		end_session(session);
	}
}

static void
end_refused(struct session *session, enum verdict verdict)
{
	session->verdict = verdict;
	for (size_t i = 0; i < load.filter_count; i++)
		if (!session->legs[i].is_over)
			put_bare(&session->legs[i], SMFIC_ABORT);
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
	const struct test_case *test = session->test;

	if (session->stage == STAGE_RCPT)
		return test->recipient_count;
	if (session->stage == STAGE_BODY && test->letter->body_length > 0)
		return (test->letter->body_length + PIECE_MAX - 1) / PIECE_MAX;
	return session->stage == STAGE_HEADER ? session->added_count + test->letter->field_count : 1;
}

/* The next item or stage, behind the last filter's end none. */
static void
advance_stage(struct session *session)
{
	if (++session->item < items_of(session))
		return;
	session->item = 0;
	if (session->stage < STAGE_END) {
		session->stage++;
	} else {
		session->stage = STAGE_HEADER;
		session->at++;
	}
}

/* To the next filter, item or stage. False when a pause comes before it. */
static bool
advance(struct session *session)
{
	const enum stage before = session->stage;

	if (before < STAGE_HEADER) {
		if (++session->at < load.filter_count)
			return true;
		session->at = 0;
	}
	advance_stage(session);
	if (load.pause_ns == 0 || session->stage == before || !stages[session->stage].is_after_pause)
		return true;
	session->resume_ns = now_ns() + load.pause_ns;
	session->doing = PAUSING;
	TAILQ_INSERT_TAIL(&load.waiting, session, link);
	return false;
}

/* Put a command unless it is not wanted. Whether its reply must be awaited. */
static bool
say(struct session *session)
{
	const struct leg *leg = leg_of(session);

	if (leg->is_over || (leg->steps & stages[session->stage].is_unwanted) != 0)
		return false;
	put_command(session);
	return (leg->steps & stages[session->stage].has_no_reply) == 0;
}

/* Write what was said to this filter, before more is said to any. Whether the session can go on. */
static bool
write_out(struct leg *leg)
{
	if (!flush(leg))
		return false;
	leg->session->asked_ns = now_ns();
	return !leg->is_writing;
}

static bool
is_to_hold(const struct session *session)
{
	return session->stage == load.hold && session->item == items_of(session) / 2;
}

static void
hold(struct session *session)
{
	session->doing = HOLDING;
	if (write_out(leg_of(session)))
		load.done++;
}

/* Say what comes next, up to what has a reply, or to what cannot be written yet. */
static void
go_on(struct session *session)
{
	bool can_go_on = true;

	while (can_go_on) {
		struct leg *leg = leg_of(session);

		session->doing = SPEAKING;
		if (session->at == load.filter_count) {
			end_message(session);
			return;
		}
		if (is_to_hold(session)) {
			hold(session);
			return;
		}
		if (say(session))
			session->doing = ASKING;
		can_go_on = session->doing == SPEAKING && advance(session);
		if (!can_go_on || leg->out.count > OUT_MAX || leg != leg_of(session))
			can_go_on = write_out(leg) && can_go_on;
	}
}

/* A filter has taken all that was written. */
static void
go_on_writing(struct session *session)
{
	if (session->doing == HOLDING) {
		load.done++;
	} else if (session->doing == SPEAKING) {
		session->waited_ns += now_ns() - session->asked_ns;
		go_on(session);
	}
}

/* A recipient is refused: the filters that follow do not hear of it. Whether the message is, too. */
static bool
refuse_recipient(struct session *session)
{
	session->at = load.filter_count - 1;
	return ++session->refused == session->test->recipient_count;
}

/* A reply that ends a command. */
static void
take_final(struct session *session, char reply, const char *data)
{
	const uint64_t took = now_ns() - session->asked_ns;
	const enum verdict verdict = verdict_of(reply, data);

	session->waited_ns += took;
	note_duration(&load.stage[session->stage], took);
	leg_of(session)->is_over = session->stage == STAGE_END || reply == SMFIR_ACCEPT;
	if (reply == SMFIR_SKIP)
		session->item = items_of(session) - 1;
	if (verdict != VERDICT_ACCEPT && (session->stage != STAGE_RCPT || refuse_recipient(session)))
		end_refused(session, verdict);
	else if (advance(session))
		go_on(session);
}

/* A field that is added: "name\0value\0", from `start` on. It is kept with a blank in front of its value. */
static void
take_field(struct leg *leg, const char *data, size_t start, size_t length)
{
	struct session *session = leg->session;
	const char *value = start < length ? memchr(data + start, '\0', length - start) : NULL;

	load.edits++;
	if (value == NULL || data[length - 1] != '\0' || value + 1 == data + length)
		return;
	add_text(&session->added, data + start);
	if ((leg->steps & SMFIP_HDR_LEADSPC) == 0)
		add(&session->added, " ", 1);
	add_text(&session->added, value + 1);
	session->added_count++;
}

static void
take_steps(struct leg *leg, const char *data)
{
	uint32_t steps;

	memcpy(&steps, data + 8, 4);
	leg->steps = ntohl(steps);
	take_final(leg->session, SMFIR_CONTINUE, "");
}

/* One packet. False when the session has gone to something else. */
static bool
take_packet(struct leg *leg, char reply, const char *data, size_t length)
{
	struct session *session = leg->session;

	if (session->doing != ASKING || leg != leg_of(session)) {
		lose_session(session, "a reply that nobody waits for");
		return false;
	}
	switch (reply) {
	case SMFIR_PROGRESS:
		return true;
	case SMFIC_OPTNEG:
		if (length < 12)
			break;
		take_steps(leg, data);
		return true;
	case SMFIR_INSHEADER: /* behind four octets of index */
	case SMFIR_ADDHEADER:
		take_field(leg, data, reply == SMFIR_INSHEADER ? 4 : 0, length);
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
take_input(struct leg *leg)
{
	size_t at = 0;
	ssize_t count = recv(leg->fd, make_room(&leg->in, 16384), 16384, MSG_DONTWAIT);

	if (count < 0 && errno == EAGAIN)
		return;
	if (count <= 0) {
		lose_session(leg->session, "the filter hung up");
		return;
	}
	leg->in.count += (size_t)count;
	while (leg->in.count - at >= 5) {
		const char *octets = leg->in.octets + at;
		uint32_t length;

		memcpy(&length, octets, 4);
		length = ntohl(length);
		if (leg->in.count - at < 4 + (size_t)length || length == 0)
			break;
		at += 4 + (size_t)length;
		if (!take_packet(leg, octets[4], octets + 5, length - 1))
			return;
		if (leg->in.count == 0) /* it was closed, and perhaps opened again */
			return;
	}
	leg->in.count -= at;
	memmove(leg->in.octets, leg->in.octets + at, leg->in.count);
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
take_event(struct leg *leg, uint32_t events)
{
	if (leg->fd < 0)
		return;
	if ((events & EPOLLOUT) != 0) {
		if (!flush(leg))
			return;
		if (!leg->is_writing)
			go_on_writing(leg->session);
	}
	if (leg->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		take_input(leg);
}

static void
run(void)
{
	load.sessions = must(calloc(load.connections, sizeof *load.sessions));
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	TAILQ_INIT(&load.waiting);
	for (size_t i = 0; i < load.connections && load.begun < load.messages; i++)
		open_session(&load.sessions[i]);
	while (load.open > 0 && !(load.hold != STAGES && load.done == load.messages)) {
		struct epoll_event events[256];
		const int count = epoll_wait(load.epoll, events, 256, pause_left_ms());

		for (int i = 0; i < count; i++)
			take_event(events[i].data.ptr, events[i].events);
		resume_due();
	}
}

/* Messages. */

/* The next field of a header that ends with an empty line. Cuts its value out, with line feeds alone. */
static struct field
take_header_field(char **at)
{
	struct field field = { *at, *at + strcspn(*at, ":") };
	char *to = *at + strcspn(*at, ":"), *from = to + 1;

	*to++ = '\0';
	field.value = to;
	for (; from[0] != '\0' && (from[0] != '\n' || from[1] == ' ' || from[1] == '\t'); from++)
		if (from[0] != '\r')
			*to++ = from[0];
	*at = from[0] == '\n' ? from + 1 : from;
	*to = '\0';
	return field;
}

/* From its text, which it keeps; lines end with CR LF. */
static void
read_letter(struct letter *letter, char *text, size_t length)
{
	char *at = text;

	while (strncmp(at, "\r\n", 2) != 0 && strchr(at, ':') != NULL && letter->field_count < FIELDS_MAX)
		letter->fields[letter->field_count++] = take_header_field(&at);
	if (strncmp(at, "\r\n", 2) != 0) {
		(void)fprintf(stderr, "load: %s: no message\n", letter->path);
		exit(EX_DATAERR);
	}
	letter->body = at + 2;
	letter->body_length = length - (size_t)(letter->body - text);
}

static void
load_letter(struct letter *letter)
{
	FILE *file = fopen(letter->path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t length;

	if (file == NULL || (length = getdelim(&text, &size, '\0', file)) < 0) {
		(void)fprintf(stderr, "load: %s: %s\n", letter->path, strerror(errno));
		exit(EX_NOINPUT);
	}
	(void)fclose(file);
	read_letter(letter, text, (size_t)length);
}

/* That of a file is read once. */
static const struct letter *
letter_of(const char *path)
{
	struct letter *letter;

	for (size_t i = 0; i < load.letter_count; i++)
		if (strcmp(load.letters[i]->path, path) == 0)
			return load.letters[i];
	if (load.letter_count == LETTERS_MAX) {
		(void)fprintf(stderr, "load: more than %d messages\n", LETTERS_MAX);
		exit(EX_DATAERR);
	}
	letter = load.letters[load.letter_count++] = must(calloc(1, sizeof *letter));
	letter->path = path;
	if (strcmp(path, "-") == 0)
		read_letter(letter, short_message, sizeof short_message - 1);
	else
		load_letter(letter);
	return letter;
}

/* Cases. */

/* The next field of a line; the program ends when there is none. */
static char *
field(char **line, const char *path, size_t number)
{
	char *text = strsep(line, "\t");

	if (text == NULL) {
		(void)fprintf(stderr, "load: %s:%zu: expected seven fields parted by tabs\n", path, number);
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
		test->letter = letter_of(field(&at, path, load.case_count));
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

static enum stage
stage_to_hold(const char *word)
{
	if (strcmp(word, "helo") == 0)
		return STAGE_MAIL;
	if (strcmp(word, "body") == 0)
		return STAGE_BODY;
	(void)fprintf(stderr, "load: --hold helo or body\n");
	exit(EX_USAGE);
}

static void
read_sockets(char *list)
{
	char *socket;

	while ((socket = strsep(&list, ",")) != NULL && load.filter_count < FILTERS_MAX)
		load.sockets[load.filter_count++] = socket;
}

static void
read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "connections", required_argument, NULL, 'c' }, { "messages", required_argument, NULL, 'm' },
		{ "per-session", required_argument, NULL, 's' }, { "dialogue", required_argument, NULL, 'd' },
		{ "hold", required_argument, NULL, 'h' },        { NULL, 0, NULL, 0 },
	};
	int option;

	load.connections = load.per_session = 1;
	load.hold = STAGES;
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
		else if (option == 'h')
			load.hold = stage_to_hold(optarg);
		else
			exit(EX_USAGE);
	}
	if (optind + 2 != argc || load.per_session == 0) {
		(void)fprintf(stderr, "usage: load [options] SOCKET[,SOCKET...] CASES; load.c says more\n");
		exit(EX_USAGE);
	}
	if (load.hold != STAGES)
		load.messages = load.connections;
	read_sockets(argv[optind]);
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
	if (load.hold != STAGES) {
		(void)puts("ready");
		(void)fflush(stdout);
		while (getchar() != EOF)
			continue;
	}
	print_findings((double)(now_ns() - start) / 1e9);
	return load.lost == 0 ? EX_OK : EX_SOFTWARE;
}
