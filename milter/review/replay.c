#include "heloscope/review/replay.h"

#include <string.h>

#include "heloscope/checks/arc.h"
#include "heloscope/lists/dnslist.h"

#define REPLAY_LISTS_MAX 64 /* more are rarely configured; then all is unknown */

/* Which results the rules ask for and were not found. */
static void
note_lacking(struct replay *replay)
{
	const struct facts *facts = &replay->facts;
	const bool is_null = facts->sender.mailbox.form == MAILBOX_NULL;

	for (int method = 0; method < METHODS; method++)
		/* SPF of the null sender is that of HELO; lists are missed one by one. */
		if (facts->results[method] == RESULT_UNCHECKED
		    && config_wants(replay->config, (enum method)method) && method != METHOD_DNSBL
		    && method != METHOD_DNSWL && !(method == METHOD_SPF && is_null))
			replay->lacks_methods |= 1U << method;
}

/* Lists. */

static bool
is_asked_of(const struct replay *replay, const struct list *list, enum list_subject subject)
{
	const struct facts *facts = &replay->facts;

	if (list->is_left_out || (list->subjects & 1U << subject) == 0
	    || !config_wants(replay->config, facts_list_method(list->is_allow)))
		return false;
	switch (subject) {
	case LIST_CLIENT:
		return facts->client.address.length > 0 && !dnslist_is_private(&facts->client.address)
		       && list_takes_family(list, facts->client.address.length);
	case LIST_PTR:
		return facts->iprev.verified != NULL || (replay->lacks_methods & 1U << METHOD_IPREV) != 0;
	case LIST_HELO:
		return facts->helo.name[0] != '\0';
	default:
		return facts->sender.domain[0] != '\0';
	}
}

static const struct list_finding *
find_then(const struct list_facts *lists, const struct list *list)
{
	for (size_t i = 0; i < lists->count; i++)
		if (lists->findings[i].is_allow == list->is_allow
		    && strcmp(lists->findings[i].zone, list->shown) == 0)
			return &lists->findings[i];
	return NULL;
}

/* Whether one of the answers of then counts as listed now. */
static bool
is_listed_now(const struct list_finding *then, const struct list *list, struct list_finding *finding)
{
	for (size_t i = 0; i < then->count; i++)
		if (dnslist_counts(list, then->answers[i]))
			finding->answers[finding->count++] = then->answers[i];
	return finding->count > 0;
}

/* What `list` said then, as it counts now. What was not asked then stands as a fault, to which replay_judge()
 * gives each state in turn. */
static struct list_finding
judge_finding(const struct list_finding *then, const struct list *list)
{
	struct list_finding finding = {
		.zone = list->shown,
		.operator= list->operator,
		.group = list->group,
		.asked = "",
		.is_allow = list->is_allow,
		.weight = list->weight,
	};

	if (then == NULL || then->state == LIST_FAULT) {
		finding.state = LIST_FAULT;
		finding.fault = then == NULL ? LIST_FAULT_UNASKED : then->fault;
		finding.status = then != NULL ? then->status : DNS_NOERROR;
	} else if (is_listed_now(then, list, &finding)) {
		finding.state = LIST_LISTED;
	}
	return finding;
}

static void
judge_lists(struct replay *replay, struct arena *arena)
{
	const struct list_set *lists = &replay->config->lists;

	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		const struct list_facts then = replay->facts.lists[subject];
		struct list_facts *facts = &replay->facts.lists[subject];

		facts->count = 0;
		facts->findings = arena_alloc(arena, (lists->count + 1) * sizeof *facts->findings);
		for (size_t i = 0; i < lists->count && facts->findings != NULL; i++) {
			const struct list *list = &lists->items[i];
			struct list_finding *finding = &facts->findings[facts->count];

			if (!is_asked_of(replay, list, (enum list_subject)subject))
				continue;
			*finding = judge_finding(find_then(&then, list), list);
			replay->lacks_lists = replay->lacks_lists || finding->fault == LIST_FAULT_UNASKED;
			facts->count++;
		}
	}
	replay->facts.results[METHOD_DNSBL] = facts_list_result(&replay->facts, false);
	replay->facts.results[METHOD_DNSWL] = facts_list_result(&replay->facts, true);
}

/* Whom the configuration trusts now; the sealers of then stay as they were. */
static void
judge_sealers(struct replay *replay, struct arena *arena)
{
	struct arc_facts *arc = &replay->facts.arc;
	const struct arc_sealer *then = arc->sealers;

	arc->sealers = arena_alloc(arena, (arc->count + 1) * sizeof *arc->sealers);
	if (arc->sealers == NULL) {
		arc->count = 0;
		return;
	}
	if (arc->count > 0)
		memcpy(arc->sealers, then, arc->count * sizeof *then);
	check_arc_trust(arc, replay->config);
}

/*
 * What the filter would know now of what was found then. It looks into no client that it trusts, but reads
 * its sender as any other's.
 */
static struct facts
known_now(const struct facts *then, const struct config *config, bool is_trusted)
{
	struct facts facts = *then;

	if (is_trusted)
		facts = (struct facts){ .client = then->client, .helo = then->helo, .sender = then->sender };
	facts.client.is_trusted = is_trusted;
	facts.other = NULL;
	for (int method = 0; method < METHODS; method++)
		if (!config_wants(config, (enum method)method))
			facts.results[method] = RESULT_UNCHECKED;
	if (!config_wants(config, METHOD_IPREV))
		facts.iprev = (struct iprev_facts){ 0 };
	return facts;
}

bool
replay_begin(const struct facts *facts, const struct config *config, struct arena *arena,
	     struct replay *replay)
{
	const bool is_trusted = config_trusts(config, &facts->client.address);

	for (;; facts = facts->other, replay = replay->other) {
		*replay = (struct replay){ .config = config, .facts = known_now(facts, config, is_trusted) };
		if (!is_trusted) {
			note_lacking(replay);
			judge_lists(replay, arena);
			judge_sealers(replay, arena);
		}
		if (facts->other == NULL)
			return !arena->has_failed;
		replay->other = arena_alloc(arena, sizeof *replay->other);
		if (replay->other == NULL)
			return false;
	}
}

/* What is found now. */

static const struct list_finding *
find_now(const struct list_facts *lists, const char *zone)
{
	for (size_t i = 0; i < lists->count; i++)
		if (strcmp(lists->findings[i].zone, zone) == 0 && lists->findings[i].state != LIST_FAULT)
			return &lists->findings[i];
	return NULL;
}

static void
complete_lists(struct replay *replay, const struct facts *facts)
{
	replay->lacks_lists = false;
	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		struct list_facts *lists = &replay->facts.lists[subject];

		for (size_t i = 0; i < lists->count; i++) {
			const struct list_finding *now =
				find_now(&facts->lists[subject], lists->findings[i].zone);

			if (lists->findings[i].fault != LIST_FAULT_UNASKED)
				continue;
			if (now != NULL)
				lists->findings[i] = *now;
			else
				replay->lacks_lists = true;
		}
	}
}

static void
complete_reading(struct replay *replay, const struct facts *facts)
{
	for (int method = 0; method < METHODS; method++) {
		if ((replay->lacks_methods & 1U << method) == 0 || facts->results[method] == RESULT_TEMPERROR)
			continue;
		replay->facts.results[method] = facts->results[method];
		replay->lacks_methods &= ~(1U << method);
		if (method == METHOD_IPREV)
			replay->facts.iprev = facts->iprev;
	}
	complete_lists(replay, facts);
	replay->is_complete = true;
}

void
replay_complete(struct replay *replay, const struct facts *facts)
{
	for (; replay != NULL && facts != NULL; replay = replay->other, facts = facts->other)
		complete_reading(replay, facts);
}

/* Judging. */

static struct verdict
judge(const struct replay *replay, const struct facts *facts, const struct readings *recipient)
{
	if (facts->client.is_authenticated && replay->config->trusts_authenticated)
		return (struct verdict){ .facts = facts, .action = ACTION_ACCEPT, .is_enforced = true };
	return policy_judge(replay->config, facts, recipient);
}

/* Give what was not asked then a state, in a copy of the findings. */
static void
suppose_lists(struct facts *facts, enum list_state state, struct list_finding *memory)
{
	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		struct list_facts *lists = &facts->lists[subject];

		for (size_t i = 0; i < lists->count; i++) {
			memory[i] = lists->findings[i];
			if (memory[i].fault == LIST_FAULT_UNASKED)
				memory[i].state = state;
		}
		lists->findings = memory;
		memory += lists->count;
	}
	facts->results[METHOD_DNSBL] = facts_list_result(facts, false);
	facts->results[METHOD_DNSWL] = facts_list_result(facts, true);
}

static void
suppose_results(struct facts *facts, unsigned methods, enum result result)
{
	for (int method = 0; method < METHODS; method++)
		if ((methods & 1U << method) != 0)
			facts->results[method] = result;
}

/* Whether some rule asks for reverse DNS names that were not looked up then: any could have been found. */
static bool
lacks_names(const struct replay *replay)
{
	return (replay->lacks_methods & 1U << METHOD_IPREV) != 0 && replay->config->asks_client_name;
}

static bool
judge_reading(const struct replay *replay, const struct readings *recipient, struct verdict *verdict)
{
	static const enum list_state states[] = { LIST_NOT_LISTED, LIST_LISTED };
	static const enum result results[] = { RESULT_NONE,     RESULT_PASS,     RESULT_FAIL,
					       RESULT_NEUTRAL,  RESULT_SOFTFAIL, RESULT_PERMERROR,
					       RESULT_TEMPERROR };
	struct list_finding memory[LIST_SUBJECTS * REPLAY_LISTS_MAX];
	const size_t list_choices = replay->lacks_lists ? 2 : 1;
	const size_t result_choices = replay->lacks_methods != 0 ? sizeof results / sizeof results[0] : 1;
	bool is_known = !lacks_names(replay);

	if (list_choices == 1 && result_choices == 1) {
		*verdict = judge(replay, &replay->facts, recipient);
		return is_known;
	}
	if (replay->config->lists.count > REPLAY_LISTS_MAX)
		return false;
	for (size_t i = 0; i < list_choices; i++) {
		for (size_t j = 0; j < result_choices; j++) {
			struct facts supposed = replay->facts;
			struct verdict other;

			suppose_lists(&supposed, states[i], memory);
			suppose_results(&supposed, replay->lacks_methods, results[j]);
			other = judge(replay, &supposed, recipient);
			if (i == 0 && j == 0)
				*verdict = other;
			else if (other.action != verdict->action || other.rule != verdict->rule)
				is_known = false;
		}
	}
	verdict->facts = &replay->facts;
	return is_known;
}

bool
replay_judge(const struct replay *replay, const struct readings *recipient, struct verdict *verdict)
{
	bool is_known = judge_reading(replay, recipient, verdict);

	while ((replay = replay->other) != NULL) {
		struct verdict other;

		is_known = judge_reading(replay, recipient, &other) && is_known;
		*verdict = *policy_worse(verdict, &other);
	}
	return is_known;
}
