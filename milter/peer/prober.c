#include "heloscope/peer/prober.h"

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
#include "heloscope/peer/dane.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/ipaddr_scope.h"
#include "heloscope/base/log.h"
#include "heloscope/base/own_addresses.h"
#include "heloscope/peer/store.h"
#include "heloscope/peer/smtp_probe.h"
#include "heloscope/base/thread.h"

#define CONNECT_MS 20000
#define NETWORK_PER_HOUR 10 /* probes of one /24 or /48 */
#define NETWORK_SLOTS 4096
#define SAVE_EVERY_S 600
#define MINUTE_MS 60000U
#define BURST_MS 10000U /* of what was not used is kept for later */
#define HOUR_MS 3600000U

/* A host that is to be looked at. */
struct probe {
	TAILQ_ENTRY(probe) link;
	struct prober *prober;
	struct ipaddr address;
	char name[DOMAIN_SIZE];
	int tls_max;
	bool is_by_hand; /* of prober_begin(): what is found is not kept */
	bool is_awaited; /* by prober_end(), which frees it; guarded by the lock */
	bool is_over;
	struct dns_answer *tlsa;
	struct smtp_probe *smtp;
	struct peer peer; /* once it is over */
};

TAILQ_HEAD(probe_list, probe);

/* Probes of a network within an hour. Networks that share a slot share its budget, too. */
struct budget {
	uint64_t since_ms;
	unsigned count;
};

/* What has been used of the limits. */
struct usage {
	uint64_t tokens_ms; /* up to which time all that may begin has begun */
	struct budget budgets[NETWORK_SLOTS];
};

struct prober {
	struct peer_source source; /* first, so that one pointer serves for both */
	struct prober_settings settings;
	struct dns_resolver *resolver;
	struct peer_store *store;
	struct own_addresses own;
	SSL_CTX *tls;
	struct event_base *base;
	struct event *wake_up, *tick, *save;
	int wake_up_fd;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t has_ended;
	unsigned references; /* the owner's, and one for each question to the DNS */
	bool is_stopping;
	struct probe_list waiting; /* for their turn */
	struct probe_list asking;  /* the DNS for TLSA records */
	struct probe_list ready;   /* to connect */
	struct probe_list running;
	struct probe_list over;             /* to be freed outside of their callbacks */
	size_t waiting_count, active_count; /* active: asking, ready and running */
	struct usage usage;
};

static void
wake_up(const struct prober *prober)
{
	(void)eventfd_write(prober->wake_up_fd, 1);
}

/* Give back one reference and the lock. */
static void
release(struct prober *prober)
{
	const bool is_last = --prober->references == 0;

	(void)pthread_mutex_unlock(&prober->lock);
	if (!is_last)
		return;
	if (prober->wake_up_fd >= 0)
		(void)close(prober->wake_up_fd);
	(void)pthread_cond_destroy(&prober->has_ended);
	(void)pthread_mutex_destroy(&prober->lock);
	free(prober);
}

static void
free_probe(struct probe *probe)
{
	smtp_probe_free(probe->smtp);
	dns_answer_free(probe->tlsa);
	free(probe);
}

/* A running probe has ended. Whoever waits frees it, else the event loop. */
static void
end(struct probe *probe, const struct peer *peer)
{
	struct prober *prober = probe->prober;

	(void)pthread_mutex_lock(&prober->lock);
	probe->peer = *peer;
	probe->is_over = true;
	TAILQ_REMOVE(&prober->running, probe, link);
	prober->active_count--;
	if (!probe->is_awaited)
		TAILQ_INSERT_TAIL(&prober->over, probe, link);
	(void)pthread_cond_broadcast(&prober->has_ended);
	wake_up(prober); /* locked: whoever waits may free the prober next */
	(void)pthread_mutex_unlock(&prober->lock);
}

/* Running probes: the event loop's thread. */

/* For those whom a postmaster asks why we came. */
static void
log_look(const struct probe *probe, const struct peer *peer)
{
	const bool answers = peer->outcome == PEER_ANSWERS;
	char address[IPADDR_TEXT_SIZE];

	log_info("looked at %s (%s), port %u: %s%s%s%s%s", ipaddr_format(&probe->address, address),
		 probe->name[0] != '\0' ? probe->name : "no name", probe->prober->settings.port,
		 peer_outcome_word(peer->outcome), answers ? ", STARTTLS " : "",
		 answers ? peer_starttls_word(peer->starttls) : "", answers ? ", DANE " : "",
		 answers ? peer_dane_word(peer->dane) : "");
}

static void
take_peer(void *context, const struct peer *peer)
{
	struct probe *probe = context;

	if (!probe->is_by_hand) {
		peer_store_put(probe->prober->store, &probe->address, peer);
		log_look(probe, peer);
	}
	end(probe, peer);
}

static void
connect_to(struct prober *prober, struct probe *probe)
{
	const struct smtp_probe_order order = {
		.address = probe->address,
		.port = prober->settings.port,
		.name = probe->name,
		.tlsa = probe->tlsa,
		.ehlo_name = prober->settings.ehlo_name,
		.why = prober->settings.why,
		.connect_ms =
			CONNECT_MS < prober->settings.timeout_ms ? CONNECT_MS : prober->settings.timeout_ms,
		.total_ms = prober->settings.timeout_ms,
		.tls_max = probe->tls_max,
		.tls = prober->tls,
	};

	probe->smtp = smtp_probe_new(prober->base, &order, take_peer, probe);
	/* Without descriptors or memory nothing was found out, and nothing is kept. */
	if (probe->smtp == NULL)
		end(probe, &(struct peer){ .outcome = PEER_UNREACHABLE });
}

/* TLSA records. */

static void
take_tlsa(void *context, struct dns_answer *answer)
{
	struct probe *probe = context;
	struct prober *prober = probe->prober;

	(void)pthread_mutex_lock(&prober->lock);
	if (prober->is_stopping) {
		dns_answer_free(answer);
		free_probe(probe);
	} else {
		probe->tlsa = answer;
		TAILQ_REMOVE(&prober->asking, probe, link);
		TAILQ_INSERT_TAIL(&prober->ready, probe, link);
		wake_up(prober);
	}
	release(prober);
}

static void
ask_for_tlsa(struct prober *prober, struct probe *probe)
{
	char name[DOMAIN_SIZE];
	bool is_asked;

	(void)pthread_mutex_lock(&prober->lock);
	prober->references++;
	TAILQ_INSERT_TAIL(&prober->asking, probe, link);
	(void)pthread_mutex_unlock(&prober->lock);
	is_asked = probe->name[0] != '\0' && dane_record_name(probe->name, prober->settings.port, name)
		   && prober->resolver->ask(prober->resolver, name, DNS_TLSA, take_tlsa, probe);
	if (!is_asked)
		take_tlsa(probe, NULL);
}

/* The order of things. */

/* Whether the rate lets one more begin; takes its share. The prober is locked. */
static bool
take_token(struct prober *prober)
{
	const unsigned rate = prober->settings.per_minute;
	const uint64_t now_ms = clock_now_ms(), cost_ms = rate > 0 ? MINUTE_MS / rate : 0;
	const uint64_t kept_ms = cost_ms > BURST_MS ? cost_ms : BURST_MS;

	if (prober->usage.tokens_ms + kept_ms < now_ms)
		prober->usage.tokens_ms = now_ms - kept_ms;
	if (prober->usage.tokens_ms + cost_ms > now_ms)
		return false;
	prober->usage.tokens_ms += cost_ms;
	return true;
}

/* The next probe whose turn it is, or NULL. */
static struct probe *
next_probe(struct prober *prober)
{
	struct probe *probe;

	(void)pthread_mutex_lock(&prober->lock);
	probe = TAILQ_FIRST(&prober->waiting);
	if (probe != NULL && (prober->active_count >= prober->settings.at_a_time || !take_token(prober)))
		probe = NULL;
	if (probe != NULL) {
		TAILQ_REMOVE(&prober->waiting, probe, link);
		prober->waiting_count--;
		prober->active_count++;
	}
	(void)pthread_mutex_unlock(&prober->lock);
	return probe;
}

/* The first of `from`, moved to `to` unless that is NULL; NULL when there is none. */
static struct probe *
take_first(struct prober *prober, struct probe_list *from, struct probe_list *to)
{
	struct probe *probe;

	(void)pthread_mutex_lock(&prober->lock);
	probe = TAILQ_FIRST(from);
	if (probe != NULL) {
		TAILQ_REMOVE(from, probe, link);
		if (to != NULL)
			TAILQ_INSERT_TAIL(to, probe, link);
	}
	(void)pthread_mutex_unlock(&prober->lock);
	return probe;
}

static void
on_wake_up(evutil_socket_t fd, short what, void *context)
{
	const struct timeval soon = { .tv_usec = 200000 };
	struct prober *prober = context;
	struct probe *probe;
	eventfd_t count;
	bool is_stopping, is_waiting;

	(void)what;
	(void)eventfd_read(fd, &count);
	while ((probe = take_first(prober, &prober->over, NULL)) != NULL)
		free_probe(probe);
	(void)pthread_mutex_lock(&prober->lock);
	is_stopping = prober->is_stopping;
	(void)pthread_mutex_unlock(&prober->lock);
	if (is_stopping) {
		(void)event_base_loopbreak(prober->base);
		return;
	}
	while ((probe = next_probe(prober)) != NULL)
		ask_for_tlsa(prober, probe);
	while ((probe = take_first(prober, &prober->ready, &prober->running)) != NULL)
		connect_to(prober, probe);
	(void)pthread_mutex_lock(&prober->lock);
	is_waiting = prober->waiting_count > 0;
	(void)pthread_mutex_unlock(&prober->lock);
	if (is_waiting)
		(void)event_add(prober->tick, &soon);
}

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	wake_up(context);
}

void
prober_save(struct prober *prober)
{
	struct error error;

	if (prober->settings.file != NULL
	    && !peer_store_save(prober->store, prober->settings.file, (int64_t)time(NULL), &error))
		log_warning("what is known of mail servers is not kept: %s", error.text);
}

static void
on_save(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	prober_save(context);
}

static void *
run_loop(void *context)
{
	struct prober *prober = context;

	(void)event_base_dispatch(prober->base);
	return NULL;
}

/* What is wanted. */

static bool
is_in(const struct probe_list *probes, const struct ipaddr *address)
{
	const struct probe *probe;

	for (probe = TAILQ_FIRST(probes); probe != NULL; probe = TAILQ_NEXT(probe, link))
		if (ipaddr_equals(&probe->address, address))
			return true;
	return false;
}

/* Whether the network of the address has had its share of this hour; takes one more. The prober is locked. */
static bool
take_budget(struct prober *prober, const struct ipaddr *address)
{
	const struct span network = { (const char *)address->octets, address->length == 4 ? 3 : 6 };
	struct budget *budget = &prober->usage.budgets[hash_of(network) % NETWORK_SLOTS];
	const uint64_t now_ms = clock_now_ms();

	if (prober->settings.per_minute == 0)
		return true;
	if (now_ms - budget->since_ms > HOUR_MS)
		*budget = (struct budget){ .since_ms = now_ms };
	if (budget->count >= NETWORK_PER_HOUR)
		return false;
	budget->count++;
	return true;
}

static bool
may_look(struct prober *prober, const struct ipaddr *address)
{
	if (network_set_contains(&prober->settings.trusted, address))
		return false;
	return prober->settings.per_minute == 0 || network_set_contains(&prober->settings.allowed, address)
	       || (ipaddr_scope(address) == SCOPE_WORLD && !own_addresses_contain(&prober->own, address));
}

static struct probe *
new_probe(struct prober *prober, const struct ipaddr *address, const char *name)
{
	struct probe *probe = calloc(1, sizeof *probe);

	if (probe == NULL)
		return NULL;
	probe->prober = prober;
	probe->address = *address;
	(void)snprintf(probe->name, sizeof probe->name, "%s", name);
	return probe;
}

/* The prober is locked. */
static void
add_probe(struct prober *prober, struct probe *probe)
{
	TAILQ_INSERT_TAIL(&prober->waiting, probe, link);
	prober->waiting_count++;
	wake_up(prober);
}

static bool
want(struct peer_source *source, const struct ipaddr *address, const char *name)
{
	struct prober *prober = (struct prober *)source;
	const int64_t now = (int64_t)time(NULL);
	struct probe *probe;

	if (!may_look(prober, address))
		return false;
	/* Whose finding would have to make room for this one would be looked at again too soon. */
	if (peer_store_get(prober->store, address, now, NULL) || peer_store_is_full(prober->store, now))
		return true;
	(void)pthread_mutex_lock(&prober->lock);
	if (prober->waiting_count < BOUND_PEERS_WAITING && !is_in(&prober->waiting, address)
	    && !is_in(&prober->asking, address) && !is_in(&prober->ready, address)
	    && !is_in(&prober->running, address) && take_budget(prober, address)
	    && (probe = new_probe(prober, address, name)) != NULL)
		add_probe(prober, probe);
	(void)pthread_mutex_unlock(&prober->lock);
	return true;
}

static bool
known(struct peer_source *source, const struct ipaddr *address, struct peer *peer)
{
	return peer_store_get(((struct prober *)source)->store, address, (int64_t)time(NULL), peer);
}

struct probe *
prober_begin(struct prober *prober, const struct ipaddr *address, const char *name, int tls_max)
{
	struct probe *probe = new_probe(prober, address, name);

	if (probe == NULL)
		return NULL;
	probe->is_by_hand = probe->is_awaited = true;
	probe->tls_max = tls_max;
	(void)pthread_mutex_lock(&prober->lock);
	add_probe(prober, probe);
	(void)pthread_mutex_unlock(&prober->lock);
	return probe;
}

bool
prober_end(struct probe *probe, struct peer *peer, unsigned timeout_ms)
{
	const struct timespec deadline = clock_deadline(timeout_ms);
	struct prober *prober = probe->prober;
	bool is_over;

	(void)pthread_mutex_lock(&prober->lock);
	while (!probe->is_over
	       && pthread_cond_timedwait(&prober->has_ended, &prober->lock, &deadline) != ETIMEDOUT)
		continue;
	is_over = probe->is_over;
	if (is_over) {
		*peer = probe->peer;
		TAILQ_INSERT_TAIL(&prober->over, probe, link);
	}
	probe->is_awaited = false; /* then its own end frees it */
	(void)pthread_mutex_unlock(&prober->lock);
	wake_up(prober);
	return is_over;
}

void
prober_settle(struct prober *prober, unsigned timeout_ms)
{
	const struct timespec deadline = clock_deadline(timeout_ms);

	(void)pthread_mutex_lock(&prober->lock);
	while (prober->waiting_count + prober->active_count > 0
	       && pthread_cond_timedwait(&prober->has_ended, &prober->lock, &deadline) == 0)
		continue;
	(void)pthread_mutex_unlock(&prober->lock);
}

struct peer_source *
prober_source(struct prober *prober)
{
	return &prober->source;
}

/* Beginning and end. */

static bool
set_up_events(struct prober *prober)
{
	const struct timeval often = { .tv_sec = SAVE_EVERY_S };

	prober->base = event_base_new();
	prober->wake_up_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (prober->base == NULL || prober->wake_up_fd < 0)
		return false;
	prober->wake_up =
		event_new(prober->base, prober->wake_up_fd, EV_READ | EV_PERSIST, on_wake_up, prober);
	prober->tick = event_new(prober->base, -1, 0, on_tick, prober);
	prober->save = event_new(prober->base, -1, EV_PERSIST, on_save, prober);
	return prober->wake_up != NULL && prober->tick != NULL && prober->save != NULL
	       && event_add(prober->wake_up, NULL) == 0 && event_add(prober->save, &often) == 0;
}

/* What is known, and what was used of the limits. */
static void
take_over(struct prober *prober, struct prober *previous)
{
	const char *file = prober->settings.file;
	struct error error;

	if (previous != NULL) {
		peer_store_take(prober->store, previous->store);
		(void)pthread_mutex_lock(&previous->lock);
		prober->usage = previous->usage;
		(void)pthread_mutex_unlock(&previous->lock);
	} else if (file != NULL && !peer_store_load(prober->store, file, (int64_t)time(NULL), &error)) {
		log_warning("what was known of mail servers is missing: %s", error.text);
	}
}

struct prober *
prober_new(const struct prober_settings *settings, struct dns_resolver *resolver, struct prober *previous,
	   struct error *error)
{
	struct prober *prober = calloc(1, sizeof *prober);

	error_set(error, "the thread that looks at mail servers cannot start");
	if (prober == NULL || !clock_init_condition(&prober->has_ended)) {
		free(prober);
		return NULL;
	}
	(void)pthread_mutex_init(&prober->lock, NULL);
	own_addresses_init(&prober->own);
	prober->source = (struct peer_source){ .known = known, .want = want };
	prober->references = 1;
	prober->settings = *settings;
	prober->resolver = resolver;
	TAILQ_INIT(&prober->waiting);
	TAILQ_INIT(&prober->asking);
	TAILQ_INIT(&prober->ready);
	TAILQ_INIT(&prober->running);
	TAILQ_INIT(&prober->over);
	prober->wake_up_fd = -1;
	prober->tls = smtp_probe_tls();
	prober->store = peer_store_new(BOUND_PEERS);
	if (prober->tls != NULL && prober->store != NULL && set_up_events(prober)) {
		take_over(prober, previous);
		prober->has_thread = thread_start(&prober->thread, run_loop, prober);
	}
	if (prober->has_thread)
		return prober;
	prober_free(prober);
	return NULL;
}

static void
free_all(struct probe_list *probes)
{
	struct probe *probe;

	while ((probe = TAILQ_FIRST(probes)) != NULL) {
		TAILQ_REMOVE(probes, probe, link);
		free_probe(probe);
	}
}

static void
stop_thread(struct prober *prober)
{
	(void)pthread_mutex_lock(&prober->lock);
	prober->is_stopping = true;
	(void)pthread_mutex_unlock(&prober->lock);
	wake_up(prober);
	(void)pthread_join(prober->thread, NULL);
	prober_save(prober);
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	if (prober->has_thread)
		stop_thread(prober);
	free_all(&prober->waiting);
	free_all(&prober->ready);
	free_all(&prober->running);
	free_all(&prober->over);
	free_event(prober->wake_up);
	free_event(prober->tick);
	free_event(prober->save);
	if (prober->base != NULL)
		event_base_free(prober->base);
	SSL_CTX_free(prober->tls);
	peer_store_free(prober->store);
	own_addresses_clear(&prober->own);
	(void)pthread_mutex_lock(&prober->lock);
	release(prober); /* questions to the DNS end it later, if there are any */
}
