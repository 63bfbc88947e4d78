#include "heloscope/daemon/control.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/log.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/base/thread.h"
#include "heloscope/daemon/milter.h"
#include "heloscope/daemon/status.h"
#include "heloscope/metrics/text.h"
#include "heloscope/web/request.h"
#include "heloscope/web/server.h"

#define SILENCE_S 5
#define SAMPLE_S 10
#define SAMPLES 31 /* so that the oldest is of five minutes ago */

/* How many messages there had been at some time. */
struct sample {
	uint64_t at_ms;
	uint64_t messages[VERDICTS];
};

static struct {
	const char *file;
	int64_t started;
	struct event_base *base;
	struct web_server *web;
	struct event *sampling, *stop;
	int stop_fd;
	pthread_t thread;
	bool is_running;
	struct sample samples[SAMPLES]; /* the oldest is overwritten */
	size_t sample_count;
} control = { .stop_fd = -1 };

/* Messages of the last minutes. */

static struct sample
sample_now(void)
{
	struct sample sample = { .at_ms = clock_now_ms() };

	for (size_t i = 0; i < VERDICTS; i++)
		sample.messages[i] = counts_messages(i);
	return sample;
}

static void
on_sample(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	control.samples[control.sample_count++ % SAMPLES] = sample_now();
}

static struct status_recent
recent(void)
{
	const struct sample *oldest =
		&control.samples[control.sample_count > SAMPLES ? control.sample_count % SAMPLES : 0];
	const struct sample now = sample_now();
	struct status_recent recent = { .seconds = (unsigned)((now.at_ms - oldest->at_ms) / 1000) };

	for (size_t i = 0; i < VERDICTS; i++)
		recent.messages[i] = now.messages[i] - oldest->messages[i];
	return recent;
}

/* Answers. */

static void
send_body(struct evhttp_request *request, int code, const char *reason, const char *type, const char *body,
	  size_t length)
{
	web_add_field(request, "Content-Type", type);
	web_add_field(request, "Cache-Control", "no-store");
	web_add_field(request, "X-Content-Type-Options", "nosniff");
	web_send(request, code, reason, body, length);
}

static void
send_text(struct evhttp_request *request, int code, const char *reason, const char *text)
{
	send_body(request, code, reason, "text/plain; charset=utf-8", text, strlen(text));
}

static void
send_made(struct evhttp_request *request, const char *type, char *made, size_t length)
{
	if (made != NULL)
		send_body(request, HTTP_OK, "OK", type, made, length);
	else
		send_text(request, HTTP_SERVUNAVAIL, "Service Unavailable", "out of memory\n");
	free(made);
}

/* Requests. */

static void
answer_metrics(struct evhttp_request *request, struct runtime *runtime)
{
	struct metrics_view view = { .started = control.started };
	size_t length = 0;
	char *text;

	runtime_look(runtime, &view);
	text = metrics_text(&view, &length);
	send_made(request, METRICS_TEXT_TYPE, text, length);
}

static void
answer_status(struct evhttp_request *request, struct runtime *runtime)
{
	const struct status_recent of_late = recent();
	struct metrics_view view = { .started = control.started };
	char *line;

	runtime_look(runtime, &view);
	line = status_make(&view, control.file, &of_late, clock_now_ms());
	send_made(request, "application/json", line, line != NULL ? strlen(line) : 0);
}

/* The body: an address, or "all". */
static bool
read_whom(struct evhttp_request *request, bool *is_all, struct ipaddr *address)
{
	char body[BOUND_CONTROL_BODY + 1] = "";
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	const size_t length = evbuffer_get_length(input);
	struct span whom;

	if (length >= sizeof body || evbuffer_copyout(input, body, length) != (ev_ssize_t)length)
		return false;
	whom = (struct span){ body, length };
	while (whom.length > 0 && ascii_is_blank(whom.at[whom.length - 1]))
		whom.length--;
	*is_all = span_equals(whom, SPAN("all"));
	return *is_all || ipaddr_parse(whom, address);
}

static void
answer_forget(struct evhttp_request *request, struct runtime *runtime)
{
	struct ipaddr address;
	char text[IPADDR_TEXT_SIZE], answer[64];
	size_t count = 0;
	bool is_all;

	if (!read_whom(request, &is_all, &address)) {
		send_text(request, HTTP_BADREQUEST, "Bad Request",
			  "expected an IP address, or \"all\", as the body\n");
		return;
	}
	if (!runtime_forget(runtime, is_all ? NULL : &address, &count)) {
		send_text(request, 409, "Conflict",
			  "mail servers are not checked: the configuration does not say \"look-back yes\"\n");
		return;
	}
	log_info("control: what was found of %s is forgotten (%zu)",
		 is_all ? "all mail servers" : ipaddr_format(&address, text), count);
	(void)snprintf(answer, sizeof answer, "{\"forgotten\":%zu}\n", count);
	send_body(request, HTTP_OK, "OK", "application/json", answer, strlen(answer));
}

static const struct {
	const char *path;
	bool is_post; /* else GET or HEAD */
	void (*answer)(struct evhttp_request *request, struct runtime *runtime);
} paths[] = {
	{ "/metrics", false, answer_metrics },
	{ "/status", false, answer_status },
	{ "/forget", true, answer_forget },
};

/*
 * Whether a browser may have been made to send it by a page of somebody else's: to a port of loopback a page
 * can have any browser of this host send requests, under a name of its own.
 */
static bool
is_of_a_stranger(struct evhttp_request *request)
{
	unsigned count;
	const char *host = web_request_field(request, "Host", &count);
	const size_t length = host == NULL ? 0 : host[0] == '[' ? strcspn(host, "]") : strcspn(host, ":");
	struct ipaddr address;
	const size_t begin = host != NULL && host[0] == '[' ? 1 : 0;

	if (web_request_field(request, "Origin", &count) != NULL || web_request_is_foreign(request))
		return true;
	if (host == NULL || (length == strlen("localhost") && strncasecmp(host, "localhost", length) == 0))
		return false;
	return !ipaddr_parse((struct span){ host + begin, length - begin }, &address)
	       || !ipaddr_is_loopback(&address);
}

static bool
has_method(struct evhttp_request *request, bool is_post)
{
	const enum evhttp_cmd_type type = evhttp_request_get_command(request);

	return is_post ? type == EVHTTP_REQ_POST : type == EVHTTP_REQ_GET || type == EVHTTP_REQ_HEAD;
}

static void
find_path(struct evhttp_request *request)
{
	const char *uri = evhttp_request_get_uri(request);
	const size_t length = strcspn(uri, "?#");
	size_t i = 0;
	struct runtime *runtime;

	while (i < sizeof paths / sizeof paths[0]
	       && (strlen(paths[i].path) != length || strncmp(paths[i].path, uri, length) != 0))
		i++;
	if (i == sizeof paths / sizeof paths[0]) {
		send_text(request, HTTP_NOTFOUND, "Not Found",
			  "GET /metrics, GET /status or POST /forget: heloscope-milter(8)\n");
		return;
	}
	if (!has_method(request, paths[i].is_post)) {
		web_add_field(request, "Allow", paths[i].is_post ? "POST" : "GET, HEAD");
		send_text(request, HTTP_BADMETHOD, "Method Not Allowed", "wrong method\n");
		return;
	}
	runtime = milter_runtime();
	paths[i].answer(request, runtime);
	runtime_unref(runtime);
}

static void
on_request(struct evhttp_request *request, void *context)
{
	(void)context;
	if (web_request_has_odd_body(request))
		send_text(request, HTTP_BADREQUEST, "Bad Request", "a body of unclear length\n");
	else if (is_of_a_stranger(request))
		send_text(request, 403, "Forbidden", "not for pages of a browser\n");
	else
		find_path(request);
}

/* Beginning and end. */

static void
on_stop(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	(void)event_base_loopbreak(control.base);
}

static void *
run(void *context)
{
	(void)context;
	(void)event_base_dispatch(control.base);
	return NULL;
}

static void
tear_down(void)
{
	web_server_free(control.web);
	if (control.sampling != NULL)
		event_free(control.sampling);
	if (control.stop != NULL)
		event_free(control.stop);
	if (control.base != NULL)
		event_base_free(control.base);
	if (control.stop_fd >= 0)
		(void)close(control.stop_fd);
	control.web = NULL;
	control.sampling = control.stop = NULL;
	control.base = NULL;
	control.stop_fd = -1;
}

/* All but the socket. */
static bool
set_up_events(void)
{
	const struct timeval often = { .tv_sec = SAMPLE_S };

	control.base = event_base_new();
	control.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (control.base == NULL || control.stop_fd < 0)
		return false;
	control.sampling = event_new(control.base, -1, EV_PERSIST, on_sample, NULL);
	control.stop = event_new(control.base, control.stop_fd, EV_READ, on_stop, NULL);
	return control.sampling != NULL && control.stop != NULL && event_add(control.sampling, &often) == 0
	       && event_add(control.stop, NULL) == 0;
}

bool
control_start(int fd, const char *file, struct error *error)
{
	static const struct web_limits limits = {
		.connections = { BOUND_CONTROL_CONNECTIONS, BOUND_CONTROL_CONNECTION_MS },
		.silence_s = SILENCE_S,
		.header_octets = BOUND_CONTROL_HEADER,
		.body_octets = BOUND_CONTROL_BODY,
	};

	error_set(error, "out of memory, or a thread cannot start");
	control.file = file;
	control.started = (int64_t)time(NULL);
	on_sample(-1, 0, NULL);
	if (set_up_events())
		control.web = web_server_new(control.base, fd, &limits, on_request, NULL);
	if (control.web == NULL)
		(void)close(fd);
	control.is_running = control.web != NULL && thread_start(&control.thread, run, NULL);
	if (!control.is_running)
		tear_down();
	return control.is_running;
}

void
control_stop(void)
{
	if (!control.is_running)
		return;
	(void)eventfd_write(control.stop_fd, 1);
	(void)pthread_join(control.thread, NULL);
	control.is_running = false;
	tear_down();
}
