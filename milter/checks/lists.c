#include "heloscope/checks/lists.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/checks/iprev.h"
#include "heloscope/lists/dnslist.h"

static const enum stage subject_stages[LIST_SUBJECTS] = {
	[LIST_CLIENT] = STAGE_CONNECT,
	[LIST_PTR] = STAGE_CONNECT,
	[LIST_HELO] = STAGE_HELO,
	[LIST_SENDER] = STAGE_MAIL,
};

/* The bound for which the name is not known: then no list is asked for it, and what lists would have said of
 * it is withheld. DNS_NOERROR: none. */
static enum dns_status
name_withheld(const struct facts *facts, enum list_subject subject)
{
	if (subject == LIST_SENDER && facts->sender.mailbox.form == MAILBOX_UNREAD)
		return DNS_SENDER_UNREAD;
	return subject == LIST_PTR && facts->iprev.verified == NULL ? facts->withheld[METHOD_IPREV]
								    : DNS_NOERROR;
}

/* What is looked up for this subject, as text for people; "" when there is nothing to ask. */
static const char *
asked_name(const struct facts *facts, enum list_subject subject, char text[IPADDR_REVERSE_SIZE])
{
	if (name_withheld(facts, subject) == DNS_SENDER_UNREAD)
		return facts->sender.given;
	if (name_withheld(facts, subject) != DNS_NOERROR)
		return ipaddr_reverse_name(&facts->client.address, text);
	switch (subject) {
	case LIST_CLIENT:
		if (facts->client.address.length == 0 || dnslist_is_private(&facts->client.address))
			return "";
		return ipaddr_format(&facts->client.address, text);
	case LIST_PTR:
		return facts->iprev.verified != NULL ? facts->iprev.verified : "";
	case LIST_HELO:
		return facts->helo.name;
	default:
		return facts->sender.domain;
	}
}

/* One list while it is asked. */
struct question {
	const struct list *list;
	size_t index; /* of the list */
	enum list_part part;
	const char *asked;         /* the subject, or its end */
	enum list_fault not_asked; /* why not */
	struct list_reading reading;
	enum dns_status status;          /* of the answer */
	const struct dns_answer *reason; /* its TXT record; only when it lists */
};

static void
copy_answers(struct list_finding *finding, const struct list_reading *reading)
{
	finding->count = reading->count;
	memcpy(finding->answers, reading->answers, sizeof finding->answers);
}

/* The question's name; false when none fits into the DNS. */
static bool
question_name(const struct facts *facts, enum list_subject subject, struct question *question, char *name)
{
	const char *asked;

	if (subject == LIST_CLIENT)
		return dnslist_address_name(question->list, &facts->client.address, name);
	asked = dnslist_domain_name(question->list, question->asked, name);
	if (asked != NULL)
		question->asked = asked;
	return asked != NULL;
}

/* Why nothing can be concluded from what a list said. */
static enum list_fault
fault_of(const struct question *question)
{
	if (question->not_asked != LIST_FAULT_NONE)
		return question->not_asked;
	switch (question->reading.says) {
	case LIST_SAYS_NOTHING:
		return LIST_FAULT_LOOKUP;
	case LIST_SAYS_ERROR:
		return LIST_FAULT_REFUSED;
	case LIST_SAYS_STRANGE:
		return LIST_FAULT_STRANGE;
	default:
		return LIST_FAULT_NONE;
	}
}

static void
write_listing(struct list_finding *finding, const struct question *question, struct arena *arena)
{
	const struct list *list = question->list;

	finding->state = LIST_LISTED;
	copy_answers(finding, &question->reading);
	finding->meaning = dnslist_meaning(list, finding->answers[0]);
	finding->page = dnslist_page(arena, list, finding->asked);
	if (question->reason->count > 0)
		finding->text = dnslist_without_key(arena, question->reason->records[0].text, list->key);
}

static void
write_finding(struct list_finding *finding, const struct question *question, const char *asked,
	      struct arena *arena)
{
	*finding = (struct list_finding){
		.zone = question->list->shown,
		.group = question->list->group,
		.operator= question->list->operator,
		.asked = asked,
		.is_allow = question->list->is_allow,
		.weight = question->list->weight,
		.fault = fault_of(question),
	};
	if (finding->fault != LIST_FAULT_NONE) {
		finding->state = LIST_FAULT;
		finding->status = question->status;
		copy_answers(finding, &question->reading);
	} else if (question->reading.says == LIST_SAYS_YES) {
		write_listing(finding, question, arena);
	}
}

/* Ask one list, and for its reason when it lists. False while something is awaited. */
static bool
ask_list(struct inquiry *inquiry, enum list_subject subject, struct question *question)
{
	const enum stage stage = subject_stages[subject];
	const struct dns_answer *answer;
	char name[DOMAIN_SIZE];

	question->status = name_withheld(inquiry_facts(inquiry), subject);
	if (question->status != DNS_NOERROR) {
		question->reading.says = LIST_SAYS_NOTHING;
		return true;
	}
	question->not_asked = list_health_fault(inquiry_health(inquiry), question->index, question->part);
	if (question->not_asked == LIST_FAULT_NONE
	    && !question_name(inquiry_facts(inquiry), subject, question, name))
		question->not_asked = LIST_FAULT_NAME_TOO_LONG;
	if (question->not_asked != LIST_FAULT_NONE)
		return true;
	inquiry_allow(inquiry, BOUND_ANSWER_OCTETS_MUCH);
	answer = inquiry_ask_list(inquiry, stage, name, DNS_A, question->index);
	if (answer == NULL)
		return false;
	question->reading = dnslist_read(question->list, answer);
	question->status = answer->status;
	if (question->reading.says != LIST_SAYS_YES)
		return true;
	question->reason = inquiry_ask_list(inquiry, stage, name, DNS_TXT, question->index);
	return question->reason != NULL;
}

static void
write_findings(struct inquiry *inquiry, enum list_subject subject, const char *asked,
	       const struct question *questions, size_t count)
{
	struct list_facts *facts = &inquiry_facts(inquiry)->lists[subject];
	struct arena *arena = inquiry_arena(inquiry, subject_stages[subject]);
	const char *kept = arena_string(arena, asked);

	facts->findings = arena_alloc(arena, count * sizeof *facts->findings);
	if (arena->has_failed)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct question *question = &questions[i];

		write_finding(&facts->findings[i], question, kept + (strlen(kept) - strlen(question->asked)),
			      arena);
		if (question->not_asked == LIST_FAULT_NONE && dns_status_was_asked(question->status))
			list_health_observe(inquiry_health(inquiry), question->index, question->part,
					    question->reading.says);
	}
	facts->count = count;
}

static bool
is_asked(struct inquiry *inquiry, const struct list *list, enum list_subject subject)
{
	const struct config *config = inquiry_config(inquiry);
	const struct facts *facts = inquiry_facts(inquiry);

	return !list->is_left_out && (list->subjects & 1U << subject) != 0
	       && (subject != LIST_CLIENT || list_takes_family(list, facts->client.address.length))
	       && config_wants(config, facts_list_method(list->is_allow));
}

static bool
run_subject(struct inquiry *inquiry, enum list_subject subject)
{
	const struct config *config = inquiry_config(inquiry);
	char text[IPADDR_REVERSE_SIZE];
	const char *asked = asked_name(inquiry_facts(inquiry), subject, text);
	enum list_part part = LIST_PART_NAMES;
	struct question *questions;
	size_t count = 0;
	bool is_done = true;

	if (asked[0] == '\0' || config->lists.count == 0)
		return true;
	questions = calloc(config->lists.count, sizeof *questions);
	if (questions == NULL) {
		inquiry_arena(inquiry, subject_stages[subject])->has_failed = true;
		return true;
	}
	if (subject == LIST_CLIENT)
		part = list_part_of_address(inquiry_facts(inquiry)->client.address.length);
	for (size_t i = 0; i < config->lists.count; i++) {
		if (!is_asked(inquiry, &config->lists.items[i], subject))
			continue;
		questions[count].list = &config->lists.items[i];
		questions[count].index = i;
		questions[count].part = part;
		questions[count].asked = asked;
		is_done = ask_list(inquiry, subject, &questions[count]) && is_done;
		count++;
	}
	if (is_done && count > 0)
		write_findings(inquiry, subject, asked, questions, count);
	free(questions);
	return is_done;
}

static bool
run_client(struct inquiry *inquiry)
{
	return run_subject(inquiry, LIST_CLIENT);
}

static bool
run_ptr(struct inquiry *inquiry)
{
	return inquiry_has_needs(inquiry, &check_list_ptr) && run_subject(inquiry, LIST_PTR);
}

static bool
run_helo(struct inquiry *inquiry)
{
	return run_subject(inquiry, LIST_HELO);
}

static bool
run_sender(struct inquiry *inquiry)
{
	return run_subject(inquiry, LIST_SENDER);
}

static bool
run_dnsbl(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);

	if (!inquiry_has_needs(inquiry, &check_dnsbl))
		return false;
	facts->results[METHOD_DNSBL] = facts_list_result(facts, false);
	return true;
}

static bool
run_dnswl(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);

	if (!inquiry_has_needs(inquiry, &check_dnswl))
		return false;
	facts->results[METHOD_DNSWL] = facts_list_result(facts, true);
	return true;
}

/* What is asked, for both kinds of lists at once. */
const struct check check_list_client = { .stage = STAGE_CONNECT, .run = run_client, .method = METHOD_DNSBL };
const struct check check_list_ptr = {
	.stage = STAGE_CONNECT, .run = run_ptr, .method = METHOD_DNSBL, .needs = CHECK_NEEDS(&check_iprev)
};
const struct check check_list_helo = { .stage = STAGE_HELO, .run = run_helo, .method = METHOD_DNSBL };
const struct check check_list_sender = { .stage = STAGE_MAIL, .run = run_sender, .method = METHOD_DNSBL };

#define ALL_LISTS CHECK_NEEDS(&check_list_client, &check_list_ptr, &check_list_helo, &check_list_sender)

const struct check check_dnsbl = {
	.stage = STAGE_MAIL, .run = run_dnsbl, .method = METHOD_DNSBL, .needs = ALL_LISTS
};
const struct check check_dnswl = {
	.stage = STAGE_MAIL, .run = run_dnswl, .method = METHOD_DNSWL, .needs = ALL_LISTS
};
