/* What hosts share, against a server that answers as it is told to: on a unix socket, one connection at a
 * time. */
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/share/counts.h"
#include "heloscope/share/link.h"
#ifdef HAVE_HIREDIS
#include "heloscope/share/losses.h"
#endif
#include "heloscope/share/share.h"

#define WORDS_MAX 10
#define PATIENCE_MS 60000 /* for anything to happen */

struct server {
	char path[80];
	int listener;
	pthread_t thread;
	atomic_int connections;
	atomic_int commands; /* but for greetings, and for how long the stream is */
	atomic_bool is_over;
	atomic_bool is_silent;   /* answers no command but greetings */
	atomic_int left_to_hang; /* commands that it answers by hanging up */
	const char *greeting;    /* in place of +PONG */
	const char *length;      /* of the stream, when it is asked for; NULL: nothing is there */
	const char *answers[4];  /* to the commands, in turn; NULL: as Redis does */
	pthread_mutex_t lock;
	char last[8192]; /* the words of the last XADD or SETEX, a line each; guarded by the lock */
};

/* A word of a command: "$LENGTH", and so many octets. False when the other side has gone. */
static bool
read_word(FILE *file, char *word, size_t size)
{
	char line[32], kind;
	size_t length;

	if (fgets(line, sizeof line, file) == NULL || sscanf(line, "%c%zu", &kind, &length) != 2
	    || kind != '$')
		return false;
	if (length + 2 > size || fread(word, 1, length + 2, file) != length + 2)
		return false;
	word[length] = '\0';
	return true;
}

/* The words of a command, a line each. */
static bool
read_command(FILE *file, char *words, size_t size)
{
	char line[32], kind;
	size_t count;

	if (fgets(line, sizeof line, file) == NULL || sscanf(line, "%c%zu", &kind, &count) != 2
	    || kind != '*')
		return false;
	for (words[0] = '\0'; count > 0; count--) {
		const size_t used = strlen(words);

		if (!read_word(file, words + used, size - used - 2))
			return false;
		(void)strcat(words, "\n");
	}
	return true;
}

static bool
is_of(const char *words, const char *command)
{
	return strncmp(words, command, strlen(command)) == 0;
}

/* What is said to a command; NULL: it hangs up; "": nothing. */
static const char *
answer_to(struct server *server, const char *words)
{
	int number;

	if (is_of(words, "PING\n"))
		return server->greeting != NULL ? server->greeting : "+PONG\r\n";
	if (is_of(words, "XLEN\n") && !atomic_load(&server->is_silent))
		return server->length != NULL ? server->length : ":0\r\n";
	number = atomic_fetch_add(&server->commands, 1);
	if (atomic_load(&server->left_to_hang) > 0) {
		(void)atomic_fetch_sub(&server->left_to_hang, 1);
		return NULL;
	}
	if (is_of(words, "XADD\n") || is_of(words, "SETEX\n")) {
		(void)pthread_mutex_lock(&server->lock);
		(void)snprintf(server->last, sizeof server->last, "%.8000s", words);
		(void)pthread_mutex_unlock(&server->lock);
	}
	if (atomic_load(&server->is_silent))
		return "";
	if (number < 4 && server->answers[number] != NULL)
		return server->answers[number];
	return is_of(words, "XADD\n") ? "$3\r\n1-1\r\n" : ":1\r\n";
}

static void
serve_one(struct server *server, int fd)
{
	FILE *file = fdopen(fd, "r");
	static char words[40000];
	const char *answer;

	while (file != NULL && read_command(file, words, sizeof words)
	       && (answer = answer_to(server, words)) != NULL)
		if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
			break;
	if (file != NULL)
		(void)fclose(file);
}

static void *
serve(void *context)
{
	struct server *server = context;

	while (!atomic_load(&server->is_over)) {
		const int fd = accept(server->listener, NULL, NULL);

		if (fd < 0)
			break;
		(void)atomic_fetch_add(&server->connections, 1);
		serve_one(server, fd);
	}
	return NULL;
}

static void
start_server(struct server *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/heloscope-share.XXXXXX";

	assert_non_null(mkdtemp(folder));
	(void)snprintf(server->path, sizeof server->path, "%s/redis", folder);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", server->path);
	(void)pthread_mutex_init(&server->lock, NULL);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(server->listener, 5), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

/* Once the share has ended, so that no connection is there. */
static void
end_server(struct server *server)
{
	atomic_store(&server->is_over, true);
	(void)shutdown(server->listener, SHUT_RDWR);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->listener);
	(void)unlink(server->path);
	*strrchr(server->path, '/') = '\0';
	(void)rmdir(server->path);
	(void)pthread_mutex_destroy(&server->lock);
}

static struct share *
open_share(const struct server *server)
{
	char name[100];
	struct error error;
	struct share *share;

	(void)snprintf(name, sizeof name, "unix:%s", server->path);
	share = share_new(&(struct share_settings){ .server = name, .prefix = "t:", .stream_length = 5000 },
			  &error);
	if (share == NULL)
		fail_msg("%s", error.text);
	return share;
}

static void
wait_a_little(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

#define WAIT_UNTIL(condition)                                                                                \
	for (uint64_t begun = clock_now_ms(); !(condition); wait_a_little())                                 \
	assert_true(clock_now_ms() - begun < PATIENCE_MS)

/* What came of a question. */
struct told {
	atomic_int calls;
	char text[100];
	bool is_known;
	int64_t ttl_ms;
};

static void
take(void *context, struct span value, int64_t ttl_ms)
{
	struct told *told = context;

	told->is_known = value.at != NULL;
	told->ttl_ms = ttl_ms;
	(void)snprintf(told->text, sizeof told->text, "%.*s", (int)value.length,
		       value.at != NULL ? value.at : "");
	(void)atomic_fetch_add(&told->calls, 1);
}

static void
take_one(void *context, struct span value, int64_t ttl_ms)
{
	(void)value;
	(void)ttl_ms;
	(void)atomic_fetch_add((atomic_int *)context, 1);
}

static uint64_t
records(void)
{
	return counter_value(&share_counts.records);
}

static bool
last_is(struct server *server, const char *words)
{
	bool is_it;

	(void)pthread_mutex_lock(&server->lock);
	is_it = strcmp(server->last, words) == 0;
	(void)pthread_mutex_unlock(&server->lock);
	return is_it;
}

static void
share_appends_and_puts_as_it_is_told(void **state)
{
	static struct server server;
	const uint64_t before = records();
	struct share *share;

	(void)state;
	start_server(&server);
	share = open_share(&server);
	WAIT_UNTIL(share_look(share).is_connected);
	share_append(share, SPAN("{\"v\":1}"));
	WAIT_UNTIL(last_is(&server, "XADD\nt:hs1:records\nMAXLEN\n~\n5000\n*\nr\n{\"v\":1}\n"));
	WAIT_UNTIL(records() == before + 1);
	share_put(share, "peer:ab", SPAN("value"), 60);
	WAIT_UNTIL(last_is(&server, "SETEX\nt:hs1:peer:ab\n60\nvalue\n"));
	share_unref(share);
	end_server(&server);
	assert_int_equal(server.connections, 1);
}

/* Once it is connected, also when nothing is appended: whoever collects may be gone before. */
static void
share_knows_how_much_is_not_collected(void **state)
{
	static const struct {
		const char *length;
		uint64_t expected;
	} table[] = {
		{ ":4711\r\n", 4711 },
		{ ":-1\r\n", 0 },
		{ "-WRONGTYPE x\r\n", 0 }, /* and the connection stays */
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		static struct server server;
		const uint64_t before = records();
		struct share *share;

		server = (struct server){ .length = table[i].length };
		start_server(&server);
		share = open_share(&server);
		share_append(share, SPAN("record"));
		WAIT_UNTIL(records() == before + 1);
		WAIT_UNTIL(share_look(share).stream_records == table[i].expected);
		share_unref(share);
		end_server(&server);
		assert_int_equal(server.connections, 1);
	}
}

/* A connection that ends before the answer: the record comes again, with the next one, and the others behind
 * it. */
static void
share_sends_again_what_was_not_answered(void **state)
{
	static struct server server = { .left_to_hang = 1 };
	const uint64_t before = records();
	struct share *share;

	(void)state;
	start_server(&server);
	share = open_share(&server);
	share_append(share, SPAN("one"));
	share_append(share, SPAN("two"));
	WAIT_UNTIL(records() == before + 2);
	assert_true(last_is(&server, "XADD\nt:hs1:records\nMAXLEN\n~\n5000\n*\nr\ntwo\n"));
	assert_int_equal(share_look(share).waiting, 0);
	share_unref(share);
	end_server(&server);
	assert_int_equal(server.connections, 2);
}

/* What is sent while it ends: what is queued goes out first. */
static void
share_sends_what_is_queued_at_the_end(void **state)
{
	static struct server server;
	const uint64_t before = records();
	struct share *share;

	(void)state;
	start_server(&server);
	share = open_share(&server);
	WAIT_UNTIL(share_look(share).is_connected);
	for (int i = 0; i < 500; i++)
		share_append(share, SPAN("record"));
	share_unref(share_ref(share)); /* not the last */
	share_unref(share);
	end_server(&server);
	assert_int_equal(records(), before + 500);
}

static void
share_tells_what_is_there_and_nothing_else(void **state)
{
	static const struct {
		const char *value, *ttl;
		bool is_known, ends; /* the connection */
	} table[] = {
		{ "$5\r\nvalue\r\n", ":1234\r\n", true, false },
		{ "$0\r\n\r\n", ":-2\r\n", false, false },      /* nothing is there */
		{ "$5\r\nvalue\r\n", ":-1\r\n", false, false }, /* it stays for ever, so it is none of ours */
		{ "$-1\r\n", ":5\r\n", false, false },          /* */
		{ ":5\r\n", ":5\r\n", false, false },           /* a number */
		{ "$5\r\nvalue\r\n", "+OK\r\n", false, false }, /* no number */
		{ "-WRONGTYPE x\r\n", "-WRONGTYPE x\r\n", false, false }, /* and the connection stays */
		{ "-ERR no\r\n", NULL, false, true },                     /* */
		{ "*1\r\n:1\r\n", NULL, false, true },                    /* a list */
		{ "!what\r\n", NULL, false, true },                       /* no Redis */
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		static struct server server;
		struct told told = { .ttl_ms = -7 };
		struct share *share;

		print_message("    %zu\n", i);
		server = (struct server){ .answers = { table[i].value, table[i].ttl } };
		start_server(&server);
		share = open_share(&server);
		WAIT_UNTIL(share_look(share).is_connected);
		assert_true(share_get(share, "peer:x", take, &told));
		WAIT_UNTIL(told.calls > 0);
		assert_int_equal(share_look(share).is_connected, !table[i].ends);
		share_unref(share);
		end_server(&server);
		assert_int_equal(told.calls, 1);
		assert_int_equal(told.is_known, table[i].is_known);
		if (table[i].is_known) {
			assert_string_equal(told.text, "value");
			assert_int_equal(told.ttl_ms, 1234);
		}
	}
}

/* What is longer than anything of ours is nothing: the server is asked for one octet more than that. */
static void
share_takes_no_value_that_is_too_long(void **state)
{
	static char answer[SHARE_VALUE_MAX + 100];
	static struct server server;
	struct told told = { .is_known = true };
	struct share *share;

	(void)state;
	(void)snprintf(answer, sizeof answer, "$%d\r\n%0*d\r\n", SHARE_VALUE_MAX + 1, SHARE_VALUE_MAX + 1, 0);
	server.answers[0] = answer;
	start_server(&server);
	share = open_share(&server);
	WAIT_UNTIL(share_look(share).is_connected);
	assert_true(share_get(share, "peer:x", take, &told));
	WAIT_UNTIL(told.calls > 0);
	assert_false(told.is_known);
	share_unref(share);
	end_server(&server);
}

/* Nor does an answer without end fill the memory. */
static void
share_ends_a_connection_with_an_answer_that_is_too_large(void **state)
{
	static char answer[4 * SHARE_VALUE_MAX];
	static struct server server;
	struct share *share;

	(void)state;
	(void)snprintf(answer, sizeof answer, "$500000000\r\n%0*d", 3 * SHARE_VALUE_MAX, 0);
	server.answers[0] = answer;
	start_server(&server);
	share = open_share(&server);
	share_append(share, SPAN("record"));
	WAIT_UNTIL(share_look(share).reason[0] != '\0');
	assert_string_equal(share_look(share).reason, "an answer that is too large");
	share_unref(share);
	end_server(&server);
}

/* What an answer may have of octets counts for each by itself. */
static void
share_goes_on_after_any_number_of_answers(void **state)
{
	static struct server server;
	struct share *share;
	enum { RECORDS = 2000 }; /* with nine octets of answer each */

	(void)state;
	start_server(&server);
	share = open_share(&server);
	for (int i = 0; i < RECORDS; i++)
		share_append(share, SPAN("record"));
	WAIT_UNTIL(share_look(share).is_connected && share_look(share).waiting == 0);
	share_unref(share);
	assert_int_equal(server.connections, 1);
	end_server(&server);
}

/* A server that says nothing any more: questions end long before it is given up. */
static void
share_answers_for_a_server_that_does_not(void **state)
{
	static struct server server;
	const uint64_t late = counter_value(&share_counts.asked[SHARE_ASKED_LATE]);
	struct told told = { .is_known = true };
	struct share *share;
	uint64_t asked_ms;

	(void)state;
	start_server(&server);
	share = open_share(&server);
	WAIT_UNTIL(share_look(share).is_connected);
	atomic_store(&server.is_silent, true);
	asked_ms = clock_now_ms();
	assert_true(share_get(share, "peer:x", take, &told));
	WAIT_UNTIL(told.calls > 0);
	assert_true(clock_now_ms() - asked_ms >= SHARE_ASK_MS);
	assert_false(told.is_known);
	assert_int_equal(counter_value(&share_counts.asked[SHARE_ASKED_LATE]), late + 1);
	WAIT_UNTIL(!share_look(share).is_connected);
	assert_string_equal(share_look(share).reason, "no answer in time");
	share_unref(share);
	end_server(&server);
	assert_int_equal(told.calls, 1);
}

/* However soon it ends, whoever has asked is told once, and not afterwards. */
static void
share_tells_everybody_before_it_ends(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		static struct server server;
		atomic_int calls = 0;
		int asked = 0;
		struct share *share;

		memset(&server, 0, sizeof server);
		atomic_store(&server.is_silent, i % 2 == 0);
		start_server(&server);
		share = open_share(&server);
		if (i % 3 == 0)
			WAIT_UNTIL(share_look(share).is_connected);
		for (int j = 0; j < 100; j++) {
			asked += share_get(share, "peer:x", take_one, &calls) ? 1 : 0;
			share_append(share, SPAN("record"));
		}
		share_unref(share);
		assert_int_equal(calls, asked);
		end_server(&server);
	}
}

/* Errors end the connection, and are told as the server says them. */
static void
share_tells_why_it_is_not_connected(void **state)
{
	static const struct {
		const char *greeting, *answer, *reason;
	} table[] = {
		{ "-LOADING Redis is loading\r\n", NULL, "LOADING Redis is loading" },
		{ "-NOAUTH \x1b[2J\xff\r\n", NULL, "NOAUTH \\x1b[2J\\xff" },
		{ NULL, "-OOM command not allowed\r\n", "OOM command not allowed" },
		{ NULL, "-WRONGTYPE x\r\n", "WRONGTYPE: another program uses the name of the stream" },
		{ NULL, "*0\r\n", "an answer of no use" },
		/* Ten octets that ask for gigabytes. */
		{ NULL, "*1000000000\r\n", "an answer of no use" },
		{ NULL, "?\r\n", "an answer of no use" },
		/* More than was asked, with which hiredis' own connections end the program. */
		{ NULL, "$3\r\n1-1\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n", "an answer to nothing that was asked" },
		{ "+PONG\r\n+PONG\r\n", NULL, "an answer to nothing that was asked" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		static struct server server;
		struct share *share;

		server = (struct server){ .greeting = table[i].greeting, .answers = { table[i].answer } };
		start_server(&server);
		share = open_share(&server);
		share_append(share, SPAN("record"));
		WAIT_UNTIL(share_look(share).reason[0] != '\0');
		assert_string_equal(share_look(share).reason, table[i].reason);
		share_unref(share);
		end_server(&server);
	}
}

static void
share_waits_twice_as_long_each_time_up_to_a_minute(void **state)
{
	static const unsigned waits[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	(void)state;
	for (size_t i = 0; i + 1 < ROWS(waits); i++)
		assert_int_equal(share_link_longer_ms(waits[i]), waits[i + 1]);
}

/* No storm: what hangs up is tried again after a second, and then two, each give or take a half. */
static void
share_connects_again_later_and_later(void **state)
{
	static struct server server = { .greeting = "-LOADING\r\n" };
	const uint64_t begun_ms = clock_now_ms();
	struct share *share;
	uint64_t third_ms;

	(void)state;
	start_server(&server);
	share = open_share(&server);
	WAIT_UNTIL(server.connections == 3);
	third_ms = clock_now_ms();
	assert_true(third_ms - begun_ms >= 500 + 1000);
	share_unref(share);
	end_server(&server);
}

/* Of a server that takes nothing, so much is kept and no more. */
static void
F41_share_queues_so_many_records(void **state)
{
	enum { MORE = 100 };
	static struct server server;
	const uint64_t before = counter_value(&share_counts.dropped);
	struct share *share;

	(void)state;
	server.greeting = "-LOADING\r\n";
	start_server(&server);
	share = open_share(&server);
	for (int i = 0; i < BOUND_SHARE_RECORDS + MORE; i++)
		share_append(share, SPAN("record"));
	assert_int_equal(share_look(share).waiting, BOUND_SHARE_RECORDS);
	assert_int_equal(counter_value(&share_counts.dropped), before + MORE);
	share_unref(share);
	end_server(&server);
	assert_int_equal(counter_value(&share_counts.dropped), before + MORE + BOUND_SHARE_RECORDS);
}

static void
F41_share_queues_so_many_octets(void **state)
{
	static char record[16000];
	static struct server server;
	struct share *share;

	(void)state;
	memset(record, 'x', sizeof record);
	server.greeting = "-LOADING\r\n";
	start_server(&server);
	share = open_share(&server);
	for (int i = 0; i < BOUND_SHARE_RECORDS; i++)
		share_append(share, (struct span){ record, sizeof record });
	assert_int_equal(share_look(share).waiting, BOUND_SHARE_OCTETS / sizeof record);
	share_unref(share);
	end_server(&server);
}

static void
F41_share_queues_so_many_questions(void **state)
{
	static struct server server;
	atomic_int calls = 0;
	int asked = 0;
	struct share *share;

	(void)state;
	start_server(&server);
	share = open_share(&server);
	WAIT_UNTIL(share_look(share).is_connected);
	atomic_store(&server.is_silent, true);
	for (int i = 0; i < 20 * BOUND_SHARE_ASKED; i++)
		asked += share_get(share, "peer:x", take_one, &calls) ? 1 : 0;
	assert_true(asked >= BOUND_SHARE_ASKED);
	assert_true(asked < 20 * BOUND_SHARE_ASKED);
	share_unref(share);
	assert_int_equal(calls, asked);
	end_server(&server);
}

#ifdef HAVE_HIREDIS
/* As XINFO STREAM tells of a stream, and of a group called "own" behind another one. */
static redisReply *
stream_told(int added, int length, const char *read_count, int pending)
{
	redisReader *reader = redisReaderCreate();
	void *reply = NULL;
	char text[500];

	(void)snprintf(
		text, sizeof text,
		"*6\r\n$6\r\nlength\r\n:%d\r\n$13\r\nentries-added\r\n:%d\r\n$6\r\ngroups\r\n*2\r\n"
		"*2\r\n$4\r\nname\r\n$5\r\nother\r\n"
		"*6\r\n$4\r\nname\r\n$3\r\nown\r\n$12\r\nentries-read\r\n%s\r\n$9\r\npel-count\r\n:%d\r\n",
		length, added, read_count, pending);
	assert_int_equal(redisReaderFeed(reader, text, strlen(text)), REDIS_OK);
	assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
	assert_non_null(reply);
	redisReaderFree(reader);
	return reply;
}

/* What no reader was told is lost, and told of once, whether the server forgets it or not. */
static void
losses_are_what_was_appended_and_is_neither_told_nor_there(void **state)
{
	static const struct {
		int added, length;
		const char *read_count;
		int pending;
		uint64_t lost, known; /* from then on */
	} table[] = {
		{ 1000, 1000, ":0", 0, 0, 0 },
		{ 3000, 1000, ":0", 0, 2000, 2000 },    /* before anybody came */
		{ 3000, 1000, ":0", 0, 2000, 2000 },    /* */
		{ 3000, 744, ":256", 0, 2000, 2000 },   /* 7.0 counts what it told */
		{ 3000, 744, ":2256", 0, 2000, 0 },     /* later ones count what is gone, too */
		{ 3100, 744, ":2256", 0, 2100, 100 },   /* again */
		{ 3100, 744, "$-1", 0, 2100, 100 },     /* it does not know */
		{ 3100, 744, ":2456", 200, 2100, 100 }, /* 200 were told, and may stand there or not */
		{ 3100, 544, ":2456", 0, 2100, 100 },   /* */
		{ 60, 10, ":0", 0, 2150, 50 },          /* another stream */
		{ 10, 10, ":0", 0, 2150, 0 },           /* */
		{ 10, 12, ":0", 30, 2150, 0 },
	};
	struct share_losses losses = { .known = 0 };

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		redisReply *reply =
			stream_told(table[i].added, table[i].length, table[i].read_count, table[i].pending);
		const uint64_t before = losses.known;

		print_message("    %zu\n", i);
		assert_int_equal(share_losses_note(&losses, reply, "own"), before != table[i].known);
		assert_int_equal(losses.lost, table[i].lost);
		assert_int_equal(losses.known, table[i].known);
		assert_false(share_losses_note(&losses, reply, "absent"));
		assert_false(share_losses_note(&losses, reply->element[0], "own"));
		freeReplyObject(reply);
	}
}
#endif

static void
server_is_an_address_or_a_socket(void **state)
{
	static const struct {
		const char *text, *path, *address;
		int port;
	} good[] = {
		{ "unix:/run/redis.sock", "/run/redis.sock", "", 0 },
		{ "192.0.2.1:6379", "", "192.0.2.1", 6379 },
		{ "[2001:db8::1]:1", "", "2001:db8::1", 1 },
	};
	static const char *const bad[] = { "",
					   "unix:",
					   "unix:x",
					   "localhost:6379",
					   "192.0.2.1",
					   "192.0.2.1:0",
					   "192.0.2.1:65536",
					   "192.0.2.1:6379x",
					   "2001:db8::1:6379",
					   "[192.0.2.1]:6379",
					   "[2001:db8::1]",
					   "[]:1" };
	char path[200];

	(void)state;
	for (size_t i = 0; i < ROWS(good); i++) {
		struct share_server server;
		char address[IPADDR_TEXT_SIZE] = "";

		assert_true(share_server_parse(good[i].text, &server));
		assert_string_equal(server.path, good[i].path);
		if (!server.is_unix)
			(void)ipaddr_format(&server.address, address);
		assert_string_equal(address, good[i].address);
		assert_int_equal(server.port, good[i].port);
	}
	for (size_t i = 0; i < ROWS(bad); i++) {
		struct share_server server = { .port = 7 };

		print_message("    %s\n", bad[i]);
		assert_false(share_server_parse(bad[i], &server));
		assert_int_equal(server.port, 7);
	}
	(void)snprintf(path, sizeof path, "unix:/%0*d", SHARE_PATH_MAX, 0);
	assert_false(share_server_parse(path, &(struct share_server){ .port = 0 }));
	path[strlen(path) - 1] = '\0';
	assert_true(share_server_parse(path, &(struct share_server){ .port = 0 }));
	assert_true(share_prefix_is_good("site-A.b_c:"));
	assert_true(share_prefix_is_good(""));
	assert_false(share_prefix_is_good("a b"));
	assert_false(share_prefix_is_good("0123456789012345678901234567890123456789012345678901234567890"));
}

int
main(void)
{
	const struct CMUnitTest always[] = {
#ifdef HAVE_HIREDIS
		cmocka_unit_test(losses_are_what_was_appended_and_is_neither_told_nor_there),
#endif
		cmocka_unit_test(server_is_an_address_or_a_socket),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(share_appends_and_puts_as_it_is_told),
		cmocka_unit_test(share_knows_how_much_is_not_collected),
		cmocka_unit_test(share_sends_again_what_was_not_answered),
		cmocka_unit_test(share_sends_what_is_queued_at_the_end),
		cmocka_unit_test(share_tells_what_is_there_and_nothing_else),
		cmocka_unit_test(share_takes_no_value_that_is_too_long),
		cmocka_unit_test(share_waits_twice_as_long_each_time_up_to_a_minute),
		cmocka_unit_test(share_goes_on_after_any_number_of_answers),
		cmocka_unit_test(share_ends_a_connection_with_an_answer_that_is_too_large),
		cmocka_unit_test(share_answers_for_a_server_that_does_not),
		cmocka_unit_test(share_tells_everybody_before_it_ends),
		cmocka_unit_test(share_tells_why_it_is_not_connected),
		cmocka_unit_test(share_connects_again_later_and_later),
		cmocka_unit_test(F41_share_queues_so_many_records),
		cmocka_unit_test(F41_share_queues_so_many_octets),
		cmocka_unit_test(F41_share_queues_so_many_questions),
	};
	const int failed = cmocka_run_group_tests(always, NULL, NULL);

	return share_is_built() ? failed + cmocka_run_group_tests(tests, NULL, NULL) : failed;
}
