#include "heloscope/review/replay.h"

#include <string.h>

#include "heloscope/lists/dnslist.h"
#include "heloscope/base/escape.h"
#include "heloscope/records/record.h"
#include "heloscope/records/value.h"
#include "heloscope/records/codec.h"
#include "heloscope/records/table.h"

#define REPLAY_LISTS_MAX 64 /* more are rarely configured; then all is unknown */

/* The fault of a list that was not asked: known by its address. */
static const char replay_not_asked[] = "not asked then";

const char *
replay_text(const char *escaped, struct arena *arena)
{
	struct span rest = span_of(escaped);
	char *whole = arena_alloc(arena, rest.length + 1);
	size_t length = 0;

	if (whole == NULL)
		return "";
	while (rest.length > 0)
		rest = span_from(rest, escape_undo(rest, &whole[length++]));
	return whole;
}

/* Facts, part by part. */

/* A text that may be missing. */
static const char *
read_text(const json_t *object, const char *key, struct arena *arena)
{
	return record_member(object, key) != NULL ? replay_text(record_text(object, key), arena) : NULL;
}

static void
read_client(const json_t *record, struct replay *replay, struct arena *arena)
{
	const json_t *client = record_member(record, "client");
	struct client_facts *facts = &replay->facts.client;

	if (!ipaddr_parse(span_of(record_text(client, "ip")), &facts->address))
		facts->address = (struct ipaddr){ .length = 0 };
	facts->port = (uint16_t)json_integer_value(record_member(client, "port"));
	facts->is_trusted = config_trusts(replay->config, &facts->address);
	facts->is_authenticated = json_is_true(record_member(client, "authenticated"));
	facts->auth_name = read_text(client, "user", arena);
}

static void
read_iprev(const json_t *check, struct iprev_facts *iprev, struct arena *arena)
{
	const json_t *names = record_member(check, "names"), *name;

	iprev->names = arena_alloc(arena, IPREV_NAMES_MAX * sizeof *iprev->names);
	for (size_t i = 0;
	     iprev->names != NULL && (name = json_array_get(names, i)) != NULL && i < IPREV_NAMES_MAX; i++) {
		struct iprev_name *read = &iprev->names[iprev->count++];

		read->name = replay_text(record_text(name, "name"), arena);
		read->is_verified = json_is_true(record_member(name, "verified"));
		read->addresses = replay_text(record_text(name, "addresses"), arena);
		if (read->is_verified && iprev->verified == NULL)
			iprev->verified = read->name;
	}
	iprev->total = (size_t)json_integer_value(record_member(check, "total"));
}

static void
read_names(const json_t *record, struct facts *facts, struct arena *arena)
{
	const json_t *checks = record_member(record, "checks");
	const struct envelope_address sender = {
		.typed = replay_text(record_text(record, "mail-from"), arena),
		.used = read_text(record, "mail-addr", arena),
	};

	facts->helo.given = read_text(record, "helo", arena);
	facts->helo.name = replay_text(record_text(record_member(checks, "x-helo"), "name"), arena);
	facts_set_sender(facts, &sender, arena);
}

static void
read_results(const json_t *checks, struct replay *replay)
{
	const bool is_null = replay->facts.sender.mailbox.form == MAILBOX_NULL;

	for (int method = 0; method < METHODS; method++) {
		const json_t *check = record_member(checks, codec_of((enum method)method)->key);

		replay->facts.results[method] = result_from_word(record_text(check, "result"));
		/* SPF of the null sender is that of HELO; lists are missed one by one. */
		if (check == NULL && config_wants(replay->config, (enum method)method)
		    && method != METHOD_DNSBL && method != METHOD_DNSWL && !(method == METHOD_SPF && is_null))
			replay->lacks_methods |= 1U << method;
	}
}

/* Lists. */

static bool
is_asked_of(const struct replay *replay, const struct list *list, enum list_subject subject)
{
	const struct facts *facts = &replay->facts;

	if (list->is_left_out || (list->subjects & 1U << subject) == 0
	    || !config_wants(replay->config, list->is_allow ? METHOD_DNSWL : METHOD_DNSBL))
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

static const json_t *
find_in(const json_t *findings, const struct list *list, enum list_subject subject)
{
	const json_t *finding;

	for (size_t i = 0; (finding = json_array_get(findings, i)) != NULL; i++)
		if (strcmp(record_text(finding, "zone"), list->shown) == 0
		    && strcmp(record_text(finding, "subject"), list_subject_word(subject)) == 0)
			return finding;
	return NULL;
}

/* Whether one of the answers of then counts as listed now. */
static bool
is_listed_now(const json_t *hit, const struct list *list, struct list_finding *finding)
{
	const json_t *answers = record_member(hit, "answers"), *answer;
	struct ipaddr address;

	for (size_t i = 0; (answer = json_array_get(answers, i)) != NULL; i++) {
		uint32_t value;

		if (!ipaddr_parse(span_of(record_item(answer)), &address) || address.length != 4)
			continue;
		value = ipaddr_to_ipv4(&address);
		if (dnslist_counts(list, value) && finding->count < LIST_ANSWERS_MAX)
			finding->answers[finding->count++] = value;
	}
	return finding->count > 0;
}

/* What `list` said of a subject then. False when it was not asked. */
static bool
read_finding(const json_t *check, const struct list *list, enum list_subject subject,
	     struct list_finding *finding)
{
	const json_t *hit = find_in(record_member(check, "hits"), list, subject);

	*finding = (struct list_finding){
		.zone = list->shown,
		.operator= list->operator,
		.group = list->group,
		.asked = "",
		.is_allow = list->is_allow,
		.weight = list->weight,
	};
	if (hit == NULL)
		return find_in(record_member(check, "not-listed"), list, subject) != NULL;
	if (strcmp(record_text(hit, "state"), "fault") == 0) {
		finding->state = LIST_FAULT;
		finding->is_withheld = json_is_true(record_member(hit, "withheld"));
	} else if (is_listed_now(hit, list, finding)) {
		finding->state = LIST_LISTED;
	}
	return true;
}

/* What was not asked then stands as a fault, to which replay_judge() gives each state in turn. */
static void
read_lists(const json_t *checks, struct replay *replay, struct arena *arena)
{
	const struct list_set *lists = &replay->config->lists;

	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		struct list_facts *facts = &replay->facts.lists[subject];

		facts->count = 0;
		facts->findings = arena_alloc(arena, (lists->count + 1) * sizeof *facts->findings);
		for (size_t i = 0; i < lists->count && facts->findings != NULL; i++) {
			const struct list *list = &lists->items[i];
			struct list_finding *finding = &facts->findings[facts->count];

			if (!is_asked_of(replay, list, (enum list_subject)subject))
				continue;
			if (!read_finding(record_member(checks, list->is_allow ? "dnswl" : "x-dnsbl"), list,
					  (enum list_subject)subject, finding)) {
				finding->state = LIST_FAULT;
				finding->fault = replay_not_asked;
				replay->lacks_lists = true;
			}
			facts->count++;
		}
	}
	replay->facts.results[METHOD_DNSBL] = facts_list_result(&replay->facts, false);
	replay->facts.results[METHOD_DNSWL] = facts_list_result(&replay->facts, true);
}

/* What rests on the sender, in each of its readings. */
static void
read_readings(const json_t *record, struct replay *replay, struct arena *arena)
{
	const json_t *checks = record_member(record, "checks");
	struct facts *next = replay->facts.other;

	for (size_t i = 0;; i++) {
		read_results(checks, replay);
		read_lists(checks, replay, arena);
		replay->facts.sender.finding =
			sender_finding_from_word(record_text(record_member(checks, "x-sender"), "reason"));
		replay->facts.other = NULL;
		if (next == NULL)
			return;
		replay->other = arena_alloc(arena, sizeof *replay->other);
		if (replay->other == NULL)
			return;
		*replay->other = (struct replay){ .config = replay->config, .facts = *next };
		facts_take_over(&replay->other->facts, &replay->facts);
		replay = replay->other;
		next = replay->facts.other;
		checks = record_member(json_array_get(record_member(record, "other-readings"), i), "checks");
	}
}

bool
replay_read(const json_t *record, const struct config *config, struct arena *arena, struct replay *replay)
{
	*replay = (struct replay){ .config = config };
	if (json_integer_value(record_member(record, "v")) != RECORD_VERSION
	    || !json_is_object(record_member(record, "checks"))
	    || !json_is_array(record_member(record, "verdicts")))
		return false;
	read_client(record, replay, arena);
	read_names(record, &replay->facts, arena);
	if (replay->facts.client.is_trusted) { /* is not looked into */
		replay->facts.other = NULL;
		return !arena->has_failed;
	}
	read_iprev(record_member(record_member(record, "checks"), "iprev"), &replay->facts.iprev, arena);
	read_readings(record, replay, arena);
	return !arena->has_failed;
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

			if (lists->findings[i].fault != replay_not_asked)
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
			if (memory[i].fault == replay_not_asked)
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
