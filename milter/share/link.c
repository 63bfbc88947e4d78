#include "heloscope/share/link.h"

#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/hash.h"

#define WORDS_MAX 10
#define REASON_SIZE 200

enum state { LINK_DOWN, LINK_GREETING, LINK_READY };

struct share_link {
	struct event_base *base;
	const struct share_settings *settings;
	struct share_link_user user;
	struct event *retry, *patience;
	redisAsyncContext *context; /* NULL: there is none, or no longer */
	enum state state;
	size_t unanswered;
	unsigned retry_ms;
	uint64_t attempts;
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

/* The context is let go of; who calls frees it, or the library does. */
static void
go_down(struct share_link *link, const char *reason)
{
	const struct timeval later = interval(with_jitter(link));
	char memory[REASON_SIZE];

	(void)snprintf(memory, sizeof memory, "%s", reason); /* which lies in what is freed */
	link->context = NULL;
	link->state = LINK_DOWN;
	link->unanswered = 0;
	if (link->retry_ms < LINK_RETRY_MAX_MS)
		link->retry_ms *= 2;
	if (link->retry_ms > LINK_RETRY_MAX_MS)
		link->retry_ms = LINK_RETRY_MAX_MS;
	(void)event_del(link->patience);
	(void)event_add(link->retry, &later);
	link->user.down(link->user.context, memory);
}

static void
end_connection(struct share_link *link, const char *reason)
{
	redisAsyncContext *context = link->context;

	go_down(link, reason);
	if (context != NULL)
		redisAsyncFree(context); /* within a callback: once that is over */
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

/* Callbacks of the library. */

static void
on_connect(const redisAsyncContext *context, int status)
{
	struct share_link *link = context->data;

	if (context == link->context && status != REDIS_OK)
		go_down(link, context->errstr); /* the library frees it */
}

static void
on_disconnect(const redisAsyncContext *context, int status)
{
	struct share_link *link = context->data;

	if (context == link->context)
		go_down(link, status != REDIS_OK ? context->errstr : "the connection was closed");
}

static void
become_ready(struct share_link *link)
{
	link->state = LINK_READY;
	link->user.ready(link->user.context);
}

static void
take_answer(struct share_link *link, const redisReply *reply)
{
	const bool has_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
	const struct span text = { has_text ? reply->str : NULL, has_text ? (size_t)reply->len : 0 };

	link->retry_ms = LINK_RETRY_MIN_MS; /* it does what it is there for */
	link->user.answer(link->user.context, text, reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0);
}

static bool
is_of_another_type(const redisReply *reply)
{
	return strncmp(reply->str, "WRONGTYPE", 9) == 0;
}

/* `is_greeting`: not NULL for what was sent before it was ready. */
static void
on_reply(redisAsyncContext *context, void *answer, void *is_greeting)
{
	struct share_link *link = context->data;
	const redisReply *reply = answer;

	if (context != link->context || reply == NULL) /* it ends */
		return;
	if ((reply->type == REDIS_REPLY_ERROR && !is_of_another_type(reply))
	    || reply->type == REDIS_REPLY_ARRAY) {
		end_connection(link, reply->type == REDIS_REPLY_ERROR ? reply->str : "an answer of no use");
		return;
	}
	link->unanswered--;
	be_patient(link);
	if (is_greeting == NULL)
		take_answer(link, reply);
	else if (link->unanswered == 0)
		become_ready(link);
}

/* Sending. */

static bool
send_words(struct share_link *link, const struct span *words, size_t count, void *is_greeting)
{
	const char *arguments[WORDS_MAX];
	size_t lengths[WORDS_MAX];

	for (size_t i = 0; i < count; i++) {
		arguments[i] = words[i].at;
		lengths[i] = words[i].length;
	}
	if (redisAsyncCommandArgv(link->context, on_reply, is_greeting, (int)count, arguments, lengths)
	    != REDIS_OK)
		return false;
	link->unanswered++;
	if (link->unanswered == 1)
		be_patient(link);
	return true;
}

bool
share_link_send(struct share_link *link, const struct span *words, size_t count)
{
	if (link->state != LINK_READY || count > WORDS_MAX)
		return false;
	if (send_words(link, words, count, NULL))
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
	return (password[0] == '\0' || send_words(link, auth, 2, link)) && send_words(link, ping, 1, link);
}

/* Connecting. */

static redisAsyncContext *
make_context(const char *name)
{
	struct share_server server;

	if (!share_server_parse(name, &server))
		return NULL;
	return server.is_unix ? redisAsyncConnectUnix(server.path)
			      : redisAsyncConnect(server.address, server.port);
}

/* Whether it is made, or on its way. */
static bool
attach(struct share_link *link, redisAsyncContext *context)
{
	context->data = link;
	link->context = context;
	return redisLibeventAttach(context, link->base) == REDIS_OK
	       && redisAsyncSetConnectCallback(context, on_connect) == REDIS_OK
	       && redisAsyncSetDisconnectCallback(context, on_disconnect) == REDIS_OK;
}

static void
connect_now(struct share_link *link)
{
	char password[SHARE_PASSWORD_SIZE];
	redisAsyncContext *context;
	struct error error;

	if (!share_password(link->settings->password_file, password, &error)) {
		go_down(link, error.text);
		return;
	}
	context = make_context(link->settings->server);
	if (context == NULL) {
		go_down(link, "out of memory");
	} else if (context->err != 0) {
		go_down(link, context->errstr);
		redisAsyncFree(context);
	} else if (!attach(link, context) || !greet(link, password)) {
		end_connection(link, "out of memory");
	}
	explicit_bzero(password, sizeof password);
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
	redisAsyncContext *context;

	if (link == NULL)
		return;
	context = link->context;
	link->context = NULL; /* so that its last calls find nothing */
	if (context != NULL)
		redisAsyncFree(context);
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
