#include "heloscope/review/replay.h"

#include <string.h>

#include "heloscope/checks/arc.h"
#include "heloscope/lists/dnslist.h"
#include "heloscope/records/cut.h"

/* Whether a result was not found, where the new configuration wants it. */
static bool
lacks_result(const struct replay *replay, enum method method)
{
	const struct facts *facts = &replay->facts;

	if (facts->results[method] != RESULT_UNCHECKED || !config_wants(replay->config, method))
		return false;
	/* SPF of the null sender is that of HELO; lists are missed one by one. */
	return method != METHOD_DNSBL && method != METHOD_DNSWL
	       && !(method == METHOD_SPF && facts->sender.mailbox.form == MAILBOX_NULL);
}

/* Whether more was found than the result, of which the record has no room for more. */
static bool
lacks_details(const struct replay *replay, enum method method)
{
	const enum result result = replay->facts.results[method];

	if (method == METHOD_IPREV)
		return replay->config->asks_client_name && result != RESULT_UNCHECKED;
	if (method == METHOD_DMARC) /* the author stands there */
		return result != RESULT_UNCHECKED;
	return (method == METHOD_DKIM || method == METHOD_ARC) && result != RESULT_UNCHECKED
	       && result != RESULT_NONE;
}

static void
note_lacking(struct replay *replay, bool is_cut)
{
	for (int method = 0; method < METHODS; method++)
		if (lacks_result(replay, (enum method)method)
		    || (is_cut && lacks_details(replay, (enum method)method)))
			replay->lacks |= 1U << method;
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
		return facts->iprev.verified != NULL || (replay->lacks & 1U << METHOD_IPREV) != 0;
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

/* What `list` said then, as it counts now. What was not asked then stands as a fault of its own. */
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

static bool
lacks_list(const struct facts *facts, bool is_allow)
{
	struct finding_walk walk = { .facts = facts, .is_allow = is_allow };
	const struct list_finding *finding;

	while ((finding = facts_next_finding(&walk)) != NULL)
		if (finding->fault == LIST_FAULT_UNASKED)
			return true;
	return false;
}

/* What the lists of one kind come to, and whether some are missing. */
static void
sum_up_kind(struct replay *replay, bool is_allow)
{
	const enum method method = facts_list_method(is_allow);

	replay->lacks &= ~(1U << method);
	if (lacks_list(&replay->facts, is_allow))
		replay->lacks |= 1U << method;
	replay->facts.results[method] = facts_list_result(&replay->facts, is_allow);
}

static void
sum_up_lists(struct replay *replay)
{
	sum_up_kind(replay, false);
	sum_up_kind(replay, true);
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
			facts->count++;
		}
	}
	sum_up_lists(replay);
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

/* What the record lacks is awaited as what of a message is still to come: see checks/policy.h. */
static void
await_lacking(struct replay *replay)
{
	replay->facts.awaited[STAGE_BODY] = replay->lacks;
}

bool
replay_begin(const struct message_record *record, const struct config *config, struct arena *arena,
	     struct replay *replay)
{
	const struct facts *facts = record->facts;
	const bool is_trusted = config_trusts_client(config, &facts->client);

	for (;; facts = facts->other, replay = replay->other) {
		*replay = (struct replay){ .config = config, .facts = known_now(facts, config, is_trusted) };
		if (!is_trusted) {
			note_lacking(replay, (record->cuts & 1U << CUT_CHECKS) != 0);
			judge_lists(replay, arena);
			judge_sealers(replay, arena);
			await_lacking(replay);
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
	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		struct list_facts *lists = &replay->facts.lists[subject];

		for (size_t i = 0; i < lists->count; i++) {
			const struct list_finding *now =
				find_now(&facts->lists[subject], lists->findings[i].zone);

			if (lists->findings[i].fault == LIST_FAULT_UNASKED && now != NULL)
				lists->findings[i] = *now;
		}
	}
	sum_up_lists(replay);
}

/* What was looked up without the message tells nothing of its header and body. */
static void
complete_reading(struct replay *replay, const struct facts *facts)
{
	for (int method = 0; method < METHODS; method++) {
		if ((replay->lacks & 1U << method) == 0 || facts->results[method] == RESULT_TEMPERROR
		    || facts->results[method] == RESULT_UNCHECKED)
			continue;
		replay->facts.results[method] = facts->results[method];
		replay->lacks &= ~(1U << method);
		if (method == METHOD_IPREV)
			replay->facts.iprev = facts->iprev;
	}
	complete_lists(replay, facts);
	await_lacking(replay);
	replay->is_complete = true;
}

void
replay_complete(struct replay *replay, const struct facts *facts)
{
	for (; replay != NULL && facts != NULL; replay = replay->other, facts = facts->other)
		complete_reading(replay, facts);
}

/* Judging. */

/* What is known at RCPT: of what the header and the body show nothing is, and it is awaited. */
static struct facts
known_at_rcpt(const struct replay *replay)
{
	struct facts facts = replay->facts;

	if (facts.client.is_trusted)
		return facts;
	for (int method = 0; method < METHODS; method++) {
		if (method_words((enum method)method)->stage <= STAGE_MAIL)
			continue;
		facts.results[method] = RESULT_UNCHECKED;
		if (config_wants(replay->config, (enum method)method))
			facts.awaited[STAGE_BODY] |= 1U << method;
	}
	facts.author = (struct author_facts){ .finding = AUTHOR_UNCHECKED };
	return facts;
}

static struct verdict
judge(const struct replay *replay, const struct readings *recipient, bool is_at_rcpt)
{
	const struct facts *facts = &replay->facts;
	struct facts early;
	struct verdict verdict;

	if (facts_escapes_rules(facts)
	    || (facts->client.is_authenticated && replay->config->trusts_authenticated))
		return (struct verdict){ .facts = facts, .action = ACTION_ACCEPT, .is_enforced = true };
	if (!is_at_rcpt)
		return policy_judge(replay->config, facts, recipient);
	early = known_at_rcpt(replay);
	verdict = policy_judge(replay->config, &early, recipient);
	verdict.facts = facts; /* that stay */
	return verdict;
}

/* By all readings of the sender. */
static struct verdict
judge_all(const struct replay *replay, const struct readings *recipient, bool is_at_rcpt)
{
	struct verdict worst = judge(replay, recipient, is_at_rcpt);

	while ((replay = replay->other) != NULL) {
		const struct verdict other = judge(replay, recipient, is_at_rcpt);

		worst = *policy_worse(&worst, &other);
	}
	return worst;
}

/*
 * A recipient whom one reading defers at RCPT does not wait for another by which the message would be refused
 * at its end. Of a single reading what is decided at RCPT stays so.
 */
bool
replay_judge(const struct replay *replay, const struct readings *recipient, struct verdict *verdict)
{
	if (recipient->count > 1 || replay->other != NULL) {
		*verdict = judge_all(replay, recipient, true);
		if (!verdict_waits(verdict))
			return true;
	}
	*verdict = judge_all(replay, recipient, false);
	return !verdict_is_pending(verdict);
}
