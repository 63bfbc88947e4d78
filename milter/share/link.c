#include "heloscope/share/link.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/hash.h"
#include "heloscope/share/protocol.h"
#include "heloscope/share/value.h"

#define REASON_SIZE 200
#define ANSWER_MAX (SHARE_VALUE_MAX + 1024) /* octets; a value, or what Redis says of a fault */
#define PIECE 4096
#define GREETINGS_WITH_PASSWORD 2 /* that is not answered yet */

enum state { LINK_DOWN, LINK_GREETING, LINK_READY };

struct share_link {
	struct event_base *base;
	const struct share_settings *settings;
	struct share_link_user user;
	struct event *retry, *patience;
	struct bufferevent *connection; /* NULL: there is none, or no longer; the reader with it */
	redisReader *reader;
	struct share_bounds bounds; /* of that */
	size_t octets;              /* that came since the last answer was whole */
	enum state state;
	size_t unanswered, greetings; /* of which the first belong to the greeting */
	unsigned retry_ms;
	uint64_t attempts, ready_ms;
};

static struct timeval
interval(uint64_t ms)
{
	return (struct timeval){ .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
}

/* Another for each process and each attempt. */
static uint64_t
with_jitter(struct share_link *link)
{
	const struct span number = { (const char *)&link->attempts, sizeof link->attempts };

	link->attempts++;
	return link->retry_ms / 2 + hash_of(number) % link->retry_ms;
}

static void
disconnect(struct share_link *link)
{
	if (link->connection != NULL)
		bufferevent_free(link->connection);
	if (link->reader != NULL)
		redisReaderFree(link->reader);
	link->connection = NULL;
	link->reader = NULL;
}

unsigned
share_link_longer_ms(unsigned ms)
{
	return ms < LINK_RETRY_MAX_MS / 2 ? 2 * ms : LINK_RETRY_MAX_MS;
}

static void
end_connection(struct share_link *link, const char *reason)
{
	const struct timeval later = interval(with_jitter(link));
	char memory[REASON_SIZE];

	(void)snprintf(memory, sizeof memory, "%s", reason); /* which may lie in what is freed */
	disconnect(link);
	link->state = LINK_DOWN;
	link->unanswered = link->greetings = 0;
	link->retry_ms = share_link_longer_ms(link->retry_ms);
	(void)event_del(link->patience);
	(void)event_add(link->retry, &later);
	link->user.down(link->user.context, memory);
}

static void
be_patient(struct share_link *link)
{
	const struct timeval patience = interval(LINK_PATIENCE_MS);

	if (link->unanswered > 0)
		(void)event_add(link->patience, &patience);
	else
		(void)event_del(link->patience);
}

static void
on_patience(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	end_connection(context, "no answer in time");
}

/* Answers. */

static void
become_ready(struct share_link *link)
{
	link->state = LINK_READY;
	link->ready_ms = clock_now_ms();
	link->user.ready(link->user.context);
}

static void
take_answer(struct share_link *link, const redisReply *reply)
{
	const bool has_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
	const struct span text = { has_text ? reply->str : NULL, has_text ? (size_t)reply->len : 0 };

	if (clock_now_ms() - link->ready_ms >= LINK_PATIENCE_MS) /* it has done what it is there for */
		link->retry_ms = LINK_RETRY_MIN_MS;
	link->user.answer(link->user.context, text, reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0);
}

static bool
is_of_another_type(const redisReply *reply)
{
	return strncmp(reply->str, "WRONGTYPE", 9) == 0;
}

static void
end_by_error(struct share_link *link, const redisReply *reply)
{
	struct error reason;

	if (link->greetings == GREETINGS_WITH_PASSWORD)
		share_auth_reason(reply, &reason);
	else
		error_set(&reason, "%s", reply->str);
	end_connection(link, reason.text);
}

static void
take_reply(struct share_link *link, const redisReply *reply)
{
	if (link->unanswered == 0) {
		end_connection(link, "an answer to nothing that was asked");
		return;
	}
	if (reply->type == REDIS_REPLY_ERROR && !is_of_another_type(reply)) {
		end_by_error(link, reply);
		return;
	}
	link->unanswered--;
	be_patient(link);
	if (link->greetings == 0)
		take_answer(link, reply);
	else if (--link->greetings == 0)
		become_ready(link);
}

/* Take one that is whole. False when there is none, or the connection has ended. */
static bool
take_next(struct share_link *link)
{
	redisReader *reader = link->reader;
	void *reply = NULL;
	bool goes_on;

	if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
		end_connection(link, "an answer of no use");
		return false;
	}
	if (reply == NULL)
		return false;
	link->octets = 0;
	take_reply(link, reply);
	goes_on = link->reader == reader;
	freeReplyObject(reply);
	return goes_on;
}

static void
on_read(struct bufferevent *connection, void *context)
{
	struct share_link *link = context;
	char piece[PIECE];

	while (link->connection == connection) {
		const size_t length = bufferevent_read(connection, piece, sizeof piece);

		if (length == 0)
			return;
		link->octets += length;
		if (redisReaderFeed(link->reader, piece, length) != REDIS_OK) {
			end_connection(link, "out of memory");
			return;
		}
		while (take_next(link))
			;
		if (link->connection == connection && link->octets > ANSWER_MAX)
			end_connection(link, "an answer that is too large");
	}
}

static void
on_event(struct bufferevent *connection, short what, void *context)
{
	struct share_link *link = context;

	(void)connection;
	if ((what & BEV_EVENT_EOF) != 0)
		end_connection(link, "the connection was closed");
	else if ((what & BEV_EVENT_ERROR) != 0)
		end_connection(link, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

/* Sending. */

static bool
send_words(struct share_link *link, const struct span *words, size_t count)
{
	size_t length;
	char *command = share_command(words, count, &length);
	const bool is_sent = command != NULL && bufferevent_write(link->connection, command, length) == 0;

	redisFreeCommand(command); /* NULL is allowed */
	if (!is_sent)
		return false;
	link->unanswered++;
	if (link->unanswered == 1)
		be_patient(link);
	return true;
}

bool
share_link_send(struct share_link *link, const struct span *words, size_t count)
{
	if (link->state != LINK_READY)
		return false;
	if (send_words(link, words, count))
		return true;
	end_connection(link, "out of memory");
	return false;
}

/* A password, if there is one, and whether it is there at all: while it loads it says so. */
static bool
greet(struct share_link *link, const char *password)
{
	const struct span auth[] = { SPAN("AUTH"), span_of(password) };
	const struct span ping[] = { SPAN("PING") };

	link->state = LINK_GREETING;
	link->greetings = password[0] != '\0' ? GREETINGS_WITH_PASSWORD : 1;
	return (password[0] == '\0' || send_words(link, auth, 2)) && send_words(link, ping, 1);
}

/* Connecting. */

static socklen_t
address_of(const struct share_settings *settings, struct sockaddr_storage *storage)
{
	struct sockaddr_un *un = (struct sockaddr_un *)storage;
	struct share_server server;

	if (!share_server_parse(settings->server, &server))
		return 0;
	if (!server.is_unix)
		return ipaddr_to_sockaddr(&server.address, server.port, storage);
	memset(storage, 0, sizeof *storage);
	un->sun_family = AF_UNIX;
	(void)snprintf(un->sun_path, sizeof un->sun_path, "%s", server.path);
	return sizeof *un;
}

/* Whether all is there that a connection takes. */
static bool
prepare(struct share_link *link)
{
	link->connection = bufferevent_socket_new(link->base, -1, BEV_OPT_CLOSE_ON_FREE);
	link->reader = redisReaderCreate();
	link->octets = 0;
	if (link->connection == NULL || link->reader == NULL)
		return false;
	share_bound(&link->bounds, link->reader, SHARE_NO_LISTS); /* none is asked for */
	bufferevent_setcb(link->connection, on_read, NULL, on_event, link);
	return bufferevent_enable(link->connection, EV_READ | EV_WRITE) == 0;
}

static void
connect_now(struct share_link *link)
{
	struct sockaddr_storage storage;
	const socklen_t length = address_of(link->settings, &storage);
	char password[SHARE_PASSWORD_SIZE];
	struct error error;

	if (!share_password(link->settings->password_file, password, &error))
		end_connection(link, error.text);
	else if (!prepare(link) || !greet(link, password))
		end_connection(link, "out of memory");
	else if (bufferevent_socket_connect(link->connection, (const struct sockaddr *)&storage, (int)length)
			 < 0
		 && link->connection != NULL) /* it was not told */
		end_connection(link, strerror(errno));
	explicit_bzero(password, sizeof password);
}

void
share_link_hurry(struct share_link *link)
{
	if (link->state == LINK_DOWN && event_del(link->retry) == 0)
		connect_now(link);
}

static void
on_retry(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	connect_now(context);
}

/* Beginning and end. */

struct share_link *
share_link_new(struct event_base *base, const struct share_settings *settings,
	       const struct share_link_user *user)
{
	const struct timeval at_once = { .tv_sec = 0 };
	struct share_link *link = calloc(1, sizeof *link);

	if (link == NULL)
		return NULL;
	link->base = base;
	link->settings = settings;
	link->user = *user;
	link->retry_ms = LINK_RETRY_MIN_MS;
	link->retry = event_new(base, -1, 0, on_retry, link);
	link->patience = event_new(base, -1, 0, on_patience, link);
	if (link->retry != NULL && link->patience != NULL && event_add(link->retry, &at_once) == 0)
		return link;
	share_link_free(link);
	return NULL;
}

void
share_link_free(struct share_link *link)
{
	if (link == NULL)
		return;
	disconnect(link);
	if (link->retry != NULL)
		event_free(link->retry);
	if (link->patience != NULL)
		event_free(link->patience);
	free(link);
}

void
share_link_end(struct share_link *link, const char *reason)
{
	end_connection(link, reason);
}

bool
share_link_is_ready(const struct share_link *link)
{
	return link->state == LINK_READY;
}

bool
share_link_is_down(const struct share_link *link)
{
	return link->state == LINK_DOWN;
}
