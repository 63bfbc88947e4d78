/* x-dnsbl and dnswl in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include <string.h>

#include "heloscope/records/value.h"
#include "heloscope/records/record.h"

static const char *const subject_words[LIST_SUBJECTS] = { "client", "ptr", "helo", "sender" };
static const struct tokens subjects = TOKENS(subject_words);

static const char *const state_words[] = { [LIST_LISTED] = "listed", [LIST_FAULT] = "fault" };
static const struct tokens states = TOKENS(state_words);

static const char *const fault_words[LIST_FAULTS] = {
	[LIST_FAULT_LOOKUP] = "lookup",          [LIST_FAULT_REFUSED] = "refused",
	[LIST_FAULT_STRANGE] = "strange-answer", [LIST_FAULT_NAME_TOO_LONG] = "name-too-long",
	[LIST_FAULT_UNCHECKED] = "unchecked",    [LIST_FAULT_UNANSWERED] = "unanswered",
	[LIST_FAULT_DOUBTED] = "doubted",        [LIST_FAULT_NO_ANSWER] = "no-answer",
	[LIST_FAULT_LISTS_NONE] = "lists-none",  [LIST_FAULT_LISTS_STRANGE] = "lists-strange",
	[LIST_FAULT_LISTS_ALL] = "lists-all",    [LIST_FAULT_FILTERED] = "filtered",
	[LIST_FAULT_REFUSES] = "refuses",
};
const struct tokens codec_list_faults = TOKENS(fault_words);

const char *
record_list_fault_token(enum list_fault fault)
{
	return fault_words[fault];
}

/* Writing. */

/* One list and one subject; of one that does not list there is no more to tell. */
static json_t *
finding_of(const struct list_finding *finding, enum list_subject subject)
{
	json_t *object = json_object(), *answers;
	char text[IPADDR_TEXT_SIZE];

	record_set_text(object, "zone", finding->zone);
	record_set_token(object, "subject", &subjects, (int)subject);
	record_set_text(object, "asked", finding->asked);
	if (finding->state == LIST_NOT_LISTED)
		return object;
	answers = json_array();
	record_set_text(object, "operator", finding->operator);
	record_set_text(object, "group", finding->group);
	record_set_number(object, "weight", finding->weight);
	record_set_token(object, "state", &states, (int)finding->state);
	for (size_t i = 0; i < finding->count; i++) {
		const struct ipaddr address = ipaddr_from_ipv4(finding->answers[i]);

		document_append(answers, document_text(span_of(ipaddr_format(&address, text))));
	}
	document_put(object, "answers", answers);
	record_set_text(object, "meaning", finding->meaning);
	record_set_text(object, "text", finding->text);
	record_set_text(object, "page", finding->page);
	if (finding->fault != LIST_FAULT_NONE)
		record_set_token(object, "fault", &codec_list_faults, (int)finding->fault);
	if (finding->fault == LIST_FAULT_LOOKUP)
		record_set_token(object, "status", &codec_statuses, (int)finding->status);
	return object;
}

/* Listings and faults are hits; lists that do not list stand apart, so that a reader finds the former. */
static json_t *
lists_of(const struct facts *facts, bool is_allow)
{
	const struct list_tally tally = facts_tally(facts, is_allow);
	json_t *object = record_result(facts->results[facts_list_method(is_allow)]);
	json_t *hits = json_array(), *others = json_array();

	record_set_number(object, "score", tally.score);
	record_set_number(object, "operators", tally.operators);
	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		const struct list_facts *lists = &facts->lists[subject];

		for (size_t i = 0; i < lists->count; i++)
			if (lists->findings[i].is_allow == is_allow)
				document_append(lists->findings[i].state == LIST_NOT_LISTED ? others : hits,
						finding_of(&lists->findings[i], (enum list_subject)subject));
	}
	document_put(object, "hits", hits);
	document_put(object, "not-listed", others);
	return object;
}

static json_t *
dnsbl_of(const struct facts *facts)
{
	return lists_of(facts, false);
}

static json_t *
dnswl_of(const struct facts *facts)
{
	return lists_of(facts, true);
}

/* Reading. */

static void
take_answers(struct taking *taking, const struct node *answers, struct list_finding *finding)
{
	const struct node *answer;

	for (answer = tree_first(answers); answer != NULL; answer = tree_next(answers, answer)) {
		struct ipaddr address;

		if (finding->count == LIST_ANSWERS_MAX || !ipaddr_parse(take_span(taking, answer), &address)
		    || address.length != 4)
			taking->has_fault = true;
		else
			finding->answers[finding->count++] = ipaddr_to_ipv4(&address);
	}
}

/* Of a list whose operator and group are not told each is itself. */
static struct list_finding
take_finding(struct taking *taking, const struct node *object, bool is_hit)
{
	struct list_finding finding = {
		.zone = take_text(taking, object, "zone"),
		.operator= take_text(taking, object, "operator"),
		.group = take_text(taking, object, "group"),
		.asked = take_text(taking, object, "asked"),
		.weight = take_number(object, "weight"),
		.meaning = take_text(taking, object, "meaning"),
		.text = take_text(taking, object, "text"),
		.page = take_text(taking, object, "page"),
		.fault = (enum list_fault)take_token(taking, object, "fault", &codec_list_faults,
						     LIST_FAULT_NONE),
		.status = (enum dns_status)take_token(taking, object, "status", &codec_statuses, DNS_NOERROR),
	};

	if (finding.zone == NULL)
		finding.zone = "";
	if (finding.operator== NULL)
		finding.operator= finding.zone;
	if (finding.group == NULL)
		finding.group = finding.zone;
	if (is_hit)
		finding.state = (enum list_state)take_token(taking, object, "state", &states, LIST_LISTED);
	take_answers(taking, tree_member(object, "answers"), &finding);
	return finding;
}

/* Add what is told of each subject to its findings, for which there is room. */
static void
take_findings(struct taking *taking, const struct node *list, bool is_hit, bool is_allow, struct facts *facts)
{
	const struct node *object;

	for (object = tree_first(list); object != NULL; object = tree_next(list, object)) {
		const int subject = take_token(taking, object, "subject", &subjects, LIST_CLIENT);
		struct list_facts *lists = &facts->lists[subject];

		lists->findings[lists->count] = take_finding(taking, object, is_hit);
		lists->findings[lists->count++].is_allow = is_allow;
	}
}

static void
take_lists(struct taking *taking, const struct node *check, bool is_allow, struct facts *facts)
{
	const struct node *hits = tree_member(check, "hits"), *others = tree_member(check, "not-listed");
	const size_t more = tree_count(hits) + tree_count(others);

	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		struct list_facts *lists = &facts->lists[subject];
		struct list_finding *room = take_room(taking, lists->count + more + 1, sizeof *room);

		if (room == NULL)
			return;
		if (lists->count > 0)
			memcpy(room, lists->findings, lists->count * sizeof *room);
		lists->findings = room;
	}
	take_findings(taking, hits, true, is_allow, facts);
	take_findings(taking, others, false, is_allow, facts);
}

static void
take_dnsbl(struct taking *taking, const struct node *check, struct facts *facts)
{
	take_lists(taking, check, false, facts);
}

static void
take_dnswl(struct taking *taking, const struct node *check, struct facts *facts)
{
	take_lists(taking, check, true, facts);
}

const struct codec codec_dnsbl = { "x-dnsbl", dnsbl_of, take_dnsbl };
const struct codec codec_dnswl = { "dnswl", dnswl_of, take_dnswl };
