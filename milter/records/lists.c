/* x-dnsbl and dnswl in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

/* One list and one subject; of one that does not list there is no more to tell. */
static json_t *
finding_of(const struct list_finding *finding, enum list_subject subject)
{
	json_t *object = json_object(), *answers;
	char text[IPADDR_TEXT_SIZE];

	record_set_text(object, "zone", finding->zone);
	record_set_text(object, "subject", list_subject_word(subject));
	record_set_text(object, "asked", finding->asked);
	if (finding->state == LIST_NOT_LISTED)
		return object;
	answers = json_array();
	record_set_text(object, "operator", finding->operator);
	record_set_text(object, "group", finding->group);
	record_set_number(object, "weight", finding->weight);
	record_set_text(object, "state", finding->state == LIST_LISTED ? "listed" : "fault");
	for (size_t i = 0; i < finding->count; i++) {
		const struct ipaddr address = ipaddr_from_ipv4(finding->answers[i]);

		document_append(answers, document_text(span_of(ipaddr_format(&address, text))));
	}
	document_put(object, "answers", answers);
	record_set_text(object, "meaning", finding->meaning);
	record_set_text(object, "text", finding->text);
	record_set_text(object, "page", finding->page);
	record_set_text(object, "fault", finding->fault);
	if (finding->is_withheld)
		record_set_flag(object, "withheld", true);
	return object;
}

/* Listings and faults are hits; lists that do not list stand apart, so that a reader finds the former. */
static json_t *
lists_of(const struct facts *facts, bool is_allow)
{
	const struct list_tally tally = facts_tally(facts, is_allow);
	json_t *object = record_result(facts->results[is_allow ? METHOD_DNSWL : METHOD_DNSBL]);
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

const struct codec codec_dnsbl = { "x-dnsbl", dnsbl_of };
const struct codec codec_dnswl = { "dnswl", dnswl_of };
