/*
 * share_orders: what is left with a share, and waits to be sent: records, and what is asked, each with an end
 * (BOUND_SHARE_*).
 *
 * Only share/ includes this. The queues are any thread's; an order, and a list of them, is one thread's.
 */
#ifndef HELOSCOPE_SHARE_ORDERS_H
#define HELOSCOPE_SHARE_ORDERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "heloscope/base/must_use.h"
#include "heloscope/share/counts.h"
#include "heloscope/share/server.h"
#include "heloscope/share/value.h"

enum order_kind {
	ORDER_APPEND, /* a record */
	ORDER_PUT,    /* a value */
	ORDER_GET,    /* a question for one, with two answers: what it is, and for how long */
	ORDER_KEEP,   /* the stream, for another while */
	ORDER_MEASURE /* the stream */
};

struct order {
	STAILQ_ENTRY(order) link;
	enum order_kind kind;
	char key[SHARE_KEY_SIZE];
	char *text; /* of a question: what was answered so far */
	size_t length;
	unsigned ttl_s;
	bool has_first;    /* of the two answers */
	share_taker *take; /* of a question; NULL once it was called */
	void *context;
	uint64_t asked_ms;
};

STAILQ_HEAD(order_list, order);

/* Without a text: at NULL. NULL when memory ran out. */
struct order *order_new(enum order_kind kind, struct span text) MUST_USE;
void order_free(struct order *order);

/* Keep the first answer to a question. */
void order_keep(struct order *order, struct span text);

/* Call whoever has asked, once: with what was kept, if it may be one of our values; or with nothing. */
void order_answer(struct order *order, int64_t ttl_ms);
void order_answer_nothing(struct order *order, enum share_asked how);

/* Whether it is a question that is not answered after SHARE_ASK_MS. */
bool order_is_late(const struct order *order);

struct orders {
	pthread_mutex_t lock; /* guards all below */
	struct order_list records, asked;
	size_t record_count, record_octets, asked_count;
};

void orders_init(struct orders *orders);

/* Records that are left are lost, and counted as that; whoever has asked is told. */
void orders_clear(struct orders *orders);

/* Takes an order, which may be NULL. False, with it freed, when there is no room; a record is counted then.
 */
bool orders_add(struct orders *orders, struct order *order);

/* The next to be sent, or NULL: what is asked before records. */
struct order *orders_next(struct orders *orders) MUST_USE;

/* Take all of a list: records in front of the others, in their order; the others are let go of. */
void orders_take_back(struct orders *orders, struct order_list *sent);

/* Let go of what is asked, all of it or, for SHARE_ASKED_LATE, what is late. Whether there is more. */
bool orders_refuse(struct orders *orders, enum share_asked how);

size_t orders_records(struct orders *orders);

#endif
