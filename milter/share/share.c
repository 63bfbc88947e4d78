#include "heloscope/share/share.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/log.h"
#include "heloscope/base/refcount.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/base/thread.h"
#include "heloscope/base/seldom.h"
#include "heloscope/share/commands.h"
#include "heloscope/share/counts.h"
#include "heloscope/share/link.h"
#include "heloscope/share/orders.h"

#define END_WITHIN_MS 1000
#define UNDER_WAY_MAX 128        /* commands that are not answered */
#define STREAM_TTL_S (7 * 86400) /* what nobody appends to goes: no name stays there for ever */
#define KEEP_EVERY_MS 3600000
#define MEASURE_EVERY_S 60

struct share {
	struct share_settings settings; /* with these strings: */
	char *server, *password_file, *prefix;
	struct refcount references;
	pthread_t thread;
	struct orders orders;
	pthread_mutex_t lock; /* guards the three below */
	bool is_woken, is_stopping;
	struct share_look look;

	/* The thread's own. */
	struct event_base *base;
	struct event *wake_up, *late, *measure, *end;
	int wake_up_fd;
	struct share_link *to_server;
	struct share_commands commands;
	struct order_list sent; /* in the order in which they are answered */
	size_t sent_count;      /* commands */
	struct seldom told;     /* why it is away */
	bool is_away_told;      /* and not that it is back */
	uint64_t kept_ms;
	bool is_kept;        /* the stream was told then for how long it is to stay */
	bool has_tried_last; /* to connect, since it is to end */
};

/* Sending. */

static void
send_orders(struct share *share)
{
	struct order *order;

	while (share_link_is_ready(share->to_server) && share->sent_count < UNDER_WAY_MAX
	       && (order = orders_next(&share->orders)) != NULL) {
		STAILQ_INSERT_TAIL(&share->sent, order, link);
		share->sent_count += share_commands_of(order->kind);
		share_commands_send(&share->commands, order); /* or the link is down, and it was taken back */
	}
}

/* Leaving orders. */

static void
wake_up(struct share *share)
{
	(void)pthread_mutex_lock(&share->lock);
	if (!share->is_woken)
		(void)eventfd_write(share->wake_up_fd, 1);
	share->is_woken = true;
	(void)pthread_mutex_unlock(&share->lock);
}

/* An order about a value; NULL when memory ran out. */
static struct order *
value_order(enum order_kind kind, const struct share *share, const char *what, struct span text)
{
	struct order *order = order_new(kind, text);

	if (order != NULL)
		share_key(share->settings.prefix, what, order->key);
	return order;
}

/* False, with the order freed, when there is no room. */
static bool
leave(struct share *share, struct order *order)
{
	const bool is_taken = orders_add(&share->orders, order);

	if (is_taken)
		wake_up(share);
	return is_taken;
}

static void
keep_stream(struct share *share)
{
	struct order *order = order_new(ORDER_KEEP, (struct span){ NULL, 0 });

	if (order != NULL)
		order->ttl_s = STREAM_TTL_S;
	(void)leave(share, order);
}

/* How much nobody has collected yet. */
static void
measure_stream(struct share *share)
{
	if (share_link_is_ready(share->to_server))
		(void)leave(share, order_new(ORDER_MEASURE, (struct span){ NULL, 0 }));
}

/* What the link tells. */

static void
on_ready(void *context)
{
	struct share *share = context;

	(void)pthread_mutex_lock(&share->lock);
	share->look.is_connected = true;
	(void)pthread_mutex_unlock(&share->lock);
	send_orders(share);
	measure_stream(share);
}

/* That it does its work again, not only that it answers. */
static void
tell_of_return(struct share *share)
{
	if (share->is_away_told)
		log_info("share redis %s: works again", share->settings.server);
	share->is_away_told = false;
}

static void
note_appended(struct share *share)
{
	const uint64_t now_ms = clock_now_ms();

	counter_add(&share_counts.records, 1);
	if (share->is_kept && now_ms - share->kept_ms < KEEP_EVERY_MS)
		return;
	share->is_kept = true;
	share->kept_ms = now_ms;
	keep_stream(share);
}

static void
note_measured(struct share *share, int64_t length)
{
	(void)pthread_mutex_lock(&share->lock);
	share->look.stream_records = length > 0 ? (uint64_t)length : 0;
	(void)pthread_mutex_unlock(&share->lock);
}

static void
on_answer(void *context, struct span text, int64_t number)
{
	struct share *share = context;
	struct order *order = STAILQ_FIRST(&share->sent);

	if (order == NULL)
		return;
	if (order->kind == ORDER_APPEND && text.at == NULL) { /* which is told where it is */
		share_link_end(share->to_server, "WRONGTYPE: another program uses the name of the stream");
		return;
	}
	share->sent_count--;
	if (order->kind == ORDER_GET && !order->has_first) {
		order_keep(order, text);
		return;
	}
	STAILQ_REMOVE_HEAD(&share->sent, link);
	if (order->kind == ORDER_GET)
		order_answer(order, number);
	else if (order->kind == ORDER_APPEND)
		note_appended(share);
	else if (order->kind == ORDER_MEASURE)
		note_measured(share, number);
	if (order->kind != ORDER_MEASURE) /* which is answered while nothing else is */
		tell_of_return(share);
	order_free(order);
	send_orders(share);
}

/* Once a minute, and whenever the reason is another. */
static void
tell_of_loss(struct share *share, const char *reason)
{
	if (!seldom_is_due(&share->told, strcmp(reason, share->look.reason) != 0))
		return;
	share->is_away_told = true;
	log_warning("share redis %s: %s; mail goes on without it, and it is tried again",
		    share->settings.server, reason);
}

static void
on_down(void *context, const char *reason)
{
	struct share *share = context;
	char memory[sizeof share->look.reason] = "";
	struct strbuf shown = STRBUF_OVER(memory);

	counter_add(&share_counts.downs, 1);
	share->is_kept = false; /* it may be another when it comes again */
	orders_take_back(&share->orders, &share->sent);
	share->sent_count = 0;
	(void)orders_refuse(&share->orders, SHARE_ASKED_DOWN);
	strbuf_add_escaped(&shown, span_of(reason), sizeof memory); /* the server's words, perhaps */
	tell_of_loss(share, memory);
	(void)pthread_mutex_lock(&share->lock);
	share->look.is_connected = false;
	memcpy(share->look.reason, memory, sizeof memory);
	(void)pthread_mutex_unlock(&share->lock);
}

/* The loop. */

static bool
is_stopping(struct share *share)
{
	bool is_it;

	(void)pthread_mutex_lock(&share->lock);
	is_it = share->is_stopping;
	(void)pthread_mutex_unlock(&share->lock);
	return is_it;
}

/* Whether nothing is left that the server would take: it is tried once more before that is so. */
static bool
is_done(struct share *share)
{
	if (orders_records(&share->orders) == 0 && share->sent_count == 0)
		return true;
	if (!share_link_is_down(share->to_server))
		return false;
	if (!share->has_tried_last)
		share_link_hurry(share->to_server);
	share->has_tried_last = true;
	return share_link_is_down(share->to_server);
}

/* Of questions that were sent; the answers are passed over when they come. Whether there are others. */
static bool
answer_late(struct share *share)
{
	bool has_others = false;
	struct order *order;

	for (order = STAILQ_FIRST(&share->sent); order != NULL; order = STAILQ_NEXT(order, link)) {
		if (order->kind == ORDER_GET && order_is_late(order))
			order_answer_nothing(order, SHARE_ASKED_LATE);
		has_others = has_others || (order->kind == ORDER_GET && order->take != NULL);
	}
	return has_others;
}

/* Look again soon, while there are questions that may become late, or it is to end. */
static void
look_after(struct share *share)
{
	const struct timeval soon = { .tv_usec = SHARE_ASK_MS * 1000 / 4 };
	const bool has_sent = answer_late(share), has_asked = orders_refuse(&share->orders, SHARE_ASKED_LATE);

	if (is_stopping(share) && is_done(share))
		(void)event_base_loopbreak(share->base);
	else if (has_sent || has_asked || is_stopping(share))
		(void)event_add(share->late, &soon);
}

static void
on_late(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	look_after(context);
}

/* What was left meanwhile, and whether it is to end. */
static void
on_wake_up(evutil_socket_t fd, short what, void *context)
{
	const struct timeval last = { .tv_sec = END_WITHIN_MS / 1000 };
	struct share *share = context;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(fd, &count);
	(void)pthread_mutex_lock(&share->lock);
	share->is_woken = false;
	(void)pthread_mutex_unlock(&share->lock);
	if (share_link_is_ready(share->to_server))
		send_orders(share);
	else
		(void)orders_refuse(&share->orders, SHARE_ASKED_DOWN);
	if (is_stopping(share))
		(void)event_add(share->end, &last);
	look_after(share);
}

static void
on_measure(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	measure_stream(context);
}

static void
on_end(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)event_base_loopbreak(((struct share *)context)->base);
}

static void *
run(void *context)
{
	struct share *share = context;

	(void)event_base_dispatch(share->base);
	return NULL;
}

/* Orders of others. */

void
share_append(struct share *share, struct span record)
{
	struct order *order = order_new(ORDER_APPEND, record);

	if (order == NULL)
		counter_add(&share_counts.dropped, 1);
	(void)leave(share, order);
}

void
share_put(struct share *share, const char *what, struct span value, unsigned ttl_s)
{
	struct order *order =
		value.length <= SHARE_VALUE_MAX ? value_order(ORDER_PUT, share, what, value) : NULL;

	if (order != NULL)
		order->ttl_s = ttl_s;
	(void)leave(share, order);
}

bool
share_get(struct share *share, const char *what, share_taker *take, void *context)
{
	struct order *order = value_order(ORDER_GET, share, what, (struct span){ NULL, 0 });

	if (order == NULL)
		return false;
	order->take = take;
	order->context = context;
	return leave(share, order);
}

struct share_look
share_look(struct share *share)
{
	struct share_look look;

	(void)pthread_mutex_lock(&share->lock);
	look = share->look;
	(void)pthread_mutex_unlock(&share->lock);
	look.waiting = orders_records(&share->orders);
	return look;
}

/* Beginning and end. */

static bool
set_up(struct share *share)
{
	const struct share_link_user user = { on_ready, on_answer, on_down, share };
	const struct timeval now_and_then = { .tv_sec = MEASURE_EVERY_S };

	share->base = event_base_new();
	share->wake_up_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (share->base == NULL || share->wake_up_fd < 0)
		return false;
	share->wake_up = event_new(share->base, share->wake_up_fd, EV_READ | EV_PERSIST, on_wake_up, share);
	share->late = event_new(share->base, -1, 0, on_late, share);
	share->measure = event_new(share->base, -1, EV_PERSIST, on_measure, share);
	share->end = event_new(share->base, -1, 0, on_end, share);
	share->to_server = share_link_new(share->base, &share->settings, &user);
	share->commands.to_server = share->to_server;
	return share->wake_up != NULL && share->late != NULL && share->measure != NULL && share->end != NULL
	       && share->to_server != NULL && event_add(share->wake_up, NULL) == 0
	       && event_add(share->measure, &now_and_then) == 0;
}

static void
free_events(struct share *share)
{
	struct event *const events[] = { share->wake_up, share->late, share->measure, share->end };

	share_link_free(share->to_server);
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	if (share->base != NULL)
		event_base_free(share->base);
	if (share->wake_up_fd >= 0)
		(void)close(share->wake_up_fd);
}

/* Records that nobody took are lost; whoever has asked is told. */
static void
clear(struct share *share)
{
	free_events(share);
	orders_take_back(&share->orders, &share->sent);
	if (orders_records(&share->orders) > 0)
		log_warning(
			"share redis %s: it did not take the last %zu records of this host: they are not in the site's log",
			share->settings.server, orders_records(&share->orders));
	orders_clear(&share->orders);
	(void)pthread_mutex_destroy(&share->lock);
	free(share->server);
	free(share->password_file);
	free(share->prefix);
	free(share);
}

/* Whether there was memory for it. */
static bool
copy_settings(struct share *share, const struct share_settings *settings)
{
	const bool has_password = settings->password_file != NULL;

	share->server = strdup(settings->server);
	share->prefix = strdup(settings->prefix);
	share->password_file = has_password ? strdup(settings->password_file) : NULL;
	share->settings = (struct share_settings){ .server = share->server,
						   .password_file = share->password_file,
						   .prefix = share->prefix,
						   .stream_length = settings->stream_length };
	return share->server != NULL && share->prefix != NULL
	       && (share->password_file != NULL) == has_password;
}

struct share *
share_new(const struct share_settings *settings, struct error *error)
{
	struct share *share = calloc(1, sizeof *share);

	error_set(error, "the thread that shares with other hosts cannot start");
	if (share == NULL)
		return NULL;
	share->commands.settings = &share->settings;
	share_key(settings->prefix, SHARE_RECORDS, share->commands.records_key);
	share->wake_up_fd = -1;
	orders_init(&share->orders);
	STAILQ_INIT(&share->sent);
	(void)pthread_mutex_init(&share->lock, NULL);
	if (copy_settings(share, settings) && set_up(share) && thread_start(&share->thread, run, share))
		return share;
	clear(share);
	return NULL;
}

struct share *
share_ref(struct share *share)
{
	refcount_take(&share->references);
	return share;
}

void
share_unref(struct share *share)
{
	if (share == NULL || !refcount_drop(&share->references))
		return;
	(void)pthread_mutex_lock(&share->lock);
	share->is_stopping = true;
	(void)pthread_mutex_unlock(&share->lock);
	wake_up(share);
	(void)pthread_join(share->thread, NULL);
	clear(share);
}
