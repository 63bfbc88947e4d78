#include "heloscope/checks/arrivals.h"

#include <errno.h>
#include <stdlib.h>

#include "heloscope/checks/under_way.h"

bool
arrivals_leave(struct request *request, struct dns_answer *answer)
{
	struct inquiry *inquiry = request->inquiry;
	struct arrivals *arrivals = &inquiry->arrivals;
	bool is_to_schedule;

	under_way_end(&inquiry->facts.client.address, request->is_of_list);
	request->answer = answer;
	(void)pthread_mutex_lock(&arrivals->lock);
	request->next = NULL;
	if (arrivals->first != NULL)
		arrivals->last->next = request;
	else
		arrivals->first = request;
	arrivals->last = request;
	is_to_schedule = !arrivals->is_scheduled;
	arrivals->is_scheduled = true;
	if (is_to_schedule) /* as long as the request, which has one, cannot be taken */
		refcount_take(&inquiry->references);
	(void)pthread_mutex_unlock(&arrivals->lock);
	return is_to_schedule;
}

void
arrivals_begin_run(struct inquiry *inquiry)
{
	(void)pthread_mutex_lock(&inquiry->arrivals.lock);
	inquiry->arrivals.is_scheduled = false;
	(void)pthread_mutex_unlock(&inquiry->arrivals.lock);
}

/* The arrivals are locked. */
static bool
are_left(const struct arrivals *arrivals)
{
	return arrivals->first != NULL && !arrivals->is_scheduled;
}

bool
arrivals_are_left(struct inquiry *inquiry)
{
	bool left;

	(void)pthread_mutex_lock(&inquiry->arrivals.lock);
	left = are_left(&inquiry->arrivals);
	(void)pthread_mutex_unlock(&inquiry->arrivals.lock);
	return left;
}

/*
 * Too large, as any that is larger than what is read, where only the domain that it is about can have filled
 * the room. What others may have filled (other readings of the sender, lists, keys of other signatures, the
 * rest of the session) is withheld.
 */
enum dns_status
arrivals_without_room(const struct inquiry *inquiry, size_t check, bool is_of_list, size_t octets)
{
	return is_of_list || !inquiry_has_room(inquiry, octets) || inquiry->facts.other != NULL
			       || inquiry_is_fed(inquiry, check)
		       ? DNS_NO_ROOM
		       : DNS_TOO_LARGE;
}

void
arrivals_keep(struct inquiry *inquiry, struct lookup *lookup, struct dns_answer *answer)
{
	if (answer == NULL || inquiry_charge_answer(inquiry, lookup->check, answer->octets)) {
		lookup->answer = answer;
		return;
	}
	lookup->lacks =
		(uint8_t)arrivals_without_room(inquiry, lookup->check, lookup->is_of_list, answer->octets);
	dns_answer_free(answer);
}

/* Nobody waits for it any more when it has no lookup. */
static void
take(struct inquiry *inquiry, struct request *request)
{
	if (request->lookup != NULL) {
		request->lookup->request = NULL;
		arrivals_keep(inquiry, request->lookup, request->answer);
	} else {
		dns_answer_free(request->answer);
	}
	free(request);
	inquiry_release(inquiry); /* not the last: who takes has one */
}

bool
arrivals_take(struct inquiry *inquiry)
{
	struct request *request;
	bool has_any;

	(void)pthread_mutex_lock(&inquiry->arrivals.lock);
	request = inquiry->arrivals.first;
	inquiry->arrivals.first = NULL;
	(void)pthread_mutex_unlock(&inquiry->arrivals.lock);
	has_any = request != NULL;
	while (request != NULL) {
		struct request *next = request->next;

		take(inquiry, request);
		request = next;
	}
	return has_any;
}

void
arrivals_tell(struct inquiry *inquiry)
{
	(void)pthread_mutex_lock(&inquiry->arrivals.lock);
	inquiry->arrivals.has_news = true;
	(void)pthread_cond_signal(&inquiry->arrivals.condition);
	(void)pthread_mutex_unlock(&inquiry->arrivals.lock);
}

/* From the look at what is there to the wait nobody can tell unseen: the arrivals stay locked. */
bool
arrivals_wait(struct inquiry *inquiry, const struct timespec *deadline)
{
	struct arrivals *arrivals = &inquiry->arrivals;
	bool is_in_time = true;

	(void)pthread_mutex_lock(&arrivals->lock);
	(void)pthread_mutex_unlock(&inquiry->lock);
	while (is_in_time && !arrivals->has_news && !are_left(arrivals))
		is_in_time =
			pthread_cond_timedwait(&arrivals->condition, &arrivals->lock, deadline) != ETIMEDOUT;
	arrivals->has_news = false;
	(void)pthread_mutex_unlock(&arrivals->lock);
	(void)pthread_mutex_lock(&inquiry->lock);
	return is_in_time;
}
