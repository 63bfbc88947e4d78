#include "heloscope/share/orders.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"

/* An order. */

/* With a NUL behind it; NULL when memory ran out, or at NULL. */
static char *
copy_of(struct span text)
{
	char *copy = text.at != NULL ? malloc(text.length + 1) : NULL;

	if (copy == NULL)
		return NULL;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	return copy;
}

struct order *
order_new(enum order_kind kind, struct span text)
{
	struct order *order = calloc(1, sizeof *order);

	if (order == NULL)
		return NULL;
	order->kind = kind;
	order->asked_ms = clock_now_ms();
	order->text = copy_of(text);
	order->length = text.length;
	if (text.at == NULL || order->text != NULL)
		return order;
	free(order);
	return NULL;
}

void
order_free(struct order *order)
{
	free(order->text);
	free(order);
}

void
order_keep(struct order *order, struct span text)
{
	order->has_first = true;
	order->text = copy_of(text);
	order->length = text.length;
}

static void
tell(struct order *order, enum share_asked how, struct span value, int64_t ttl_ms)
{
	if (order->take == NULL)
		return;
	counter_add(&share_counts.asked[how], 1);
	order->take(order->context, value, ttl_ms);
	order->take = NULL;
}

void
order_answer_nothing(struct order *order, enum share_asked how)
{
	tell(order, how, (struct span){ NULL, 0 }, 0);
}

/* A value that stays for ever was not written by us. */
void
order_answer(struct order *order, int64_t ttl_ms)
{
	const struct span value = { order->text, order->length };

	if (order->text != NULL && order->length > 0 && order->length <= SHARE_VALUE_MAX && ttl_ms > 0)
		tell(order, SHARE_ASKED_KNOWN, value, ttl_ms);
	else
		order_answer_nothing(order, SHARE_ASKED_UNKNOWN);
}

bool
order_is_late(const struct order *order)
{
	return clock_now_ms() - order->asked_ms >= SHARE_ASK_MS;
}

/* Those that wait. */

void
orders_init(struct orders *orders)
{
	*orders = (struct orders){ .record_count = 0 };
	STAILQ_INIT(&orders->records);
	STAILQ_INIT(&orders->asked);
	(void)pthread_mutex_init(&orders->lock, NULL);
}

void
orders_clear(struct orders *orders)
{
	struct order *order;

	(void)orders_refuse(orders, SHARE_ASKED_DOWN);
	while ((order = STAILQ_FIRST(&orders->records)) != NULL) {
		STAILQ_REMOVE_HEAD(&orders->records, link);
		counter_add(&share_counts.dropped, 1);
		order_free(order);
	}
	(void)pthread_mutex_destroy(&orders->lock);
}

/* The orders are locked. */
static bool
add_record(struct orders *orders, struct order *order)
{
	if (orders->record_count >= BOUND_SHARE_RECORDS
	    || orders->record_octets + order->length > BOUND_SHARE_OCTETS)
		return false;
	STAILQ_INSERT_TAIL(&orders->records, order, link);
	orders->record_count++;
	orders->record_octets += order->length;
	return true;
}

/* The same. */
static bool
add_asked(struct orders *orders, struct order *order)
{
	if (orders->asked_count >= BOUND_SHARE_ASKED)
		return false;
	STAILQ_INSERT_TAIL(&orders->asked, order, link);
	orders->asked_count++;
	return true;
}

bool
orders_add(struct orders *orders, struct order *order)
{
	const bool is_record = order != NULL && order->kind == ORDER_APPEND;
	bool is_taken;

	if (order == NULL)
		return false;
	(void)pthread_mutex_lock(&orders->lock);
	is_taken = is_record ? add_record(orders, order) : add_asked(orders, order);
	(void)pthread_mutex_unlock(&orders->lock);
	if (is_taken)
		return true;
	if (is_record)
		counter_add(&share_counts.dropped, 1);
	order_free(order);
	return false;
}

struct order *
orders_next(struct orders *orders)
{
	struct order *order;

	(void)pthread_mutex_lock(&orders->lock);
	order = STAILQ_FIRST(&orders->asked);
	if (order != NULL) {
		STAILQ_REMOVE_HEAD(&orders->asked, link);
		orders->asked_count--;
	} else if ((order = STAILQ_FIRST(&orders->records)) != NULL) {
		STAILQ_REMOVE_HEAD(&orders->records, link);
		orders->record_count--;
		orders->record_octets -= order->length;
	}
	(void)pthread_mutex_unlock(&orders->lock);
	return order;
}

void
orders_take_back(struct orders *orders, struct order_list *sent)
{
	struct order_list again = STAILQ_HEAD_INITIALIZER(again);
	struct order *order;
	size_t count = 0, octets = 0;

	while ((order = STAILQ_FIRST(sent)) != NULL) {
		STAILQ_REMOVE_HEAD(sent, link);
		if (order->kind == ORDER_APPEND) {
			STAILQ_INSERT_TAIL(&again, order, link);
			count++;
			octets += order->length;
		} else {
			order_answer_nothing(order, SHARE_ASKED_DOWN);
			order_free(order);
		}
	}
	(void)pthread_mutex_lock(&orders->lock);
	STAILQ_CONCAT(&again, &orders->records);
	STAILQ_CONCAT(&orders->records, &again);
	orders->record_count += count;
	orders->record_octets += octets;
	(void)pthread_mutex_unlock(&orders->lock);
}

bool
orders_refuse(struct orders *orders, enum share_asked how)
{
	struct order_list refused = STAILQ_HEAD_INITIALIZER(refused);
	struct order *order;
	bool has_others;

	(void)pthread_mutex_lock(&orders->lock);
	while ((order = STAILQ_FIRST(&orders->asked)) != NULL
	       && (how != SHARE_ASKED_LATE || order_is_late(order))) {
		STAILQ_REMOVE_HEAD(&orders->asked, link);
		STAILQ_INSERT_TAIL(&refused, order, link);
		orders->asked_count--;
	}
	has_others = order != NULL;
	(void)pthread_mutex_unlock(&orders->lock);
	while ((order = STAILQ_FIRST(&refused)) != NULL) {
		STAILQ_REMOVE_HEAD(&refused, link);
		order_answer_nothing(order, how);
		order_free(order);
	}
	return has_others;
}

size_t
orders_records(struct orders *orders)
{
	size_t count;

	(void)pthread_mutex_lock(&orders->lock);
	count = orders->record_count;
	(void)pthread_mutex_unlock(&orders->lock);
	return count;
}
