/* What lists say in words: see telling.h and lists.h. */
#include "heloscope/words/telling.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "heloscope/base/prose.h"
#include "heloscope/words/lists.h"
#include "heloscope/words/removal.h"

#define OTHERS_MAX 2 /* lists that are told beside the first */
#define TEXT_MAX 4000

static const char *const faults[LIST_FAULTS] = {
	[LIST_FAULT_NONE] = "nothing is known of it",
	[LIST_FAULT_REFUSED] = "the list refuses the query",
	[LIST_FAULT_STRANGE] = "the list answers outside 127.0.0.0/8",
	[LIST_FAULT_NAME_TOO_LONG] = "not looked up: the name is too long for this list",
	[LIST_FAULT_UNCHECKED] = "not checked yet",
	[LIST_FAULT_UNANSWERED] = "not trusted yet: its test entries were not answered",
	[LIST_FAULT_DOUBTED] = "in doubt: a wrong answer to a test entry",
	[LIST_FAULT_NO_ANSWER] = "suspended: it does not answer",
	[LIST_FAULT_LISTS_NONE] = "suspended: it does not list its test entry",
	[LIST_FAULT_LISTS_STRANGE] = "suspended: it answers outside 127.0.0.0/8",
	[LIST_FAULT_LISTS_ALL] = "suspended: it lists everything",
	[LIST_FAULT_FILTERED] = "suspended: every name is answered 127.0.0.1, as a DNS filter does",
	[LIST_FAULT_REFUSES] = "suspended: it refuses queries",
};

const char *
list_fault_text(const struct list_finding *finding)
{
	return finding->fault == LIST_FAULT_LOOKUP ? dns_status_word(finding->status)
						   : faults[finding->fault];
}

/* Whether a list is told already: it has said more of another subject, or stands before `until`. */
static bool
is_told(const struct facts *facts, const struct list_finding *until)
{
	struct finding_walk walk = { .facts = facts, .is_allow = until->is_allow };
	const struct list_finding *finding;
	bool is_before = true;

	while ((finding = facts_next_finding(&walk)) != NULL) {
		is_before = is_before && finding != until;
		if (strcmp(finding->zone, until->zone) == 0
		    && (finding->state != LIST_NOT_LISTED || is_before))
			return true;
	}
	return false;
}

static void
say(const struct facts *facts, bool is_allow, struct strbuf *said)
{
	struct finding_walk walk = { .facts = facts, .is_allow = is_allow };
	const struct list_finding *finding;
	const char *before = "not listed by ";

	if (facts->results[facts_list_method(is_allow)] != RESULT_NONE) {
		strbuf_add(said,
			   facts_tally(facts, is_allow).operators > 0 ? "listed" : "could not be found out");
		before = "; not listed by ";
	}
	while ((finding = facts_next_finding(&walk)) != NULL) {
		if (finding->state != LIST_NOT_LISTED || is_told(facts, finding))
			continue;
		strbuf_add(said, before);
		telling_add(said, finding->zone);
		before = ", ";
	}
}

static void
say_dnsbl(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	say(facts, false, said);
}

static void
say_dnswl(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	say(facts, true, said);
}

static void
say_answers(const struct list_finding *finding, struct strbuf *said)
{
	char text[IPADDR_TEXT_SIZE];

	for (size_t i = 0; i < finding->count; i++) {
		const struct ipaddr address = ipaddr_from_ipv4(finding->answers[i]);

		strbuf_printf(said, "%s%s", i == 0 ? " (" : ", ", ipaddr_format(&address, text));
	}
	if (finding->count == 0)
		return;
	strbuf_add(said, finding->meaning != NULL && finding->meaning[0] != '\0' ? ": " : "");
	telling_add(said, finding->meaning);
	strbuf_add(said, ")");
}

static void
put_line(struct output *out, size_t indent, const char *before, const char *text)
{
	char shown[TELLING_SHOWN_SIZE];

	if (text != NULL && text[0] != '\0')
		prose_put(out, indent, "%s%s", before, telling_shown(text, shown));
}

static void
put_hit(const struct list_finding *finding, enum telling_reader reader, struct output *out)
{
	const bool is_fault = finding->state == LIST_FAULT;
	const bool is_withheld = list_finding_withheld(finding) != DNS_NOERROR;
	char memory[TEXT_MAX];
	struct strbuf said;

	strbuf_init(&said, memory, sizeof memory);
	telling_add(&said, finding->zone);
	strbuf_add(&said, is_withheld ? " was not asked for " : is_fault ? ", asked for " : " lists ");
	telling_add(&said, finding->asked);
	strbuf_add(&said, is_fault ? ": " : "");
	telling_add(&said, is_fault ? list_fault_text(finding) : NULL);
	say_answers(finding, &said);
	if (!is_fault && reader == READER_HERE)
		strbuf_printf(&said, ", weight %u", finding->weight);
	prose_put(out, 28, "%s", memory);
	put_line(out, 30, "it says: ", finding->text);
	put_line(out, 30, "see ", finding->page);
}

static void
put_hits(const struct facts *facts, bool is_allow, enum telling_reader reader, struct output *out)
{
	struct finding_walk walk = { .facts = facts, .is_allow = is_allow };
	const struct list_finding *finding;

	while ((finding = facts_next_finding(&walk)) != NULL)
		if (finding->state != LIST_NOT_LISTED)
			put_hit(finding, reader, out);
	if (reader == READER_HERE && facts_tally(facts, is_allow).operators > 0)
		prose_put(out, 28, "score %u", facts_tally(facts, is_allow).score);
}

static void
put_dnsbl(const struct facts *facts, enum telling_reader reader, struct output *out)
{
	put_hits(facts, false, reader, out);
}

static void
put_dnswl(const struct facts *facts, enum telling_reader reader, struct output *out)
{
	put_hits(facts, true, reader, out);
}

/* Who is meant by what was looked up, in front of it. */
static const char *const subjects[LIST_SUBJECTS] = {
	[LIST_CLIENT] = "The connecting IP address ",
	[LIST_PTR] = "The reverse DNS (PTR) name of the connecting server, ",
	[LIST_HELO] = "The name with which the server introduced itself (HELO/EHLO), ",
	[LIST_SENDER] = "The domain of the sender address, ",
};

static void
add_listing(const struct list_finding *finding, enum list_subject subject, struct strbuf *text)
{
	strbuf_add(text, subjects[subject]);
	telling_add_value(text, finding->asked);
	strbuf_add(text, subject == LIST_CLIENT ? " is on the " : ", is on the ");
	strbuf_add(text, finding->is_allow ? "allowlist " : "blocklist ");
	telling_add_value(text, finding->zone);
	if (finding->meaning != NULL && finding->meaning[0] != '\0') {
		strbuf_add(text, " (reason: ");
		telling_add_value(text, finding->meaning);
		strbuf_add_char(text, ')');
	}
	strbuf_add(text, ". ");
}

void
lists_refuse_finding(const struct list_finding *finding, enum list_subject subject, struct strbuf *text)
{
	add_listing(finding, subject, text);
	if (finding->is_allow)
		telling_add_policy(text);
	else
		removal_add(finding, subject, text);
}

/* The heaviest listing, the first of several. */
static const struct list_finding *
heaviest(const struct facts *facts, bool is_allow, enum list_subject *subject)
{
	struct finding_walk walk = { .facts = facts, .is_allow = is_allow };
	const struct list_finding *finding, *best = NULL;

	while ((finding = facts_next_finding(&walk)) != NULL) {
		if (finding->state != LIST_LISTED || (best != NULL && finding->weight <= best->weight))
			continue;
		best = finding;
		*subject = (enum list_subject)walk.subject;
	}
	return best;
}

/* Other lists that list something, each once. */
static void
add_others(const struct facts *facts, const struct list_finding *told, struct strbuf *text)
{
	struct finding_walk walk = { .facts = facts, .is_allow = told->is_allow };
	const struct list_finding *finding;
	const char *before = "Also listed: ";
	size_t count = 0;

	while (count < OTHERS_MAX && (finding = facts_next_finding(&walk)) != NULL) {
		if (finding == told || finding->state != LIST_LISTED)
			continue;
		strbuf_add(text, before);
		telling_add_value(text, finding->asked);
		strbuf_add(text, " (by ");
		telling_add_value(text, finding->zone);
		strbuf_add(text, ")");
		before = ", ";
		count++;
	}
	if (count > 0)
		strbuf_add(text,
			   count == 1 ? ". If that is yours, ask the operator of that list for removal, too. "
				      : ". Ask the operators of these lists to remove what is yours, too. ");
}

void
lists_refuse_listed(const struct facts *facts, bool is_allow, struct strbuf *text)
{
	enum list_subject subject = LIST_CLIENT;
	const struct list_finding *finding = heaviest(facts, is_allow, &subject);

	if (finding == NULL) {
		lists_refuse_unlisted(facts, is_allow, text);
		return;
	}
	lists_refuse_finding(finding, subject, text);
	add_others(facts, finding, text);
}

void
lists_refuse_unlisted(const struct facts *facts, bool is_allow, struct strbuf *text)
{
	struct finding_walk walk = { .facts = facts, .is_allow = is_allow };
	const struct list_finding *finding = facts_next_finding(&walk);
	const bool is_fault = facts->results[facts_list_method(is_allow)] == RESULT_TEMPERROR;

	strbuf_add(text, "The connecting IP address ");
	telling_add_client(text, facts);
	strbuf_printf(text,
		      is_fault ? " could not be looked up on the %s that the receiving site uses"
			       : " is on none of the %s that the receiving site's policy requires",
		      is_allow ? "allowlists" : "blocklists");
	if (finding != NULL) {
		strbuf_add(text, " (");
		telling_add_value(text, finding->zone);
		strbuf_add(text, facts_next_finding(&walk) != NULL ? " and others)" : ")");
	}
	strbuf_add(text, is_fault ? ", a fault on the way to the lists. Send the mail again later. " : ". ");
}

static void
refuse_dnsbl(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	(void)config;
	lists_refuse_listed(facts, false, text);
}

static void
refuse_dnswl(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	(void)config;
	lists_refuse_listed(facts, true, text);
}

static void
advise_listing(const struct list_finding *finding, struct output *out)
{
	char memory[TEXT_MAX];
	struct strbuf said;

	strbuf_init(&said, memory, sizeof memory);
	telling_add(&said, finding->zone);
	strbuf_add(&said, " lists ");
	telling_add(&said, finding->asked);
	strbuf_add(&said, finding->meaning != NULL && finding->meaning[0] != '\0' ? ": " : "");
	telling_add(&said, finding->meaning);
	strbuf_add(&said, ". Only the operator of the list can remove it, once the cause is gone");
	strbuf_add(&said, finding->page != NULL && finding->page[0] != '\0' ? ": " : ".");
	telling_add(&said, finding->page);
	prose_bullet(out, "%s", memory);
}

static void
advise_lists(const struct facts *facts, int64_t time_s, struct output *out)
{
	struct finding_walk walk = { .facts = facts, .is_allow = false };
	const struct list_finding *finding;

	(void)time_s;
	while ((finding = facts_next_finding(&walk)) != NULL)
		if (finding->state == LIST_LISTED)
			advise_listing(finding, out);
}

static const char *const properties[LIST_SUBJECTS] = {
	[LIST_CLIENT] = NULL, /* the client's address stands in iprev already */
	[LIST_PTR] = "policy.ptr",
	[LIST_HELO] = "smtp.helo",
	[LIST_SENDER] = "smtp.mailfrom",
};

/* "127.0.0.2,127.0.0.10" (RFC 8904, section 3: policy.ip). */
static void
add_answers(struct authres *authres, const struct list_finding *finding)
{
	char memory[LIST_ANSWERS_MAX * (IPADDR_TEXT_SIZE + 1)], text[IPADDR_TEXT_SIZE];
	struct strbuf answers;

	if (finding->count == 0)
		return;
	strbuf_init(&answers, memory, sizeof memory);
	for (size_t i = 0; i < finding->count; i++) {
		const struct ipaddr address = ipaddr_from_ipv4(finding->answers[i]);

		strbuf_printf(&answers, "%s%s", i > 0 ? "," : "", ipaddr_format(&address, text));
	}
	authres_property(authres, "policy.ip", span_of(memory));
}

static void
report_finding(const struct list_finding *finding, enum list_subject subject, struct authres *authres)
{
	const enum result listed = finding->is_allow ? RESULT_PASS : RESULT_FAIL;
	char comment[300];

	if (finding->state == LIST_NOT_LISTED)
		return;
	authres_result(authres, method_words(facts_list_method(finding->is_allow))->method,
		       finding->state == LIST_LISTED ? listed : RESULT_TEMPERROR);
	authres_property(authres, "dns.zone", span_of(finding->zone));
	add_answers(authres, finding);
	if (properties[subject] != NULL)
		authres_property(authres, properties[subject], span_of(finding->asked));
	if (finding->state == LIST_FAULT)
		(void)snprintf(comment, sizeof comment, "%s", list_fault_text(finding));
	else
		(void)snprintf(comment, sizeof comment, "score %u%s%s", finding->weight,
			       finding->meaning != NULL ? ", " : "",
			       finding->meaning != NULL ? finding->meaning : "");
	authres_comment(authres, comment);
}

static void
report_none(const struct facts *facts, bool is_allow, struct authres *authres)
{
	const struct list_tally tally = facts_tally(facts, is_allow);
	char comment[64];

	if (facts->results[facts_list_method(is_allow)] != RESULT_NONE)
		return;
	authres_result(authres, method_words(facts_list_method(is_allow))->method, RESULT_NONE);
	(void)snprintf(comment, sizeof comment, "not listed, %zu lookup%s", tally.lists,
		       tally.lists == 1 ? "" : "s");
	authres_comment(authres, comment);
}

/* Tell the findings of lists of that weight; returns the next lower weight that there is, 0 when there is
 * none. */
static unsigned
report_weight(const struct facts *facts, bool is_allow, unsigned weight, struct authres *authres)
{
	struct finding_walk walk = { .facts = facts, .is_allow = is_allow };
	const struct list_finding *finding;
	unsigned lower = 0;

	while ((finding = facts_next_finding(&walk)) != NULL) {
		if (finding->weight == weight)
			report_finding(finding, (enum list_subject)walk.subject, authres);
		else if (finding->weight < weight && finding->weight > lower)
			lower = finding->weight;
	}
	return lower;
}

/* The heaviest first: they decide. */
static void
report_lists(const struct facts *facts, bool is_allow, struct authres *authres)
{
	unsigned weight = UINT_MAX;

	report_none(facts, is_allow, authres);
	do
		weight = report_weight(facts, is_allow, weight, authres);
	while (weight > 0);
}

static void
report_dnsbl(const struct facts *facts, struct authres *authres)
{
	report_lists(facts, false, authres);
}

static void
report_dnswl(const struct facts *facts, struct authres *authres)
{
	report_lists(facts, true, authres);
}

const struct telling tell_dnsbl = {
	.title = "Blocklists",
	.rank = RANK_LISTS,
	.report = report_dnsbl,
	.say = say_dnsbl,
	.put_more = put_dnsbl,
	.refuse = refuse_dnsbl,
	.advise = advise_lists,
};

const struct telling tell_dnswl = {
	.title = "Allowlists",
	.report = report_dnswl,
	.say = say_dnswl,
	.put_more = put_dnswl,
	.rank = RANK_EXCEPTION,
	.refuse = refuse_dnswl,
};
