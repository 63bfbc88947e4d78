#include "heloscope/dns/resolver.h"

#include <event2/event.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unbound.h>
#include <unbound-event.h>
#include <unistd.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/heap.h"
#include "heloscope/dns/counts.h"
#include "heloscope/dns/deafness.h"
#include "heloscope/base/log.h"
#include "heloscope/base/seldom.h"
#include "heloscope/base/thread.h"

/* Priorities of events: libunbound's and ours in the middle, what waits for them behind. */
enum { PRIORITIES = 3, PRIORITY_AFTER = 2 };

enum { TYPE_NS = 2, RCODE_SERVFAIL = 2 };

/* Questions that are passed on before answers have their turn: else those of a flood are given up unread. */
#define BATCH 128

/*
 * How often memory that sessions have freed goes back to the system: answers are made on this thread and
 * freed on others, which leaves holes that malloc(3) would keep. When there is much of it, it does not stay
 * so long.
 */
#define TRIM_S 20
#define IDLE_TURNS 180 /* after the last answer, while sessions that hold some may end */

/* How often it is looked whether any name server answers, whether the clock was set, and whether much memory
 * was taken. */
#define LOOK_S 1

/* What a clock must be set by before it matters. Steering moves it by less in an hour. */
#define SET_MS 5000

#define SETTINGS_MAX (64U << 20) /* octets of names of servers and zones: those of an administrator */

struct query {
	TAILQ_ENTRY(query) link;
	struct resolver *resolver;
	dns_callback *callback;
	void *context;
	uint64_t came_ms, asked_ms; /* asked_ms: given to libunbound */
	enum dns_type type;
	char name[];
};

TAILQ_HEAD(query_list, query);

struct follow_up {
	STAILQ_ENTRY(follow_up) link;
	void (*run)(void *context);
	void *context;
};

struct resolver {
	struct dns_resolver interface;     /* first, so that one pointer serves for both */
	struct resolver_settings settings; /* in `memory` */
	struct arena memory;
	struct event_base *base;
	struct event *wake_up, *after, *trim, *look;
	int wake_up_fd;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock;     /* guards the two below */
	struct query_list queued; /* taken, not yet given to libunbound */
	bool is_stopping;

	/* The resolver's thread only. */
	struct ub_ctx *unbound;
	int64_t clock_ahead_ms; /* when that was made */
	struct seldom told;     /* that it could not be made anew */
	bool is_forgetting;     /* while libunbound ends: what it calls back is no answer */
	struct query_list asked;
	struct deafness deafness;
	bool is_counted_deaf;
	unsigned idle_turns; /* in which memory was given back, since the last answer */
	struct heap heap;
	STAILQ_HEAD(follow_up_list, follow_up) follow_ups;
};

static void
count(const struct query *query, const struct dns_answer *answer)
{
	const size_t kind = dns_kind(query->type);

	histogram_note(&dns_counts.seconds[kind], clock_now_ms() - query->came_ms);
	if (answer != NULL && dns_status_is_fault(answer->status))
		counter_add(&dns_counts.faults[kind][answer->status], 1);
}

static void
deliver(struct query *query, struct dns_answer *answer)
{
	query->resolver->idle_turns = 0;
	count(query, answer);
	query->callback(query->context, answer);
	free(query);
}

/* Whether any name server answers. */

static void receive_own(void *context, int rcode, void *packet, int length, int security, char *why_bogus,
			int was_ratelimited);

/* For whoever watches the filter. Of a resolver that goes it is no longer said. */
static void
count_deafness(struct resolver *resolver, bool is_deaf)
{
	if (resolver->is_counted_deaf == is_deaf)
		return;
	resolver->is_counted_deaf = is_deaf;
	(void)atomic_fetch_add_explicit(&dns_counts.deaf, is_deaf ? 1 : -1, memory_order_relaxed);
}

static void
take_step(struct resolver *resolver, enum deafness_step step)
{
	count_deafness(resolver, resolver->deafness.is_deaf);
	switch (step) {
	case DEAFNESS_ASK:
		if (ub_resolve_event(resolver->unbound, ".", TYPE_NS, 1, resolver, receive_own, NULL) != 0)
			resolver->deafness.is_asking = false;
		break;
	case DEAFNESS_BEGINS:
		log_warning(
			"no name server answers: until one does, whatever needs the DNS is temperror, which is no fault of senders or lists. Look at the network and at " RESOLVER_SERVERS_TEXT);
		break;
	case DEAFNESS_ENDS:
		log_warning("name servers answer again, after %u s",
			    (unsigned)((clock_now_ms() - resolver->deafness.begun_ms) / 1000));
		break;
	case DEAFNESS_NOTHING:
		break;
	}
}

/* The answer to our own question: that there is one is all that counts. */
static void
receive_own(void *context, int rcode, void *packet, int length, int security, char *why_bogus,
	    int was_ratelimited)
{
	struct resolver *resolver = context;

	(void)packet;
	(void)length;
	(void)security;
	(void)why_bogus;
	(void)was_ratelimited;
	if (resolver->is_forgetting)
		return;
	take_step(resolver, rcode != RCODE_SERVFAIL ? deafness_hear(&resolver->deafness)
						    : deafness_fail_own(&resolver->deafness, clock_now_ms()));
}

/* How far the wall clock was set since libunbound began; less than nothing: back. */
static int64_t
clock_set_ms(const struct resolver *resolver)
{
	const int64_t set_ms = clock_ahead_ms() - resolver->clock_ahead_ms;

	return set_ms > -SET_MS && set_ms < SET_MS ? 0 : set_ms;
}

/* What a failure means for whoever asked. */
static enum dns_status
note_failure(struct resolver *resolver)
{
	deafness_fail(&resolver->deafness);
	return resolver->deafness.is_deaf ? DNS_NO_SERVER : DNS_SERVFAIL;
}

/* libunbound's answer: `packet` is its own and good until we return. */
static void
receive(void *context, int rcode, void *packet, int length, int security, char *why_bogus,
	int was_ratelimited)
{
	struct query *query = context;
	struct dns_answer *answer;

	(void)why_bogus;
	(void)was_ratelimited;
	if (query->resolver->is_forgetting)
		return;
	TAILQ_REMOVE(&query->resolver->asked, query, link);
	if (rcode != RCODE_SERVFAIL)
		take_step(query->resolver, deafness_hear(&query->resolver->deafness));
	if (security == 1)
		answer = dns_answer_empty(DNS_BOGUS, 0);
	else if ((rcode != 0 && rcode != 3) || packet == NULL)
		answer = dns_answer_empty(note_failure(query->resolver), 0);
	else
		answer = dns_answer_parse(packet, (size_t)length, query->name, query->type);
	if (answer != NULL && security == 2)
		answer->security = DNS_SECURE;
	if (answer != NULL && clock_set_ms(query->resolver) != 0)
		answer->ttl_s = 0; /* what is left of a time of the clock before */
	deliver(query, answer);
}

static void
give_to_unbound(struct resolver *resolver, struct query *query)
{
	query->asked_ms = clock_now_ms();
	TAILQ_INSERT_TAIL(&resolver->asked, query, link);
	if (ub_resolve_event(resolver->unbound, query->name, (int)query->type, 1, query, receive, NULL)
	    != 0) {
		TAILQ_REMOVE(&resolver->asked, query, link);
		deliver(query, dns_answer_empty(DNS_SERVFAIL, 0));
	}
}

static void
take_queued(evutil_socket_t fd, short what, void *context)
{
	struct resolver *resolver = context;
	struct query_list taken = TAILQ_HEAD_INITIALIZER(taken);
	struct query *query;
	eventfd_t count;
	bool is_stopping, has_more;

	(void)what;
	(void)eventfd_read(fd, &count);
	(void)pthread_mutex_lock(&resolver->lock);
	for (unsigned i = 0; i < BATCH && (query = TAILQ_FIRST(&resolver->queued)) != NULL; i++) {
		TAILQ_REMOVE(&resolver->queued, query, link);
		TAILQ_INSERT_TAIL(&taken, query, link);
	}
	has_more = !TAILQ_EMPTY(&resolver->queued);
	is_stopping = resolver->is_stopping;
	(void)pthread_mutex_unlock(&resolver->lock);
	if (has_more)
		(void)eventfd_write(fd, 1);
	while ((query = TAILQ_FIRST(&taken)) != NULL) {
		TAILQ_REMOVE(&taken, query, link);
		give_to_unbound(resolver, query);
	}
	if (is_stopping)
		(void)event_base_loopbreak(resolver->base);
}

static void
run_follow_ups(evutil_socket_t fd, short what, void *context)
{
	struct resolver *resolver = context;
	struct follow_up *follow_up;

	(void)fd;
	(void)what;
	while ((follow_up = STAILQ_FIRST(&resolver->follow_ups)) != NULL) {
		STAILQ_REMOVE_HEAD(&resolver->follow_ups, link);
		follow_up->run(follow_up->context);
		free(follow_up);
	}
}

static void
after_answers(struct dns_resolver *interface, void (*run)(void *context), void *context)
{
	struct resolver *resolver = (struct resolver *)interface;
	struct follow_up *follow_up = malloc(sizeof *follow_up);

	if (follow_up == NULL) {
		run(context);
		return;
	}
	*follow_up = (struct follow_up){ .run = run, .context = context };
	STAILQ_INSERT_TAIL(&resolver->follow_ups, follow_up, link);
	event_active(resolver->after, EV_TIMEOUT, 0);
}

static bool
ask(struct dns_resolver *interface, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	struct resolver *resolver = (struct resolver *)interface;
	const size_t size = strlen(name) + 1;
	struct query *query = malloc(sizeof *query + size);
	bool is_first, is_stopping;

	if (query == NULL)
		return false;
	*query = (struct query){
		.resolver = resolver,
		.callback = callback,
		.context = context,
		.came_ms = clock_now_ms(),
		.type = type,
	};
	memcpy(query->name, name, size);
	(void)pthread_mutex_lock(&resolver->lock);
	is_stopping = resolver->is_stopping;
	is_first = TAILQ_EMPTY(&resolver->queued);
	if (!is_stopping)
		TAILQ_INSERT_TAIL(&resolver->queued, query, link);
	(void)pthread_mutex_unlock(&resolver->lock);
	if (is_stopping)
		free(query);
	else if (is_first)
		(void)eventfd_write(resolver->wake_up_fd, 1);
	return !is_stopping;
}

static void
trim(evutil_socket_t fd, short what, void *context)
{
	struct resolver *resolver = context;

	(void)fd;
	(void)what;
	if (resolver->idle_turns < IDLE_TURNS)
		heap_trim(&resolver->heap);
	resolver->idle_turns += resolver->idle_turns < IDLE_TURNS ? 1 : 0;
}

static void *
run_loop(void *context)
{
	struct resolver *resolver = context;

	(void)event_base_dispatch(resolver->base);
	return NULL;
}

struct option {
	const char *name, *value;
};

static int
set_options(struct ub_ctx *unbound, const struct option *options, size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++)
		result = ub_ctx_set_option(unbound, options[i].name, options[i].value);
	return result;
}

/*
 * Loopback servers are as good as others. What libunbound learns of a server's silence is forgotten after
 * five seconds: it takes a server for dead that has left a question unanswered for six, and then asks it
 * nothing more, so that a stranger with a few names that nobody answers could stop all questions to a
 * forwarder.
 */
static const struct option common_options[] = {
	{ "do-not-query-localhost:", "no" },
	{ "infra-host-ttl:", "5" },
	{ "infra-keep-probing:", "yes" },
	{ "num-queries-per-thread:", "16384" },
	{ "outgoing-range:", "4096" },
	{ "edns-buffer-size:", "1232" },
	{ "verbosity:", "0" },
	{ "minimal-responses:", "yes" },
};

/*
 * libunbound answers special and private names itself, as a recursive resolver should. Whoever
 * names servers wants those servers asked, also for names that exist only there.
 */
static const struct option forwarding_options[] = {
	{ "unblock-lan-zones:", "yes" },        { "insecure-lan-zones:", "yes" },
	{ "local-zone:", "test. transparent" }, { "local-zone:", "invalid. transparent" },
	{ "local-zone:", "onion. nodefault" },  { "local-zone:", "127.in-addr.arpa. nodefault" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int
set_servers(struct ub_ctx *unbound, const struct resolver_settings *settings)
{
	int result = 0;

	for (size_t i = 0; i < settings->zone_count && result == 0; i++)
		result = ub_ctx_set_stub(unbound, settings->zones[i].name, settings->zones[i].server, 0);
	if (result != 0)
		return result;
	if (settings->mode == RESOLVER_SYSTEM)
		return ub_ctx_resolvconf(unbound, NULL);
	if (settings->mode == RESOLVER_SERVERS)
		for (size_t i = 0; i < settings->server_count && result == 0; i++)
			result = ub_ctx_set_fwd(unbound, settings->servers[i]);
	return result;
}

/*
 * A stream for each question that may be under way. libunbound has ten for all by itself: a few servers that
 * are silent over TCP would keep answers that need it, as large SPF records do, from everybody. And with none
 * free it (1.17) sends questions that wait, without their first two octets, on a stream to another server,
 * which by that closes it or answers no more: so who fills them takes away answers of others.
 */
static int
set_streams(struct ub_ctx *unbound)
{
	char streams[16];

	(void)snprintf(streams, sizeof streams, "%d", BOUND_UNDER_WAY);
	return ub_ctx_set_option(unbound, "outgoing-num-tcp:", streams);
}

static struct ub_ctx *
new_unbound(struct event_base *base, const struct resolver_settings *settings, struct error *error)
{
	struct ub_ctx *unbound = ub_ctx_create_event(base);
	const bool validates = settings->trust_anchor != NULL;
	int result;

	if (unbound == NULL) {
		error_set(error, "libunbound cannot start: out of memory");
		return NULL;
	}
	result = set_options(unbound, common_options, COUNT(common_options));
	if (result == 0)
		result = set_streams(unbound);
	if (result == 0)
		result = ub_ctx_set_option(unbound,
					   "module-config:", validates ? "validator iterator" : "iterator");
	if (result == 0 && settings->mode != RESOLVER_RECURSIVE)
		result = set_options(unbound, forwarding_options, COUNT(forwarding_options));
	if (result == 0 && validates)
		result = ub_ctx_add_ta_file(unbound, settings->trust_anchor);
	if (result == 0)
		result = set_servers(unbound, settings);
	if (result != 0) {
		error_set(error, "libunbound cannot start: %s", ub_strerror(result));
		ub_ctx_delete(unbound);
		return NULL;
	}
	return unbound;
}

/* End libunbound: it calls back for what is under way, as if no server had answered, and the askers still
 * wait. */
static void
forget(struct resolver *resolver)
{
	resolver->is_forgetting = true;
	ub_ctx_delete(resolver->unbound);
	resolver->unbound = NULL;
	resolver->is_forgetting = false;
}

/*
 * libunbound keeps answers, and what it thinks of name servers, until a time of the wall clock. Where that
 * was set back by hours, an answer of a minute counts for hours, and so does it that a server was silent for
 * some seconds, as it is while a host starts. So it begins anew, with the questions that are under way.
 */
static void
begin_anew(struct resolver *resolver)
{
	const int64_t set_s = clock_set_ms(resolver) / 1000;
	struct error error;
	struct ub_ctx *unbound = new_unbound(resolver->base, &resolver->settings, &error);
	struct query_list asked = TAILQ_HEAD_INITIALIZER(asked);
	struct query *query;

	if (unbound == NULL) {
		if (seldom_is_due(&resolver->told, false))
			log_error(
				"the clock was set, so that DNS answers that are kept count too long or too short; restart the filter, as forgetting them failed: %s",
				error.text);
		return;
	}
	log_warning("the clock was set %s by %" PRId64 " s: DNS answers that libunbound keeps are forgotten",
		    set_s < 0 ? "back" : "forward", set_s < 0 ? -set_s : set_s);
	forget(resolver);
	resolver->unbound = unbound;
	resolver->clock_ahead_ms += set_s * 1000;
	deafness_forget_own(&resolver->deafness);
	TAILQ_CONCAT(&asked, &resolver->asked, link);
	while ((query = TAILQ_FIRST(&asked)) != NULL) {
		TAILQ_REMOVE(&asked, query, link);
		give_to_unbound(resolver, query);
	}
}

static void
look(evutil_socket_t fd, short what, void *context)
{
	struct resolver *resolver = context;
	const uint64_t now_ms = clock_now_ms();
	const struct query *oldest;

	(void)fd;
	(void)what;
	heap_trim_if_grown(&resolver->heap);
	if (clock_set_ms(resolver) != 0)
		begin_anew(resolver);
	oldest = TAILQ_FIRST(&resolver->asked);
	take_step(resolver,
		  deafness_look(&resolver->deafness,
				oldest != NULL && oldest->asked_ms < now_ms ? now_ms - oldest->asked_ms : 0,
				now_ms));
}

static bool
set_up_events(struct resolver *resolver)
{
	resolver->base = event_base_new();
	resolver->wake_up_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (resolver->base == NULL || resolver->wake_up_fd < 0
	    || event_base_priority_init(resolver->base, PRIORITIES) != 0)
		return false;
	resolver->wake_up =
		event_new(resolver->base, resolver->wake_up_fd, EV_READ | EV_PERSIST, take_queued, resolver);
	resolver->after = event_new(resolver->base, -1, 0, run_follow_ups, resolver);
	resolver->trim = event_new(resolver->base, -1, EV_PERSIST, trim, resolver);
	resolver->look = event_new(resolver->base, -1, EV_PERSIST, look, resolver);
	return resolver->wake_up != NULL && resolver->after != NULL && resolver->trim != NULL
	       && resolver->look != NULL
	       && event_add(resolver->look, &(struct timeval){ .tv_sec = LOOK_S }) == 0
	       && event_add(resolver->trim, &(struct timeval){ .tv_sec = TRIM_S }) == 0
	       && event_add(resolver->wake_up, NULL) == 0
	       && event_priority_set(resolver->after, PRIORITY_AFTER) == 0;
}

/* What is needed to begin anew, with texts of its own. False: no memory. */
static bool
keep_settings(struct resolver *resolver, const struct resolver_settings *settings)
{
	struct arena *memory = &resolver->memory;
	const char **servers = arena_alloc(memory, settings->server_count * sizeof *servers + 1);
	struct resolver_zone *zones = arena_alloc(memory, settings->zone_count * sizeof *zones + 1);

	if (servers == NULL || zones == NULL)
		return false;
	resolver->settings = *settings;
	resolver->settings.servers = servers;
	resolver->settings.zones = zones;
	for (size_t i = 0; i < settings->server_count; i++)
		servers[i] = arena_string(memory, settings->servers[i]);
	for (size_t i = 0; i < settings->zone_count; i++) {
		zones[i].name = arena_string(memory, settings->zones[i].name);
		zones[i].server = arena_string(memory, settings->zones[i].server);
	}
	if (settings->trust_anchor != NULL)
		resolver->settings.trust_anchor = arena_string(memory, settings->trust_anchor);
	return !memory->has_failed;
}

struct dns_resolver *
resolver_new(const struct resolver_settings *settings, struct error *error)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);

	if (resolver == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	resolver->interface = (struct dns_resolver){ .ask = ask, .after_answers = after_answers };
	resolver->wake_up_fd = -1;
	TAILQ_INIT(&resolver->queued);
	TAILQ_INIT(&resolver->asked);
	STAILQ_INIT(&resolver->follow_ups);
	(void)pthread_mutex_init(&resolver->lock, NULL);
	arena_init(&resolver->memory, SETTINGS_MAX);
	error_set(error, "the settings of the resolver need more memory than there is");
	if (!keep_settings(resolver, settings))
		goto failed;
	error_set(error, "the resolver's event loop cannot start");
	if (!set_up_events(resolver))
		goto failed;
	resolver->clock_ahead_ms = clock_ahead_ms();
	resolver->unbound = new_unbound(resolver->base, &resolver->settings, error);
	if (resolver->unbound == NULL)
		goto failed;
	resolver->has_thread = thread_start(&resolver->thread, run_loop, resolver);
	if (!resolver->has_thread) {
		error_set(error, "the resolver's thread cannot start");
		goto failed;
	}
	return &resolver->interface;
failed:
	resolver_free(&resolver->interface);
	return NULL;
}

static void
time_out(struct query_list *queries)
{
	struct query *query;

	while ((query = TAILQ_FIRST(queries)) != NULL) {
		TAILQ_REMOVE(queries, query, link);
		deliver(query, dns_answer_empty(DNS_TIMEOUT, 0));
	}
}

static void
stop_thread(struct resolver *resolver)
{
	(void)pthread_mutex_lock(&resolver->lock);
	resolver->is_stopping = true;
	(void)pthread_mutex_unlock(&resolver->lock);
	(void)eventfd_write(resolver->wake_up_fd, 1);
	(void)pthread_join(resolver->thread, NULL);
}

void
resolver_free(struct dns_resolver *interface)
{
	struct resolver *resolver = (struct resolver *)interface;

	if (resolver == NULL)
		return;
	if (resolver->has_thread)
		stop_thread(resolver);
	if (resolver->unbound != NULL)
		forget(resolver);
	time_out(&resolver->asked);
	time_out(&resolver->queued);
	count_deafness(resolver, false);
	run_follow_ups(-1, 0, resolver);
	if (resolver->wake_up != NULL)
		event_free(resolver->wake_up);
	if (resolver->after != NULL)
		event_free(resolver->after);
	if (resolver->trim != NULL)
		event_free(resolver->trim);
	if (resolver->look != NULL)
		event_free(resolver->look);
	if (resolver->base != NULL)
		event_base_free(resolver->base);
	if (resolver->wake_up_fd >= 0)
		(void)close(resolver->wake_up_fd);
	(void)pthread_mutex_destroy(&resolver->lock);
	arena_clear(&resolver->memory);
	free(resolver);
}
