/* What checks ask, once each, and how the answers come to them. */
#include "heloscope/checks/arrivals.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/running.h"
#include "heloscope/checks/under_way.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/hash.h"

#define LATE_PART 10 /* of the time of a wait: what is asked behind it is late */

/* The answers to what has none. */
/* clang-format off */
#define LACKING_ROWS(ROW) \
	ROW(DNS_TIMEOUT) \
	ROW(DNS_TOO_LARGE) \
	ROW(DNS_SENDER_UNREAD) \
	ROW(DNS_TOO_MANY_OF_MESSAGE) \
	ROW(DNS_TOO_MANY_OF_CLIENT) \
	ROW(DNS_TOO_MANY_OF_NETWORK) \
	ROW(DNS_TOO_MANY_OF_PROVIDER) \
	ROW(DNS_TOO_MANY_OF_ALL) \
	ROW(DNS_BUDGET_OF_CLIENT) \
	ROW(DNS_BUDGET_OF_NETWORK) \
	ROW(DNS_NO_ROOM) \
	ROW(DNS_HELD_UP) \
	ROW(DNS_NO_TIME) \
	ROW(DNS_NO_MEMORY)
/* clang-format on */
#define LACKING_ANSWER(STATUS) static const struct dns_answer lacks_##STATUS = { .status = (STATUS) };
LACKING_ROWS(LACKING_ANSWER)
#define LACKING_POINTER(STATUS) [STATUS] = &lacks_##STATUS,
static const struct dns_answer *const lacking[DNS_STATUSES] = { LACKING_ROWS(LACKING_POINTER) };

/* How long a list took, and whether it gave an answer. */
static void
count_of_list(const struct request *request, const struct dns_answer *answer)
{
	struct tally *tally = list_health_tally(request->inquiry->needs.health, request->list);

	histogram_note(&tally->took, (uint32_t)clock_now_ms() - request->asked_ms);
	if (answer == NULL || dns_status_is_fault(answer->status))
		counter_add(&tally->counters[LIST_TALLY_FAULTS], 1);
}

/* An answer has come. Who takes it is another's business, lest this thread wait. */
static void
take_answer(void *context, struct dns_answer *answer)
{
	struct request *request = context;
	struct inquiry *inquiry = request->inquiry;
	struct dns_resolver *resolver = inquiry->needs.resolver;

	if (request->is_of_list)
		count_of_list(request, answer);
	if (arrivals_leave(request, answer))
		resolver->after_answers(resolver, inquiry_run_scheduled, inquiry);
}

static struct lookup *
find_lookup(const struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type,
	    uint32_t hash)
{
	for (int earlier = 0; earlier <= (int)stage; earlier++)
		for (struct lookup *lookup = inquiry->stages[earlier].lookups; lookup != NULL;
		     lookup = lookup->next)
			if (lookup->hash == hash && lookup->type == (uint16_t)type
			    && strcmp(lookup->name, name) == 0)
				return lookup;
	return NULL;
}

#define NO_LIST SIZE_MAX

/* DNS_NOERROR, or why not. */
static enum dns_status
may_ask(const struct inquiry *inquiry, size_t list)
{
	return list == NO_LIST ? DNS_NOERROR
			       : list_health_may_ask(inquiry->needs.health, list,
						     &inquiry->facts.client.address, clock_now_ms());
}

/* Send it to the resolver. False when it cannot be asked. */
static bool
request(struct inquiry *inquiry, struct lookup *lookup, size_t list)
{
	struct dns_resolver *resolver = inquiry->needs.resolver;
	struct request *request = malloc(sizeof *request);

	if (request == NULL)
		return false;
	*request = (struct request){ .inquiry = inquiry,
				     .lookup = lookup,
				     .is_of_list = lookup->is_of_list,
				     .list = list,
				     .asked_ms = lookup->asked_ms };
	lookup->request = request;
	refcount_take(&inquiry->references);
	if (resolver->ask(resolver, lookup->name, (enum dns_type)lookup->type, take_answer, request))
		return true;
	inquiry_release(inquiry); /* not the last: who asks has one */
	lookup->request = NULL;
	free(request);
	return false;
}

/* Have it answered: at once when the answer is known. False when it cannot be asked. */
static bool
send_question(struct inquiry *inquiry, struct lookup *lookup, size_t list)
{
	struct dns_resolver *resolver = inquiry->needs.resolver;
	const struct ipaddr *client = &inquiry->facts.client.address;
	struct dns_answer *known = NULL;
	bool is_sent = false;

	if (resolver->known != NULL)
		known = resolver->known(resolver, lookup->name, (enum dns_type)lookup->type);
	if (known != NULL) {
		arrivals_keep(inquiry, lookup, known);
		return true;
	}
	lookup->lacks = (uint8_t)under_way_begin(client, lookup->is_of_list);
	if (lookup->lacks != DNS_NOERROR)
		return true;
	lookup->lacks = (uint8_t)may_ask(inquiry, list);
	if (lookup->lacks == DNS_NOERROR) {
		lookup->paid_list = lookup->is_of_list ? (uint32_t)list + 1 : 0;
		is_sent = request(inquiry, lookup, list);
	}
	if (!is_sent)
		under_way_end(client, lookup->is_of_list);
	return is_sent || lookup->lacks != DNS_NOERROR;
}

/* The answer to a question that has none. One that is withheld hides what it would have shown: of a list its
 * finding tells so, else the facts do with the check's method. */
static const struct dns_answer *
lack(struct inquiry *inquiry, enum dns_status status, bool is_of_list)
{
	const enum method method = inquiry->needs.table.checks[inquiry->running]->method;

	if (!is_of_list && dns_status_is_withheld(status))
		inquiry->reading->withheld[method] = status;
	return lacking[status];
}

/*
 * What there is when no time is left. Other readings of the sender are looked up behind the first, and names
 * of the author behind keys of signatures: a client can hold those up with names of its own. What is lacking
 * then is withheld, lest a slow name make unknown what another one would be refused for.
 */
static const struct dns_answer *
too_late(struct inquiry *inquiry, enum dns_status status, bool is_of_list)
{
	if (inquiry->reading_index > 0)
		return lack(inquiry, DNS_SENDER_UNREAD, is_of_list);
	if (status == DNS_NO_TIME && inquiry->stage >= STAGE_HEADER
	    && inquiry_is_fed(inquiry, inquiry->running))
		return lack(inquiry, DNS_HELD_UP, is_of_list);
	return lacking[status];
}

/* Whether it was asked so late, behind the answers to others, that it had not the whole of the time. */
static bool
is_late(const struct inquiry *inquiry, const struct lookup *lookup)
{
	const int32_t behind_ms = (int32_t)(lookup->asked_ms - inquiry->wait_began_ms);

	return behind_ms > (int32_t)(inquiry->wait_ms / LATE_PART);
}

/* What is known of a question that was asked; NULL while its answer is awaited. */
static const struct dns_answer *
what_came(struct inquiry *inquiry, const struct lookup *lookup)
{
	if (lookup->answer != NULL)
		return lookup->answer;
	if (lookup->lacks != DNS_NOERROR)
		return lack(inquiry, (enum dns_status)lookup->lacks, lookup->is_of_list);
	if (lookup->request == NULL)
		return lacking[DNS_NO_MEMORY]; /* it ran out when the answer came */
	if (!inquiry->has_expired)
		return NULL;
	return too_late(inquiry, is_late(inquiry, lookup) ? DNS_NO_TIME : DNS_TIMEOUT, lookup->is_of_list);
}

/* A new lookup, not sent yet; NULL when there is no memory. */
static struct lookup *
add_lookup(struct inquiry *inquiry, struct stage_state *state, const char *name, enum dns_type type,
	   uint32_t hash, bool is_of_list)
{
	const size_t size = strlen(name) + 1;
	struct lookup *lookup = arena_alloc(&state->arena, offsetof(struct lookup, name) + size);

	if (lookup == NULL)
		return NULL;
	lookup->next = state->lookups;
	lookup->type = (uint16_t)type;
	lookup->hash = hash;
	lookup->asked_ms = (uint32_t)clock_now_ms();
	lookup->check = (uint8_t)inquiry->running;
	lookup->is_of_list = is_of_list;
	memcpy(lookup->name, name, size);
	state->lookups = lookup;
	state->count++;
	return lookup;
}

static const struct dns_answer *
ask(struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type, size_t list)
{
	const uint32_t hash = (uint32_t)hash_of(span_of(name));
	const size_t octets = sizeof(struct lookup) + strlen(name) + 1;
	const bool is_of_list = list != NO_LIST;
	struct stage_state *state = &inquiry->stages[stage];
	struct lookup *lookup = find_lookup(inquiry, stage, name, type, hash);

	if (lookup != NULL)
		return what_came(inquiry, lookup);
	if (inquiry->has_expired)
		return too_late(inquiry, DNS_NO_TIME, is_of_list);
	if (state->count >= BOUND_QUESTIONS_A_STAGE)
		return lack(inquiry, DNS_TOO_MANY_OF_MESSAGE, is_of_list);
	if (!inquiry_charge(inquiry, inquiry->running, octets))
		return lack(inquiry, arrivals_without_room(inquiry, inquiry->running, is_of_list, octets),
			    is_of_list);
	lookup = add_lookup(inquiry, state, name, type, hash, is_of_list);
	if (lookup == NULL || !send_question(inquiry, lookup, list))
		return lacking[DNS_NO_MEMORY];
	return what_came(inquiry, lookup);
}

const struct dns_answer *
inquiry_ask(struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type)
{
	return ask(inquiry, stage, name, type, NO_LIST);
}

const struct dns_answer *
inquiry_ask_list(struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type, size_t list)
{
	return ask(inquiry, stage, name, type, list);
}

const struct dns_answer *
inquiry_lack_reading(struct inquiry *inquiry)
{
	return lack(inquiry, DNS_SENDER_UNREAD, false);
}

void
inquiry_accepted(struct inquiry *inquiry)
{
	inquiry_lock(inquiry);
	for (int stage = 0; stage < STAGES; stage++) {
		for (struct lookup *lookup = inquiry->stages[stage].lookups; lookup != NULL;
		     lookup = lookup->next) {
			if (lookup->paid_list != 0)
				list_health_give_back(inquiry->needs.health, lookup->paid_list - 1,
						      &inquiry->facts.client.address);
			lookup->paid_list = 0;
		}
	}
	inquiry_unlock(inquiry);
}
