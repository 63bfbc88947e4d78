#include "heloscope/peer/look_back.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/peer/counts.h"
#include "heloscope/peer/dane.h"
#include "heloscope/base/ipaddr_scope.h"
#include "heloscope/base/log.h"
#include "heloscope/base/own_addresses.h"
#include "heloscope/base/refcount.h"
#include "heloscope/peer/memory.h"
#include "heloscope/peer/shared.h"
#include "heloscope/peer/smtp_visit.h"
#include "heloscope/share/share.h"
#include "heloscope/base/thread.h"

#define CONNECT_MS 20000
#define SAVE_EVERY_S 600

/* A host that is to be looked at. */
struct visit {
	TAILQ_ENTRY(visit) link;
	struct look_back *look_back;
	struct ipaddr address;
	char name[DOMAIN_SIZE];
	int tls_max;
	bool is_by_hand; /* of look_back_begin(): what is found is not kept */
	bool is_awaited; /* by look_back_end(), which frees it; guarded by the lock */
	bool is_over;
	struct dns_answer *tlsa;
	struct smtp_visit *smtp;
	struct peer peer; /* once it is over */
};

TAILQ_HEAD(visit_list, visit);

struct look_back {
	struct peer_source source; /* first, so that one pointer serves for both */
	struct look_back_settings settings;
	struct dns_resolver *resolver;
	struct peer_memory *memory, *own_memory; /* the second is to be freed, or NULL */
	struct own_addresses own;
	SSL_CTX *tls;
	struct event_base *base;
	struct event *wake_up, *tick, *save;
	int wake_up_fd;
	pthread_t thread;
	bool has_thread;

	struct refcount references; /* the owner's, and one for each question to the DNS */
	pthread_mutex_t lock;       /* guards all below */
	pthread_cond_t has_ended;
	bool is_stopping;
	struct visit_list shared;  /* other hosts are asked for what they found there */
	struct visit_list waiting; /* for their turn */
	struct visit_list asking;  /* the DNS for TLSA records */
	struct visit_list ready;   /* to connect */
	struct visit_list running;
	struct visit_list over;             /* to be freed outside of their callbacks */
	size_t waiting_count, active_count; /* waiting: shared, too; active: asking, ready and running */
};

static struct peer_store *
store_of(const struct look_back *look_back)
{
	return peer_memory_store(look_back->memory);
}

static void
wake_up(const struct look_back *look_back)
{
	(void)eventfd_write(look_back->wake_up_fd, 1);
}

static void
release(struct look_back *look_back)
{
	if (!refcount_drop(&look_back->references))
		return;
	if (look_back->wake_up_fd >= 0)
		(void)close(look_back->wake_up_fd);
	(void)pthread_cond_destroy(&look_back->has_ended);
	(void)pthread_mutex_destroy(&look_back->lock);
	free(look_back);
}

static void
free_visit(struct visit *visit)
{
	smtp_visit_free(visit->smtp);
	dns_answer_free(visit->tlsa);
	free(visit);
}

/* A running visit has ended. Whoever waits frees it, else the event loop. */
static void
end(struct visit *visit, const struct peer *peer)
{
	struct look_back *look_back = visit->look_back;

	(void)pthread_mutex_lock(&look_back->lock);
	visit->peer = *peer;
	visit->is_over = true;
	TAILQ_REMOVE(&look_back->running, visit, link);
	look_back->active_count--;
	if (!visit->is_awaited)
		TAILQ_INSERT_TAIL(&look_back->over, visit, link);
	(void)pthread_cond_broadcast(&look_back->has_ended);
	wake_up(look_back); /* locked: whoever waits may free the look-back next */
	(void)pthread_mutex_unlock(&look_back->lock);
}

/* Running visits: the event loop's thread. */

/* For those whom a postmaster asks why we came. */
static void
log_look(const struct visit *visit, const struct peer *peer)
{
	const bool answers = peer->outcome == PEER_ANSWERS;
	char address[IPADDR_TEXT_SIZE];

	log_info("looked at %s (%s), port %u: %s%s%s%s%s", ipaddr_format(&visit->address, address),
		 visit->name[0] != '\0' ? visit->name : "no name", visit->look_back->settings.port,
		 peer_outcome_tokens[peer->outcome], answers ? ", STARTTLS " : "",
		 answers ? peer_starttls_tokens[peer->starttls] : "", answers ? ", DANE " : "",
		 answers ? peer_dane_tokens[peer->dane] : "");
}

/* So that other hosts need not look. */
static void
tell_others(const struct visit *visit, const struct peer *peer)
{
	const struct look_back_settings *settings = &visit->look_back->settings;
	char name[SHARED_NAME_SIZE], *value;

	if (settings->share == NULL || !shared_name(&visit->address, settings->port, name))
		return;
	value = shared_make(&visit->address, visit->name, peer);
	if (value != NULL)
		share_put(settings->share, name, span_of(value), (unsigned)peer_ttl_s(peer));
	free(value);
}

static void
take_peer(void *context, const struct peer *peer)
{
	struct visit *visit = context;

	if (!visit->is_by_hand) {
		tell_others(visit, peer);
		peer_store_put(store_of(visit->look_back), &visit->address, peer);
		counter_add(&peer_counts.visits[peer->outcome], 1);
		log_look(visit, peer);
	}
	end(visit, peer);
}

static void
connect_to(struct look_back *look_back, struct visit *visit)
{
	const struct smtp_visit_order order = {
		.to = { .address = visit->address,
			.port = look_back->settings.port,
			.connect_ms = CONNECT_MS < look_back->settings.timeout_ms
					      ? CONNECT_MS
					      : look_back->settings.timeout_ms,
			.total_ms = look_back->settings.timeout_ms },
		.name = visit->name,
		.tlsa = visit->tlsa,
		.ehlo_name = look_back->settings.ehlo_name,
		.why = look_back->settings.why,
		.tls_max = visit->tls_max,
		.tls = look_back->tls,
	};

	visit->smtp = smtp_visit_new(look_back->base, &order, take_peer, visit);
	/* Without descriptors or memory nothing was found out, and nothing is kept. */
	if (visit->smtp == NULL)
		end(visit, &(struct peer){ .outcome = PEER_UNREACHABLE });
}

/* TLSA records. */

static void
take_tlsa(void *context, struct dns_answer *answer)
{
	struct visit *visit = context;
	struct look_back *look_back = visit->look_back;

	(void)pthread_mutex_lock(&look_back->lock);
	if (look_back->is_stopping) {
		dns_answer_free(answer);
		free_visit(visit);
	} else {
		visit->tlsa = answer;
		TAILQ_REMOVE(&look_back->asking, visit, link);
		TAILQ_INSERT_TAIL(&look_back->ready, visit, link);
		wake_up(look_back);
	}
	(void)pthread_mutex_unlock(&look_back->lock);
	release(look_back);
}

static void
ask_for_tlsa(struct look_back *look_back, struct visit *visit)
{
	char name[DOMAIN_SIZE];
	bool is_asked;

	refcount_take(&look_back->references);
	(void)pthread_mutex_lock(&look_back->lock);
	TAILQ_INSERT_TAIL(&look_back->asking, visit, link);
	(void)pthread_mutex_unlock(&look_back->lock);
	is_asked = visit->name[0] != '\0' && dane_record_name(visit->name, look_back->settings.port, name)
		   && look_back->resolver->ask(look_back->resolver, name, DNS_TLSA, take_tlsa, visit);
	if (!is_asked)
		take_tlsa(visit, NULL);
}

/* The order of things. */

/* The next visit whose turn it is, or NULL. */
static struct visit *
next_visit(struct look_back *look_back)
{
	struct visit *visit;

	(void)pthread_mutex_lock(&look_back->lock);
	visit = TAILQ_FIRST(&look_back->waiting);
	if (visit != NULL
	    && (look_back->active_count >= look_back->settings.at_a_time
		|| !peer_memory_take_turn(look_back->memory, look_back->settings.per_minute, clock_now_ms())))
		visit = NULL;
	if (visit != NULL) {
		TAILQ_REMOVE(&look_back->waiting, visit, link);
		look_back->waiting_count--;
		look_back->active_count++;
	}
	(void)pthread_mutex_unlock(&look_back->lock);
	return visit;
}

/* The first of `from`, moved to `to` unless that is NULL; NULL when there is none. */
static struct visit *
take_first(struct look_back *look_back, struct visit_list *from, struct visit_list *to)
{
	struct visit *visit;

	(void)pthread_mutex_lock(&look_back->lock);
	visit = TAILQ_FIRST(from);
	if (visit != NULL) {
		TAILQ_REMOVE(from, visit, link);
		if (to != NULL)
			TAILQ_INSERT_TAIL(to, visit, link);
	}
	(void)pthread_mutex_unlock(&look_back->lock);
	return visit;
}

static void
on_wake_up(evutil_socket_t fd, short what, void *context)
{
	const struct timeval soon = { .tv_usec = 200000 };
	struct look_back *look_back = context;
	struct visit *visit;
	eventfd_t count;
	bool is_stopping, is_waiting;

	(void)what;
	(void)eventfd_read(fd, &count);
	while ((visit = take_first(look_back, &look_back->over, NULL)) != NULL)
		free_visit(visit);
	(void)pthread_mutex_lock(&look_back->lock);
	is_stopping = look_back->is_stopping;
	(void)pthread_mutex_unlock(&look_back->lock);
	if (is_stopping) {
		(void)event_base_loopbreak(look_back->base);
		return;
	}
	while ((visit = next_visit(look_back)) != NULL)
		ask_for_tlsa(look_back, visit);
	while ((visit = take_first(look_back, &look_back->ready, &look_back->running)) != NULL)
		connect_to(look_back, visit);
	(void)pthread_mutex_lock(&look_back->lock);
	is_waiting = look_back->waiting_count > 0;
	(void)pthread_mutex_unlock(&look_back->lock);
	if (is_waiting)
		(void)event_add(look_back->tick, &soon);
}

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	wake_up(context);
}

void
look_back_save(struct look_back *look_back)
{
	struct error error;

	if (look_back->settings.file != NULL
	    && !peer_store_save(store_of(look_back), look_back->settings.file, (int64_t)time(NULL), &error))
		log_warning("what is known of mail servers is not kept: %s", error.text);
}

static void
on_save(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	look_back_save(context);
}

static void *
run_loop(void *context)
{
	struct look_back *look_back = context;

	(void)event_base_dispatch(look_back->base);
	return NULL;
}

/* What is wanted. */

static bool
is_in(const struct visit_list *visits, const struct ipaddr *address)
{
	const struct visit *visit;

	for (visit = TAILQ_FIRST(visits); visit != NULL; visit = TAILQ_NEXT(visit, link))
		if (ipaddr_equals(&visit->address, address))
			return true;
	return false;
}

/* The look_back is locked. */
static bool
is_under_way(const struct look_back *look_back, const struct ipaddr *address)
{
	return is_in(&look_back->shared, address) || is_in(&look_back->waiting, address)
	       || is_in(&look_back->asking, address) || is_in(&look_back->ready, address)
	       || is_in(&look_back->running, address);
}

static bool
may_look(struct look_back *look_back, const struct ipaddr *address)
{
	if (network_set_contains(&look_back->settings.trusted, address))
		return false;
	return look_back->settings.per_minute == 0
	       || network_set_contains(&look_back->settings.allowed, address)
	       || (ipaddr_scope(address) == SCOPE_WORLD && !own_addresses_contain(&look_back->own, address));
}

static struct visit *
new_visit(struct look_back *look_back, const struct ipaddr *address, const char *name)
{
	struct visit *visit = calloc(1, sizeof *visit);

	if (visit == NULL)
		return NULL;
	visit->look_back = look_back;
	visit->address = *address;
	(void)snprintf(visit->name, sizeof visit->name, "%s", name);
	return visit;
}

/* The look_back is locked. */
static void
add_visit(struct look_back *look_back, struct visit *visit)
{
	TAILQ_INSERT_TAIL(&look_back->waiting, visit, link);
	look_back->waiting_count++;
	wake_up(look_back);
}

/* Add one that nobody has asked for by hand, unless its network has had its share; else it is freed. The
 * look_back is locked. */
static void
add_if_allowed(struct look_back *look_back, struct visit *visit)
{
	if (look_back->settings.per_minute == 0
	    || peer_memory_take_share(look_back->memory, &visit->address, clock_now_ms()))
		add_visit(look_back, visit);
	else
		free_visit(visit);
}

/* What other hosts know. Without it, or with what is not to be taken, the server is looked at. */
static void
take_shared(void *context, struct span value, int64_t ttl_ms)
{
	struct visit *visit = context;
	struct look_back *look_back = visit->look_back;
	struct peer peer;

	(void)pthread_mutex_lock(&look_back->lock);
	if (look_back->is_stopping) {
		free_visit(visit);
	} else {
		TAILQ_REMOVE(&look_back->shared, visit, link);
		look_back->waiting_count--;
		if (shared_take(value, ttl_ms, &visit->address, visit->name, (int64_t)time(NULL), &peer)) {
			peer_store_put(store_of(look_back), &visit->address, &peer);
			counter_add(&peer_counts.spared, 1);
			free_visit(visit);
			(void)pthread_cond_broadcast(&look_back->has_ended);
		} else {
			add_if_allowed(look_back, visit);
		}
	}
	(void)pthread_mutex_unlock(&look_back->lock);
	release(look_back);
}

/* Ask other hosts first. The visit is among those that are. */
static void
ask_others(struct look_back *look_back, struct visit *visit)
{
	char name[SHARED_NAME_SIZE];

	if (!shared_name(&visit->address, look_back->settings.port, name)
	    || !share_get(look_back->settings.share, name, take_shared, visit))
		take_shared(visit, (struct span){ NULL, 0 }, 0);
}

/* Have it looked at, once other hosts had their say where there are any. The look_back is locked; whether
 * these are to be asked when it no longer is. */
static bool
add_wanted(struct look_back *look_back, struct visit *visit)
{
	if (look_back->settings.share == NULL) {
		add_if_allowed(look_back, visit);
		return false;
	}
	refcount_take(&look_back->references); /* until they have */
	TAILQ_INSERT_TAIL(&look_back->shared, visit, link);
	look_back->waiting_count++;
	return true;
}

static bool
want(struct peer_source *source, const struct ipaddr *address, const char *name)
{
	struct look_back *look_back = (struct look_back *)source;
	const int64_t now = (int64_t)time(NULL);
	struct visit *visit = NULL;
	bool asks_others;

	if (!may_look(look_back, address))
		return false;
	/* Whose finding would have to make room for this one would be looked at again too soon. */
	if (peer_memory_get(look_back->memory, address, now, NULL)
	    || peer_store_is_full(store_of(look_back), now))
		return true;
	(void)pthread_mutex_lock(&look_back->lock);
	if (look_back->waiting_count < BOUND_PEERS_WAITING && !is_under_way(look_back, address))
		visit = new_visit(look_back, address, name);
	asks_others = visit != NULL && add_wanted(look_back, visit);
	(void)pthread_mutex_unlock(&look_back->lock);
	if (asks_others)
		ask_others(look_back, visit);
	return true;
}

static bool
known(struct peer_source *source, const struct ipaddr *address, struct peer *peer)
{
	return peer_memory_get(((struct look_back *)source)->memory, address, (int64_t)time(NULL), peer);
}

struct visit *
look_back_begin(struct look_back *look_back, const struct ipaddr *address, const char *name, int tls_max)
{
	struct visit *visit = new_visit(look_back, address, name);

	if (visit == NULL)
		return NULL;
	visit->is_by_hand = visit->is_awaited = true;
	visit->tls_max = tls_max;
	(void)pthread_mutex_lock(&look_back->lock);
	add_visit(look_back, visit);
	(void)pthread_mutex_unlock(&look_back->lock);
	return visit;
}

bool
look_back_end(struct visit *visit, struct peer *peer, unsigned timeout_ms)
{
	const struct timespec deadline = clock_deadline(timeout_ms);
	struct look_back *look_back = visit->look_back;
	bool is_over;

	(void)pthread_mutex_lock(&look_back->lock);
	while (!visit->is_over
	       && pthread_cond_timedwait(&look_back->has_ended, &look_back->lock, &deadline) != ETIMEDOUT)
		continue;
	is_over = visit->is_over;
	if (is_over) {
		*peer = visit->peer;
		TAILQ_INSERT_TAIL(&look_back->over, visit, link);
	}
	visit->is_awaited = false; /* then its own end frees it */
	(void)pthread_mutex_unlock(&look_back->lock);
	wake_up(look_back);
	return is_over;
}

void
look_back_settle(struct look_back *look_back, unsigned timeout_ms)
{
	const struct timespec deadline = clock_deadline(timeout_ms);

	(void)pthread_mutex_lock(&look_back->lock);
	while (look_back->waiting_count + look_back->active_count > 0
	       && pthread_cond_timedwait(&look_back->has_ended, &look_back->lock, &deadline) == 0)
		continue;
	(void)pthread_mutex_unlock(&look_back->lock);
}

size_t
look_back_forget(struct look_back *look_back, const struct ipaddr *address)
{
	return peer_memory_forget(look_back->memory, address);
}

struct look_back_look
look_back_look(struct look_back *look_back)
{
	struct look_back_look look = { .known = peer_store_count(store_of(look_back)) };

	(void)pthread_mutex_lock(&look_back->lock);
	look.waiting = look_back->waiting_count;
	look.active = look_back->active_count;
	(void)pthread_mutex_unlock(&look_back->lock);
	return look;
}

struct peer_source *
look_back_source(struct look_back *look_back)
{
	return &look_back->source;
}

/* Beginning and end. */

static bool
set_up_events(struct look_back *look_back)
{
	const struct timeval often = { .tv_sec = SAVE_EVERY_S };

	look_back->base = event_base_new();
	look_back->wake_up_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (look_back->base == NULL || look_back->wake_up_fd < 0)
		return false;
	look_back->wake_up = event_new(look_back->base, look_back->wake_up_fd, EV_READ | EV_PERSIST,
				       on_wake_up, look_back);
	look_back->tick = event_new(look_back->base, -1, 0, on_tick, look_back);
	look_back->save = event_new(look_back->base, -1, EV_PERSIST, on_save, look_back);
	return look_back->wake_up != NULL && look_back->tick != NULL && look_back->save != NULL
	       && event_add(look_back->wake_up, NULL) == 0 && event_add(look_back->save, &often) == 0;
}

/* What is known, and what was used of the limits. */
static void
take_over(struct look_back *look_back, struct look_back *previous)
{
	const char *file = look_back->settings.file;
	struct error error;

	if (previous != NULL)
		peer_memory_take(look_back->memory, previous->memory);
	else if (file != NULL && !peer_store_load(store_of(look_back), file, (int64_t)time(NULL), &error))
		log_warning("what was known of mail servers is missing: %s", error.text);
}

struct look_back *
look_back_new(const struct look_back_settings *settings, struct dns_resolver *resolver,
	      struct look_back *previous, struct error *error)
{
	struct look_back *look_back = calloc(1, sizeof *look_back);

	error_set(error, "the thread that looks at mail servers cannot start");
	if (look_back == NULL || !clock_init_condition(&look_back->has_ended)) {
		free(look_back);
		return NULL;
	}
	(void)pthread_mutex_init(&look_back->lock, NULL);
	own_addresses_init(&look_back->own);
	look_back->source = (struct peer_source){ .known = known, .want = want };
	look_back->settings = *settings;
	look_back->resolver = resolver;
	TAILQ_INIT(&look_back->shared);
	TAILQ_INIT(&look_back->waiting);
	TAILQ_INIT(&look_back->asking);
	TAILQ_INIT(&look_back->ready);
	TAILQ_INIT(&look_back->running);
	TAILQ_INIT(&look_back->over);
	look_back->wake_up_fd = -1;
	look_back->tls = smtp_visit_tls();
	if (settings->memory == NULL)
		look_back->own_memory = peer_memory_new(0);
	look_back->memory = settings->memory != NULL ? settings->memory : look_back->own_memory;
	if (look_back->tls != NULL && look_back->memory != NULL && set_up_events(look_back)) {
		if (look_back->own_memory != NULL)
			take_over(look_back, previous);
		look_back->has_thread = thread_start(&look_back->thread, run_loop, look_back);
	}
	if (look_back->has_thread)
		return look_back;
	look_back_free(look_back);
	return NULL;
}

static void
free_all(struct visit_list *visits)
{
	struct visit *visit;

	while ((visit = TAILQ_FIRST(visits)) != NULL) {
		TAILQ_REMOVE(visits, visit, link);
		free_visit(visit);
	}
}

static void
stop_thread(struct look_back *look_back)
{
	(void)pthread_mutex_lock(&look_back->lock);
	look_back->is_stopping = true;
	(void)pthread_mutex_unlock(&look_back->lock);
	wake_up(look_back);
	(void)pthread_join(look_back->thread, NULL);
	look_back_save(look_back);
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
look_back_free(struct look_back *look_back)
{
	if (look_back == NULL)
		return;
	if (look_back->has_thread)
		stop_thread(look_back);
	free_all(&look_back->waiting);
	free_all(&look_back->ready);
	free_all(&look_back->running);
	free_all(&look_back->over);
	free_event(look_back->wake_up);
	free_event(look_back->tick);
	free_event(look_back->save);
	if (look_back->base != NULL)
		event_base_free(look_back->base);
	SSL_CTX_free(look_back->tls);
	peer_memory_free(look_back->own_memory);
	own_addresses_clear(&look_back->own);
	release(look_back); /* questions to the DNS end it later, if there are any */
}
