#include "heloscope/words/answer.h"

#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/words/compose.h"
#include "heloscope/words/relayed.h"
#include "heloscope/words/table.h"

#define LISTS_MAX 200 /* octets of names of lists, after which no other is told */

/* What became of the message for the recipients for whom it was worst. */
struct outcome {
	const struct record_verdict *verdict; /* NULL: there was no recipient */
	size_t recipients;
};

static bool
is_done(const struct record_verdict *verdict)
{
	return verdict->is_enforced && verdict->pending_until == STAGE_CONNECT;
}

/* How bad it is: what was done is worse than what would be. */
static unsigned
badness_of(const struct record_verdict *verdict)
{
	static const unsigned badness[ACTIONS] = {
		[ACTION_REJECT] = 3,
		[ACTION_DEFER] = 2,
		[ACTION_QUARANTINE] = 1,
	};
	const unsigned of_action = badness[verdict->action];

	return of_action > 0 && is_done(verdict) ? of_action + ACTIONS : of_action;
}

static struct outcome
worst_of(const struct message_record *record)
{
	struct outcome worst = { NULL, 0 };

	for (size_t i = 0; i < record->recipient_count; i++) {
		const struct record_verdict *verdict = &record->verdicts[record->recipients[i].verdict];

		if (verdict->is_apart)
			continue;
		if (worst.verdict == NULL || badness_of(verdict) > badness_of(worst.verdict))
			worst = (struct outcome){ verdict, 0 };
		if (badness_of(verdict) == badness_of(worst.verdict))
			worst.recipients++;
	}
	return worst;
}

/* Whether nothing was, or would be, done about it. */
static bool
is_welcome(const struct record_verdict *verdict)
{
	return verdict != NULL && verdict->action == ACTION_ACCEPT && verdict->pending_until == STAGE_CONNECT;
}

const struct record_verdict *
answer_worst_of(const struct message_record *record)
{
	return worst_of(record).verdict;
}

unsigned
answer_explained(const struct message_record *record)
{
	return is_welcome(answer_worst_of(record)) ? relayed_methods(record->facts) : 0;
}

static const char *
participle_of(enum action action)
{
	static const char *const participles[ACTIONS] = {
		[ACTION_ACCEPT] = "accepted",
		[ACTION_REJECT] = "rejected",
		[ACTION_DEFER] = "deferred",
		[ACTION_QUARANTINE] = "quarantined",
	};

	return participles[action] != NULL ? participles[action] : "accepted";
}

bool
answer_is_lost(const struct message_record *record)
{
	const struct outcome worst = worst_of(record);

	if (worst.verdict == NULL)
		return false;
	return worst.verdict->pending_until != STAGE_CONNECT
	       || (record->is_unfinished
		   && !(action_refuses(worst.verdict->action) && worst.verdict->is_enforced));
}

bool
answer_is_held(const struct message_record *record)
{
	for (size_t i = 0; i < record->recipient_count && !record->is_unfinished; i++) {
		const struct record_verdict *verdict = &record->verdicts[record->recipients[i].verdict];

		if (verdict->action == ACTION_QUARANTINE && is_done(verdict) && !verdict->is_apart)
			return true;
	}
	return false;
}

static void
add_share(const struct message_record *record, const struct outcome *outcome, struct strbuf *text)
{
	if (outcome->verdict->action == ACTION_QUARANTINE && is_done(outcome->verdict))
		return; /* the MTA holds the message, for all of them */
	if (outcome->recipients < record->recipient_count)
		strbuf_printf(text, " for %zu of %zu recipients", outcome->recipients,
			      record->recipient_count);
}

/* What is wrong. */

struct failures {
	enum method worst; /* METHODS: nothing failed */
	unsigned failed, unknown;
};

/* But for those of `explained` methods. */
static struct failures
failures_of(const struct facts *facts, unsigned explained)
{
	struct failures failures = { METHODS, 0, 0 };

	for (int i = 0; i < METHODS; i++) {
		const enum method method = (enum method)i;
		const enum telling_rank rank = telling_of(method)->rank;

		failures.unknown += facts->results[method] == RESULT_TEMPERROR;
		if (!result_is_bad(facts->results[method]) || rank < RANK_LAST
		    || (explained & 1U << method) != 0)
			continue;
		failures.failed++;
		if (failures.worst == METHODS || rank > telling_of(failures.worst)->rank)
			failures.worst = method;
	}
	return failures;
}

static struct reply_grounds
grounds_of(const struct record_verdict *verdict)
{
	return (struct reply_grounds){
		.facts = verdict->facts,
		.reasons = &verdict->reasons,
		.own_text = verdict->text,
		.withheld = verdict->withheld,
		.is_apart = verdict->is_apart,
	};
}

void
answer_first_cause(const struct record_verdict *verdict, struct strbuf *found, struct strbuf *remedy)
{
	const struct reply_grounds grounds = grounds_of(verdict);

	compose_first_cause(&grounds, found, remedy);
}

struct cause_summary
answer_causes(const struct record_verdict *verdict)
{
	const struct reply_grounds grounds = grounds_of(verdict);

	return compose_causes(&grounds);
}

bool
answer_cause(const struct record_verdict *verdict, size_t number, struct told_cause *told)
{
	const struct reply_grounds grounds = grounds_of(verdict);

	return compose_cause(&grounds, number, told);
}

void
answer_more_causes(const struct record_verdict *verdict, const char *where, struct strbuf *text)
{
	const struct cause_summary causes = answer_causes(verdict);

	if (causes.count < 2)
		return;
	if (causes.is_cut)
		strbuf_add(text, " There are more causes");
	else
		strbuf_printf(text,
			      causes.count == 2 ? " There is %zu more cause" : " There are %zu more causes",
			      causes.count - 1);
	if (where != NULL)
		strbuf_printf(text, " (see \"%s\", below)", where);
	strbuf_printf(text, "%s%s.", causes.joint[0] != '\0' ? "; " : "", causes.joint);
}

/* Where the causes besides the first stand. A reply may only count some; but all that can be fixed stand
 * where explain says how. */
static const char *
place_of_causes(const struct record_verdict *verdict, const char *reply)
{
	struct told_cause told;
	bool is_each_fixable = reply != NULL;

	for (size_t number = 0; is_each_fixable && answer_cause(verdict, number, &told); number++)
		is_each_fixable = told.can_be_fixed;
	return is_each_fixable ? ANSWER_REMEDIES : reply;
}

/* Of a refusal the cause that its reply tells first. */
static void
add_cause(const struct record_verdict *verdict, const char *where, struct strbuf *text)
{
	char found_memory[RECORD_REPLY_SIZE], remedy_memory[RECORD_REPLY_SIZE];
	struct strbuf found, remedy;

	strbuf_init(&found, found_memory, sizeof found_memory);
	strbuf_init(&remedy, remedy_memory, sizeof remedy_memory);
	answer_first_cause(verdict, &found, &remedy);
	strbuf_add_escaped(text, span_of(found_memory), RECORD_REPLY_SIZE);
	strbuf_add(text, remedy.length > 0 ? " " : "");
	strbuf_add_escaped(text, span_of(remedy_memory), RECORD_REPLY_SIZE);
	answer_more_causes(verdict, place_of_causes(verdict, where), text);
}

/* "The checks spf and dnsbl could not be completed (temperror)." */
static void
add_unknown(const struct facts *facts, unsigned count, struct strbuf *text)
{
	unsigned told = 0;

	strbuf_printf(text, " The check%s", count == 1 ? "" : "s");
	for (int method = 0; method < METHODS; method++) {
		if (facts->results[method] != RESULT_TEMPERROR)
			continue;
		told++;
		strbuf_printf(text, "%s %s",
			      told == 1       ? ""
			      : told == count ? " and"
					      : ",",
			      method_words((enum method)method)->policy_word);
	}
	strbuf_add(text, " could not be completed (temperror).");
}

/* Whether a finding before this one is of the same list, and could not be had either. */
static bool
is_named(const struct list_facts *lists, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (lists->findings[i].state == LIST_FAULT
		    && strcmp(lists->findings[i].zone, lists->findings[index].zone) == 0)
			return true;
	return false;
}

/* "wl.test, dead.test": lists of a kind that told nothing of this client, or of what else was looked up. */
static void
add_faulty_lists(const struct facts *facts, bool is_allow, struct strbuf *names)
{
	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		const struct list_facts *lists = &facts->lists[subject];

		for (size_t i = 0; i < lists->count; i++) {
			const struct list_finding *finding = &lists->findings[i];

			if (finding->state != LIST_FAULT || finding->is_allow != is_allow
			    || is_named(lists, i) || names->length > LISTS_MAX)
				continue;
			strbuf_add(names, names->length > 0 ? ", " : "");
			telling_add(names, finding->zone);
		}
	}
}

/* "dnswl (wl.test)"; nothing where lists are concerned of which none failed. */
static void
add_lacking_check(const struct facts *facts, enum method method, struct strbuf *check)
{
	const bool is_list = method == METHOD_DNSBL || method == METHOD_DNSWL;
	char memory[LISTS_MAX + DOMAIN_SIZE];
	struct strbuf names = STRBUF_OVER(memory);

	if (is_list)
		add_faulty_lists(facts, method == METHOD_DNSWL, &names);
	if (is_list && names.length == 0 && facts->results[method] != RESULT_TEMPERROR)
		return;
	strbuf_add(check, method_words(method)->policy_word);
	if (names.length > 0)
		strbuf_printf(check, " (%s)", memory);
}

void
answer_add_lacking(const struct record_verdict *verdict, struct strbuf *text)
{
	unsigned told = 0;

	for (int method = 0; method < METHODS; method++) {
		char memory[LISTS_MAX + DOMAIN_SIZE + 32];
		struct strbuf check = STRBUF_OVER(memory);

		if ((verdict->undecided_methods & 1U << method) != 0)
			add_lacking_check(verdict->facts, (enum method)method, &check);
		if (check.length > 0)
			strbuf_printf(text, "%s%s", told++ > 0 ? " and " : "", memory);
	}
	if (told == 0)
		strbuf_add(text, "what it needs");
}

/* Of mail that was not refused what would be said first if it were; but for what fails because somebody sent
 * it on. */
static void
add_failures(const struct message_record *record, bool is_undecided, enum telling_reader reader,
	     struct strbuf *text)
{
	const struct facts *facts = record->facts;
	const bool is_accepted = is_welcome(answer_worst_of(record)) && !answer_is_lost(record);
	const unsigned explained = is_accepted ? relayed_tell(facts, text) : 0;
	const struct failures failures = failures_of(facts, explained);

	if (explained != 0)
		strbuf_add(text, failures.failed > 0 ? " Nothing needs to be done about that."
						     : " Nothing needs to be done.");
	if (failures.failed > 0) {
		strbuf_printf(text, " %u %scheck%s failed%s%s: ", failures.failed,
			      explained != 0 ? "other " : "", failures.failed == 1 ? "" : "s",
			      is_accepted ? ", though" : "",
			      reader == READER_HERE ? "; tell the sender" : "");
		telling_of(failures.worst)->refuse(NULL, facts, text);
	} else if (is_undecided) {
		return; /* which told what could not be completed */
	} else if (failures.unknown > 0) {
		add_unknown(facts, failures.unknown, text);
	} else if (explained != 0) {
		return;
	} else if (facts_lacks_client(facts)) {
		strbuf_add(text, " The client behind the gateway is not known");
		strbuf_add(text, facts_escapes_rules(facts) ? ", so no rule was applied." : ".");
	} else if (facts->client.is_trusted) {
		strbuf_add(text, " The client is trusted, so nothing was looked up.");
	} else {
		strbuf_add(text, is_accepted ? " All is well: no check found anything wrong."
					     : " No check found anything wrong.");
	}
}

/* To the administrator. */

static void
add_rule(const struct record_verdict *verdict, struct strbuf *text)
{
	if (verdict->rule == NULL)
		return;
	strbuf_add(text, verdict->pending_until != STAGE_CONNECT ? " because of " : ", by ");
	telling_add_place(text, verdict->rule);
}

/* What would become of a message that was only tried. */
static void
add_trial(const struct message_record *record, const struct outcome *outcome, struct strbuf *text)
{
	const struct record_verdict *verdict = outcome->verdict;
	const char *participle = participle_of(verdict->action);

	if (verdict->pending_until != STAGE_CONNECT)
		strbuf_add(text, "What becomes of this mail depends on its content (use --message)");
	else if (verdict->is_enforced || verdict->action == ACTION_ACCEPT)
		strbuf_printf(text, "This mail would be %s", participle);
	else if (verdict->overruled != OVERRULED_NOT)
		strbuf_printf(
			text,
			"This mail would be %s because of another recipient (there is one reply for all); otherwise it would be %s",
			verdict->overruled == OVERRULED_BY_DEFERRAL ? "deferred" : "accepted", participle);
	else
		strbuf_printf(text,
			      "This mail would be accepted in mode audit; in mode enforce it would be %s",
			      participle);
	add_share(record, outcome, text);
}

/* "Rejected", or what was done in place of it. */
static void
add_outcome(const struct message_record *record, const struct outcome *outcome, struct strbuf *text)
{
	const struct record_verdict *verdict = outcome->verdict;
	const char *participle = participle_of(verdict->action);

	if (verdict->pending_until != STAGE_CONNECT) {
		strbuf_add(text, "Not decided: the message ended before its content came, which is needed");
		return;
	}
	if (answer_is_lost(record))
		strbuf_printf(
			text,
			"Not finished: the client gave up, or the mail server refused the message itself, or took it and redirected or discarded it by a rule of its own, such as header_checks (its log says which). The filter would have %s it%s",
			participle,
			verdict->is_enforced || verdict->action == ACTION_ACCEPT ? "" : " in mode enforce");
	else if (verdict->is_enforced || verdict->action == ACTION_ACCEPT)
		strbuf_printf(text, "%c%s", participle[0] - 'a' + 'A', participle + 1);
	else
		strbuf_printf(
			text, "%s, %s %s",
			verdict->overruled == OVERRULED_BY_DEFERRAL ? "Deferred" : "Accepted",
			verdict->overruled == OVERRULED_BY_DEFERRAL
				? "because it is deferred for another recipient (there is one reply for all); otherwise it would have been"
			: verdict->overruled == OVERRULED_BY_ACCEPTANCE
				? "because it is accepted for another recipient (there is one reply for all); otherwise it would have been"
				: "but in mode enforce it would have been",
			participle);
	add_share(record, outcome, text);
}

/* The rule that may have let through what it should not. */
static void
add_undecided(const struct record_verdict *verdict, struct strbuf *text)
{
	if (verdict->undecided == NULL)
		return;
	strbuf_add(text, " It is not known whether ");
	telling_add_place(text, verdict->undecided);
	strbuf_printf(text, " applies, which would %s it, because ", action_word(verdict->undecided_action));
	answer_add_lacking(verdict, text);
	strbuf_add(text, " could not be completed.");
}

/* Why it is deferred in place of something else: the rule that was told, or one before it. */
static const char *
why_softened(const struct record_verdict *verdict)
{
	if (!verdict->is_softened)
		return ".";
	return verdict->withheld != DNS_NOERROR
		       ? "; it is not known whether this rule applies."
		       : "; not rejected, because it is not known whether an \"accept\" rule before it applies.";
}

static void
tell(const struct message_record *record,
     void (*add)(const struct message_record *record, const struct outcome *outcome, struct strbuf *text),
     struct strbuf *text)
{
	const struct outcome outcome = worst_of(record);

	if (outcome.verdict == NULL) {
		strbuf_add(text, "Nothing was decided: no recipient was named.");
		return;
	}
	add(record, &outcome, text);
	add_rule(outcome.verdict, text);
	strbuf_add(text, why_softened(outcome.verdict));
	add_undecided(outcome.verdict, text);
	if (outcome.verdict->action == ACTION_QUARANTINE && outcome.verdict->pending_until == STAGE_CONNECT
	    && !answer_is_lost(record)) {
		strbuf_add(
			text,
			" Such mail is accepted from the sender, but the MTA is told to hold it: nobody receives it unless it is released. The reason: ");
		add_cause(outcome.verdict, NULL, text);
	} else if (action_refuses(outcome.verdict->action)) {
		const bool is_told = add == add_outcome && outcome.verdict->is_enforced;

		strbuf_add(text, outcome.verdict->is_enforced ? " Tell the sender: "
							      : " The sender would be told: ");
		add_cause(outcome.verdict, is_told ? ANSWER_TOLD : ANSWER_WOULD_BE_TOLD, text);
	} else {
		add_failures(record, outcome.verdict->undecided != NULL, READER_HERE, text);
	}
}

void
answer_tell(const struct message_record *record, struct strbuf *text)
{
	tell(record, add_outcome, text);
}

void
answer_tell_trial(const struct message_record *record, struct strbuf *text)
{
	tell(record, add_trial, text);
}

/* To the sender. */

/* What became of it; true when it was refused by the verdict itself, or held. */
static bool
add_fate(const struct message_record *record, const struct outcome *outcome, struct strbuf *text)
{
	const struct record_verdict *verdict = outcome->verdict;

	if (verdict == NULL || verdict->pending_until != STAGE_CONNECT) {
		strbuf_add(text, "ended before it was accepted or refused.");
		return false;
	}
	if (is_done(verdict) && action_refuses(verdict->action)) {
		strbuf_printf(text, "was %s", participle_of(verdict->action));
		add_share(record, outcome, text);
		strbuf_add(text,
			   verdict->action == ACTION_DEFER ? ", and your mail server will try again." : ".");
		return true;
	}
	if (answer_is_lost(record)) {
		strbuf_add(
			text,
			"was not seen to its end by our mail filter: your mail server gave up, or our mail server refused it for something else, or accepted it and redirected or discarded it by a rule of its own. If our mail server answered, its answer is in your mail server's log and says whether it accepted the message.");
		return false;
	}
	if (answer_is_held(record)) {
		strbuf_add(
			text,
			"was accepted, but held (quarantined): nobody receives it unless our postmaster releases it. The reason: ");
		return true;
	}
	strbuf_add(text, verdict->overruled == OVERRULED_BY_DEFERRAL
				 ? "was deferred, and your mail server will try again."
				 : "was accepted.");
	return false;
}

void
answer_tell_sender(const struct message_record *record, struct strbuf *text)
{
	const struct outcome outcome = worst_of(record);
	char time[CLOCK_TEXT_SIZE];

	strbuf_printf(text, "Your message of %s from <", clock_format(record->time_s, time));
	telling_add(text, record->facts->sender.mailbox.text);
	strbuf_add(text, "> ");
	if (!add_fate(record, &outcome, text)) {
		add_failures(record, false, READER_SENDER, text);
	} else {
		const bool is_held = outcome.verdict->action == ACTION_QUARANTINE;

		strbuf_add(text, is_held ? "" : " ");
		add_cause(outcome.verdict, is_held ? NULL : ANSWER_ANSWERED, text);
	}
}
