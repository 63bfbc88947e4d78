#include "heloscope/page/serve.h"

#include <event2/event.h>
#include <event2/http.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/heap.h"
#include "heloscope/base/log.h"
#include "heloscope/base/seldom.h"
#include "heloscope/daemon/service.h"
#include "heloscope/page/again.h"
#include "heloscope/page/gate.h"
#include "heloscope/page/request.h"
#include "heloscope/page/results.h"
#include "heloscope/page/thorough.h"
#include "heloscope/page/view.h"
#include "heloscope/page/work.h"
#include "heloscope/records/find.h"
#include "heloscope/records/record.h"
#include "heloscope/web/server.h"

#define LOOKING_THREADS 2
#define SILENCE_S 10     /* of a client within a request, or between two */
#define MISS_STEP_MS 250 /* all that is in vain is answered after a multiple of it */
#define BUSY_S 30        /* after which those may come again for whom there is no room */
#define LATER_S 120      /* after a fault, and where all of the log is read for others */
#define POLICY_SIZE 400

struct server {
	struct site *site;
	struct event_base *base;
	struct web_server *web;
	struct workers *lookers, *testers;
	struct gate *gate;
	struct thorough thorough;
	struct results results;
	struct peer_memory *peers; /* servers of clients, looked at by tests */
	struct heap heap;
	struct event *stops[2], *reload;
	struct visit *delayed;      /* those that wait for their time to be answered */
	struct seldom told;         /* of a fault, in the log, */
	struct seldom told_of_part; /* and of looks that were not thorough */
	char policy[POLICY_SIZE];
	bool is_ending;
};

enum visit_state {
	VISIT_FAULT,
	VISIT_NOTHING,
	VISIT_LATER, /* nothing where it should stand, and elsewhere nobody looked */
	VISIT_REFUSAL
};

/* A reference that is looked up for a request. */
struct visit {
	struct work work;
	struct server *server;
	struct evhttp_request *request; /* NULL: its connection has gone */
	struct ipaddr visitor;
	uint64_t came_ms;
	bool is_reference; /* not in the form of one: it is looked up for show */
	bool is_thorough;  /* the whole log is read for it, if need be */
	bool is_post;
	char ident[IDENT_SIZE];
	struct config *config; /* counted */
	const char *log;
	char *line, *tested;       /* the record, and that of its last test, or NULL */
	struct view_refusal shown; /* `record` while it is looked up */
	struct ipaddr client;      /* of a refusal */
	enum visit_state state;
	char *page; /* of a refusal */
	size_t length;
	struct error error;
	struct event *timer;
	struct visit *next, **place; /* in `delayed` */
};

/* A test of a refusal. */
struct test {
	struct work work;
	struct server *server;
	struct outcome *result;
	struct config *config; /* counted */
	char *line, *made;
	struct error error;
};

/* Answering. */

static void
add_fields(const struct server *server, struct evhttp_request *request)
{
	web_add_field(request, "Content-Type", "text/html; charset=utf-8");
	web_add_field(request, "Content-Security-Policy", server->policy);
	web_add_field(request, "X-Content-Type-Options", "nosniff");
	web_add_field(request, "X-Robots-Tag", "noindex, nofollow");
	web_add_field(request, "Referrer-Policy", "no-referrer");
	web_add_field(request, "Cache-Control", "no-store");
	if (server->is_ending)
		web_add_field(request, "Connection", "close");
}

/* `body` may be NULL. */
static void
send_page(const struct server *server, struct evhttp_request *request, int code, const char *reason,
	  const char *body, size_t length)
{
	add_fields(server, request);
	web_send(request, code, reason, body, length);
}

/* `wait_s`: after which time the visitor may come again; 0: not said. */
static void
send_view(const struct server *server, struct evhttp_request *request, enum view_kind kind, unsigned wait_s)
{
	const struct view_words *words = view_words(kind);
	size_t length = 0;
	char *body = view_make(kind, &length);

	if (kind == VIEW_METHOD)
		web_add_field(request, "Allow", "GET, HEAD, POST");
	if (wait_s > 0)
		web_add_number(request, "Retry-After", wait_s);
	send_page(server, request, words->code, words->reason, body, body != NULL ? length : 0);
	free(body);
}

/* Say it in the log, but not for each visitor. */
static void
tell_fault(struct server *server, const char *what)
{
	if (seldom_is_due(&server->told, false))
		log_error("page: %s", what);
}

/* Tests. */

static void
run_test(struct work *work)
{
	struct test *test = (struct test *)work;

	test->made = again_make(test->config, test->line, test->server->peers, &test->error);
}

static void
end_test(struct work *work)
{
	struct test *test = (struct test *)work;

	if (test->made == NULL)
		tell_fault(test->server, test->error.text);
	results_end(&test->server->results, test->result, test->made);
	config_unref(test->config);
	free(test->line);
	/* A resolver is large, and each thread would keep the memory of those that it had. */
	heap_trim(&test->server->heap);
	free(test);
}

/* Start it; takes the line of the visit. False, with what is to be said in `kind`, when that cannot be. */
static bool
start_test(struct visit *visit, uint64_t now_ms, enum view_kind *kind)
{
	struct server *server = visit->server;
	struct test *test = calloc(1, sizeof *test);

	*kind = VIEW_FAULT;
	if (test == NULL)
		return false;
	*kind = results_is_testing(&server->results, &visit->client) ? VIEW_TESTING : VIEW_BUSY;
	test->result = results_begin(&server->results, visit->ident, &visit->client, now_ms);
	if (test->result == NULL) {
		free(test);
		return false;
	}
	test->work = (struct work){ .run = run_test, .done = end_test };
	test->server = server;
	test->config = config_ref(visit->config);
	test->line = visit->line;
	visit->line = NULL;
	error_set(&test->error, "the page is ended");
	if (workers_add(server->testers, &test->work)) {
		gate_count_test(server->gate, &visit->visitor, now_ms);
		log_info("page: the checks of %s are made again", visit->ident);
		return true;
	}
	end_test(&test->work);
	return false;
}

/* The button was pressed: then the page is looked at anew, so that to load it again presses nothing. */
static void
answer_post(struct visit *visit)
{
	struct server *server = visit->server;
	const uint64_t now_ms = clock_now_ms();
	const bool is_tested_now = results_has_new(&server->results, visit->ident, now_ms);
	const unsigned wait_s = is_tested_now ? 0 : gate_ask_test(server->gate, &visit->visitor, now_ms);
	enum view_kind kind;

	if (wait_s > 0) {
		send_view(server, visit->request, VIEW_WAIT, wait_s);
	} else if (!is_tested_now && !start_test(visit, now_ms, &kind)) {
		send_view(server, visit->request, kind, BUSY_S);
	} else {
		web_add_field(visit->request, "Location", visit->ident);
		send_page(server, visit->request, 303, "See Other", NULL, 0);
	}
}

/* Visits. */

static void
free_visit(struct visit *visit)
{
	if (visit->place != NULL) {
		*visit->place = visit->next;
		if (visit->next != NULL)
			visit->next->place = visit->place;
	}
	if (visit->request != NULL)
		evhttp_connection_set_closecb(evhttp_request_get_connection(visit->request), NULL, NULL);
	if (visit->timer != NULL)
		event_free(visit->timer);
	config_unref(visit->config);
	free(visit->line);
	free(visit->tested);
	free(visit->page);
	free(visit);
}

static void
on_close(struct evhttp_connection *connection, void *context)
{
	struct visit *visit = context;

	(void)connection;
	visit->request = NULL;
}

/* What is shown of the record that was found. */
static void
read_record(struct visit *visit)
{
	struct record_reading reading;
	bool is_refusal;

	if (!record_read(span_of(visit->line), &reading))
		return;
	visit->shown.record = &reading.record;
	visit->client = reading.record.facts->client.address;
	is_refusal = view_is_refusal(&reading.record);
	if (is_refusal && !visit->is_post)
		visit->page = view_make_refusal(&visit->shown, &visit->length);
	if (is_refusal && (visit->is_post || visit->page != NULL))
		visit->state = VISIT_REFUSAL;
	else if (!is_refusal)
		visit->state = VISIT_NOTHING;
	visit->shown.record = NULL;
	record_release(&reading);
}

/* Look once. What it comes to is a fault until something else is known. */
static void
find_record(struct visit *visit, bool is_thorough)
{
	enum record_extent extent;
	enum record_found found;

	free(visit->line);
	visit->line = NULL;
	visit->state = VISIT_FAULT;
	found = record_find(visit->log, visit->ident, is_thorough, &visit->line, &extent, &visit->error);
	if (found == RECORD_UNREADABLE)
		return;
	if (extent != RECORD_EXTENT_FAULTY)
		error_set(&visit->error, "out of memory");
	if (found == RECORD_FOUND && visit->is_reference)
		read_record(visit);
	else
		visit->state = VISIT_NOTHING;
	if (visit->state == VISIT_NOTHING && extent == RECORD_EXTENT_FAULTY)
		visit->state = VISIT_FAULT;
	else if (visit->state == VISIT_NOTHING && extent == RECORD_EXTENT_PART && visit->is_reference)
		visit->state = VISIT_LATER;
}

/*
 * In another thread: where it should stand, and then, if it may, in all of the log. While something is not
 * read, all that shows nothing is a fault or to be asked for later, whatever of it was found: else who
 * guesses would see of which messages there are records.
 */
static void
look_up(struct work *work)
{
	struct visit *visit = (struct visit *)work;
	struct thorough *thorough = &visit->server->thorough;

	find_record(visit, false);
	if (visit->state != VISIT_LATER || !visit->is_thorough || !thorough_begin(thorough, clock_now_ms()))
		return;
	find_record(visit, true);
	thorough_end(thorough, clock_now_ms());
}

static void
answer(struct visit *visit)
{
	struct evhttp_request *request = visit->request;

	/* What evhttp frees with the request tells nobody any more. */
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
	if (visit->state == VISIT_FAULT)
		send_view(visit->server, request, VIEW_FAULT, LATER_S);
	else if (visit->state == VISIT_LATER)
		send_view(visit->server, request, VIEW_LATER, LATER_S);
	else if (visit->state == VISIT_NOTHING)
		send_view(visit->server, request, VIEW_NOTHING, 0);
	else if (visit->is_post)
		answer_post(visit);
	else
		send_page(visit->server, request, 200, "OK", visit->page, visit->length);
	visit->request = NULL;
}

static void
on_time(evutil_socket_t fd, short what, void *context)
{
	struct visit *visit = context;

	(void)fd;
	(void)what;
	if (visit->request != NULL)
		answer(visit);
	free_visit(visit);
}

/* Have it answered later; false when that cannot be. */
static bool
delay(struct visit *visit, uint64_t now_ms)
{
	struct server *server = visit->server;
	const uint64_t pause_ms = MISS_STEP_MS - (now_ms - visit->came_ms) % MISS_STEP_MS;
	const struct timeval pause = { .tv_usec = (suseconds_t)pause_ms * 1000 };

	visit->timer = evtimer_new(server->base, on_time, visit);
	if (visit->timer == NULL || event_add(visit->timer, &pause) != 0)
		return false;
	visit->next = server->delayed;
	visit->place = &server->delayed;
	if (visit->next != NULL)
		visit->next->place = &visit->next;
	server->delayed = visit;
	return true;
}

static void
end_visit(struct work *work)
{
	struct visit *visit = (struct visit *)work;
	struct server *server = visit->server;
	const uint64_t now_ms = clock_now_ms();

	if (visit->state == VISIT_FAULT)
		tell_fault(server, visit->error.text);
	if (visit->state == VISIT_LATER && seldom_is_due(&server->told_of_part, false))
		log_info(
			"page: more is asked for that is not among the newest records than is looked for: all of the log is read for one visitor at a time");
	if (visit->state == VISIT_NOTHING || visit->state == VISIT_LATER)
		gate_count_miss(server->gate, &visit->visitor, now_ms);
	if (visit->state != VISIT_REFUSAL && visit->request != NULL && !server->is_ending
	    && delay(visit, now_ms))
		return;
	if (visit->request != NULL)
		answer(visit);
	free_visit(visit);
}

/* What is known of a test of the reference. False when memory ran out. */
static bool
take_result(struct visit *visit)
{
	const struct outcome *result = results_find(&visit->server->results, visit->ident);

	if (result == NULL)
		return true;
	visit->shown.is_testing = result->is_running;
	visit->shown.was_tested = !result->is_running;
	if (result->line == NULL)
		return true;
	visit->tested = strdup(result->line);
	visit->shown.tested = visit->tested;
	return visit->tested != NULL;
}

/* False, with what is to be said in `kind`, when it cannot be looked up now: then nothing is left of it. */
static bool
begin_visit(struct server *server, struct evhttp_request *request, const struct ipaddr *visitor,
	    uint64_t now_ms, enum view_kind *kind)
{
	struct visit *visit = calloc(1, sizeof *visit);

	*kind = VIEW_FAULT;
	if (visit == NULL)
		return false;
	visit->work = (struct work){ .run = look_up, .done = end_visit };
	visit->server = server;
	visit->visitor = *visitor;
	visit->came_ms = now_ms;
	visit->is_post = evhttp_request_get_command(request) == EVHTTP_REQ_POST;
	visit->is_reference = page_request_ident(evhttp_request_get_uri(request), visit->ident);
	visit->is_thorough = visit->is_reference && gate_bears_misses(server->gate, now_ms);
	visit->config = config_ref(site_config(server->site));
	visit->log = site_log(server->site);
	visit->shown.config = visit->config;
	error_set(&visit->error, "the page is ended");
	if (take_result(visit))
		*kind = VIEW_BUSY;
	if (*kind == VIEW_FAULT || !workers_add(server->lookers, &visit->work)) {
		free_visit(visit);
		return false;
	}
	gate_count(server->gate, visitor, now_ms);
	visit->request = request;
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_close, visit);
	return true;
}

static void
on_request(struct evhttp_request *request, void *context)
{
	struct server *server = context;
	const uint64_t now_ms = clock_now_ms();
	const struct ipaddr visitor = page_request_visitor(request);
	enum view_kind kind;
	unsigned wait_s;

	site_look(server->site, now_ms);
	if (!page_request_is_good(request, &kind)) {
		send_view(server, request, kind, 0);
		return;
	}
	wait_s = gate_ask(server->gate, &visitor, now_ms);
	if (wait_s > 0)
		send_view(server, request, VIEW_WAIT, wait_s);
	else if (!begin_visit(server, request, &visitor, now_ms, &kind))
		send_view(server, request, kind, BUSY_S);
}

/* The server. */

static void
on_stop(evutil_socket_t number, short what, void *context)
{
	struct server *server = context;

	(void)number;
	(void)what;
	(void)event_base_loopbreak(server->base);
}

static void
on_reload(evutil_socket_t number, short what, void *context)
{
	(void)number;
	(void)what;
	site_reload(((struct server *)context)->site);
}

static bool
watch_signals(struct server *server)
{
	server->stops[0] = evsignal_new(server->base, SIGTERM, on_stop, server);
	server->stops[1] = evsignal_new(server->base, SIGINT, on_stop, server);
	server->reload = evsignal_new(server->base, SIGHUP, on_reload, server);
	return server->stops[0] != NULL && server->stops[1] != NULL && server->reload != NULL
	       && event_add(server->stops[0], NULL) == 0 && event_add(server->stops[1], NULL) == 0
	       && event_add(server->reload, NULL) == 0;
}

static bool
listen_on(struct server *server, int fd)
{
	static const struct web_limits limits = {
		.connections = { BOUND_PAGE_CONNECTIONS, BOUND_PAGE_CONNECTION_MS },
		.silence_s = SILENCE_S,
		.header_octets = BOUND_PAGE_HEADER,
		.body_octets = BOUND_PAGE_BODY,
	};

	server->web = web_server_new(server->base, fd, &limits, on_request, server);
	return server->web != NULL;
}

static bool
set_up(struct server *server, int fd, struct error *error)
{
	struct strbuf policy = STRBUF_OVER(server->policy);

	error_set(error, "out of memory");
	server->base = event_base_new();
	server->gate = gate_new();
	thorough_init(&server->thorough);
	server->peers = peer_memory_new(BOUND_PAGE_FINDING_S);
	if (server->base == NULL || server->gate == NULL || server->peers == NULL || !view_add_policy(&policy)
	    || !listen_on(server, fd) || !watch_signals(server))
		return false;
	server->lookers = workers_new(server->base, LOOKING_THREADS, BOUND_PAGE_WAITING, error);
	if (server->lookers == NULL)
		return false;
	server->testers = workers_new(server->base, BOUND_PAGE_TESTS, BOUND_PAGE_TESTS, error);
	return server->testers != NULL;
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

static void
tear_down(struct server *server)
{
	server->is_ending = true;
	workers_free(server->lookers);
	workers_free(server->testers);
	while (server->delayed != NULL)
		on_time(-1, 0, server->delayed);
	web_server_free(server->web);
	for (size_t i = 0; i < 2; i++)
		free_event(server->stops[i]);
	free_event(server->reload);
	results_clear(&server->results);
	thorough_clear(&server->thorough);
	gate_free(server->gate);
	peer_memory_free(server->peers);
	if (server->base != NULL)
		event_base_free(server->base);
}

bool
page_serve(int fd, struct site *site)
{
	static struct server server; /* its tables are too large for a stack */
	struct error error;
	bool is_well;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN); /* when nobody watches it any more, at the end */
	server.site = site;
	is_well = set_up(&server, fd, &error);
	if (is_well) {
		log_is_ready();
		log_info("page: ready");
		service_notify("READY=1");
		is_well = event_base_dispatch(server.base) == 0;
		service_notify("STOPPING=1");
		log_info("page: ended");
	} else {
		log_error("page: %s", error.text);
	}
	tear_down(&server);
	return is_well;
}
