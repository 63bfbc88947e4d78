/* What checks ask, once each, and how the answers come to them. */
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/running.h"
#include "heloscope/checks/under_way.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/hash.h"

static const struct dns_answer timed_out = { .status = DNS_TIMEOUT };
static const struct dns_answer refused = { .status = DNS_TOO_MANY };
static const struct dns_answer too_late = { .status = DNS_NO_TIME };
static const struct dns_answer failed = { .status = DNS_NO_MEMORY };

/* An answer has come, or NULL for want of memory. It is kept when there is room for it. */
static void
keep_answer(struct inquiry *inquiry, struct lookup *lookup, struct dns_answer *answer)
{
	lookup->is_too_much =
		answer != NULL && !inquiry_charge_answer(inquiry, lookup->check, answer->octets);
	if (lookup->is_too_much)
		dns_answer_free(answer);
	else
		lookup->answer = answer;
}

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct request *request = context;
	struct inquiry *inquiry = request->inquiry;
	bool is_to_run;

	(void)pthread_mutex_lock(&inquiry->lock);
	if (request->lookup != NULL) {
		keep_answer(inquiry, request->lookup, answer);
		request->lookup->request = NULL;
		answer = NULL;
	}
	is_to_run = request->lookup != NULL && !inquiry->is_scheduled && !inquiry->is_complete
		    && !inquiry->is_over;
	if (is_to_run) {
		inquiry->is_scheduled = true;
		refcount_take(&inquiry->references);
	}
	dns_answer_free(answer);
	free(request);
	under_way_end(&inquiry->facts.client.address);
	(void)pthread_mutex_unlock(&inquiry->lock);
	inquiry_release(inquiry);
	/* The scheduled run holds a reference of its own. */
	if (is_to_run)
		inquiry->needs.resolver->after_answers(inquiry->needs.resolver, inquiry_run_scheduled,
						       inquiry);
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

static bool
may_ask(const struct inquiry *inquiry, size_t list)
{
	return list == NO_LIST
	       || list_health_may_ask(inquiry->needs.health, list, &inquiry->facts.client.address,
				      clock_now_ms());
}

/* Send it to the resolver. False when it cannot be asked. */
static bool
request(struct inquiry *inquiry, struct lookup *lookup)
{
	struct dns_resolver *resolver = inquiry->needs.resolver;
	struct request *request = malloc(sizeof *request);

	if (request == NULL)
		return false;
	*request = (struct request){ .inquiry = inquiry, .lookup = lookup };
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

	if (resolver->known != NULL)
		known = resolver->known(resolver, lookup->name, (enum dns_type)lookup->type);
	if (known != NULL) {
		keep_answer(inquiry, lookup, known);
		return true;
	}
	if (!under_way_begin(client, list != NO_LIST)) {
		lookup->is_too_much = true;
		lookup->is_withheld = list == NO_LIST;
		return true;
	}
	lookup->is_too_much = !may_ask(inquiry, list);
	if (!lookup->is_too_much && list != NO_LIST)
		lookup->paid_list = (uint32_t)list + 1;
	if (!lookup->is_too_much && request(inquiry, lookup))
		return true;
	under_way_end(client);
	return lookup->is_too_much;
}

/* A question that is not asked, for the client has too much asked: what the check finds hides what the answer
 * would have shown. Of a list its finding tells so. */
static const struct dns_answer *
withhold(struct inquiry *inquiry)
{
	inquiry->reading->withheld |= 1U << inquiry->needs.table.checks[inquiry->running]->method;
	return &refused;
}

/* What is known of a question that was asked; NULL while its answer is awaited. */
static const struct dns_answer *
what_came(struct inquiry *inquiry, const struct lookup *lookup)
{
	if (lookup->answer != NULL)
		return lookup->answer;
	if (lookup->is_withheld)
		return withhold(inquiry);
	if (lookup->is_too_much)
		return &refused;
	if (lookup->request == NULL)
		return &failed; /* memory ran out when the answer came */
	return inquiry->has_expired ? &timed_out : NULL;
}

/* A new lookup, not sent yet; NULL when there is no memory. */
static struct lookup *
add_lookup(struct inquiry *inquiry, struct stage_state *state, const char *name, enum dns_type type,
	   uint32_t hash)
{
	const size_t size = strlen(name) + 1;
	struct lookup *lookup = arena_alloc(&state->arena, offsetof(struct lookup, name) + size);

	if (lookup == NULL)
		return NULL;
	lookup->next = state->lookups;
	lookup->type = (uint16_t)type;
	lookup->hash = hash;
	lookup->check = (uint8_t)inquiry->running;
	memcpy(lookup->name, name, size);
	state->lookups = lookup;
	state->count++;
	return lookup;
}

static const struct dns_answer *
ask(struct inquiry *inquiry, enum stage stage, const char *name, enum dns_type type, size_t list)
{
	const uint32_t hash = (uint32_t)hash_of(span_of(name));
	struct stage_state *state = &inquiry->stages[stage];
	struct lookup *lookup = find_lookup(inquiry, stage, name, type, hash);

	if (lookup != NULL)
		return what_came(inquiry, lookup);
	if (inquiry->has_expired)
		return &too_late;
	if (state->count >= BOUND_QUESTIONS_A_STAGE)
		return list == NO_LIST ? withhold(inquiry) : &refused;
	if (!inquiry_charge(inquiry, inquiry->running, sizeof *lookup + strlen(name) + 1))
		return &refused;
	lookup = add_lookup(inquiry, state, name, type, hash);
	if (lookup == NULL || !send_question(inquiry, lookup, list))
		return &failed;
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

void
inquiry_accepted(struct inquiry *inquiry)
{
	(void)pthread_mutex_lock(&inquiry->lock);
	for (int stage = 0; stage < STAGES; stage++) {
		for (struct lookup *lookup = inquiry->stages[stage].lookups; lookup != NULL;
		     lookup = lookup->next) {
			if (lookup->paid_list != 0)
				list_health_give_back(inquiry->needs.health, lookup->paid_list - 1,
						      &inquiry->facts.client.address);
			lookup->paid_list = 0;
		}
	}
	(void)pthread_mutex_unlock(&inquiry->lock);
}
