#include "heloscope/checks/truth.h"

#include <string.h>

#include "heloscope/config/words.h"
#include "heloscope/facts/forwarding.h"

static enum truth
truth_from(bool is_true)
{
	return is_true ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth
negated(enum truth truth)
{
	return (enum truth)(TRUTH_TRUE - truth);
}

static enum truth
lesser(enum truth a, enum truth b)
{
	return a < b ? a : b;
}

static enum truth
greater(enum truth a, enum truth b)
{
	return a > b ? a : b;
}

/* A temperror, or a check that did not run, may hide any result. */
static enum truth
result_truth(const struct condition *condition, enum result result)
{
	const bool names_temperror = (condition->results & 1U << RESULT_TEMPERROR) != 0;

	if (result == RESULT_UNCHECKED)
		return TRUTH_UNKNOWN;
	if (result == RESULT_TEMPERROR && !names_temperror)
		return TRUTH_UNKNOWN;
	return truth_from((condition->results & 1U << result) != 0);
}

bool
truth_compares(unsigned value, enum compare compare, unsigned number)
{
	switch (compare) {
	case COMPARE_LESS:
		return value < number;
	case COMPARE_AT_MOST:
		return value <= number;
	case COMPARE_EQUAL:
		return value == number;
	case COMPARE_DIFFERENT:
		return value != number;
	case COMPARE_AT_LEAST:
		return value >= number;
	case COMPARE_MORE:
		break;
	}
	return value > number;
}

/* A number that faults may make larger is unknown when that would change the answer. */
static enum truth
quantity_truth(const struct condition *condition, const struct facts *facts)
{
	const struct list_tally tally = facts_tally(facts, condition->quantity == QUANTITY_DNSWL);
	const bool is_operators = condition->quantity == QUANTITY_DNSBL_OPERATORS;
	const unsigned known = is_operators ? tally.operators : tally.score;
	const unsigned hidden = is_operators ? tally.unknown_operators : tally.unknown_score;
	const bool is_true = truth_compares(known, condition->compare, condition->number);

	for (unsigned value = known + 1; value <= known + hidden; value++)
		if (truth_compares(value, condition->compare, condition->number) != is_true)
			return TRUTH_UNKNOWN;
	return truth_from(is_true);
}

/* Whether an address fits "local@domain", "local@*", "*@domain", "*@*.domain" or "" (the null sender). */
static bool
address_matches(const struct mailbox *mailbox, const char *pattern)
{
	const char *at = strrchr(pattern, '@');
	const struct span local = { pattern, at != NULL ? (size_t)(at - pattern) : strlen(pattern) };

	if (pattern[0] == '\0')
		return mailbox->form == MAILBOX_NULL;
	if (mailbox->form == MAILBOX_NULL)
		return false;
	if (!span_equals(local, SPAN("*")) && !span_equals_nocase(span_of(mailbox->local), local))
		return false;
	/* "postmaster" without a domain is one of ours, whatever our domains are (RFC 5321, 4.5.1). */
	if (at == NULL)
		return mailbox->form == MAILBOX_LOCAL_ONLY || mailbox->is_completed;
	return domain_matches(span_of(mailbox->domain), span_of(at + 1));
}

/* A verified name of the client that fits; NULL: none. */
static const char *
find_client_name(const struct facts *facts, const char *pattern)
{
	for (size_t i = 0; i < facts->iprev.count; i++)
		if (facts->iprev.names[i].is_verified
		    && domain_matches(span_of(facts->iprev.names[i].name), span_of(pattern)))
			return facts->iprev.names[i].name;
	return NULL;
}

const char *
truth_client_name(const struct condition *test, const struct facts *facts)
{
	const char *name = NULL;

	for (size_t i = 0; i < test->texts.count && name == NULL; i++)
		name = find_client_name(facts, test->texts.items[i]);
	return name;
}

/* The HELO name as the DNS has it, else as it was said. */
static struct span
helo_span(const struct facts *facts)
{
	return span_of(facts->helo.name[0] != '\0' ? facts->helo.name : facts->helo.given);
}

static bool
text_matches(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient,
	     const char *pattern)
{
	switch (condition->subject) {
	case SUBJECT_RECIPIENT:
		return address_matches(recipient, pattern);
	case SUBJECT_MAIL_FROM:
		return address_matches(&facts->sender.mailbox, pattern);
	case SUBJECT_HELO_NAME:
		return facts->helo.given != NULL && domain_matches(helo_span(facts), span_of(pattern));
	case SUBJECT_DKIM_DOMAIN:
		return facts_is_signed_by(facts, pattern);
	case SUBJECT_FROM:
		return facts->author.finding == AUTHOR_ONE
		       && domain_matches(span_of(facts->author.domain), span_of(pattern));
	case SUBJECT_ARC_SEALER:
		return facts_is_sealed_by(facts, pattern);
	case SUBJECT_DMARC_POLICY:
	case SUBJECT_CLIENT_NAME:
	case SUBJECTS:
		break;
	}
	return find_client_name(facts, pattern) != NULL;
}

/* Whether there may be a name that fits beside those that were found. Signatures and seals tell theirs. */
static bool
may_hide(const struct facts *facts, enum method method, const char *pattern)
{
	const enum result result = facts->results[method];

	if (method == METHOD_DMARC) /* of which only From is asked, that needs no lookup */
		return facts->author.finding == AUTHOR_UNCHECKED;
	if (result == RESULT_UNCHECKED)
		return true;
	if (method == METHOD_DKIM)
		return facts_may_be_signed_by(facts, pattern);
	if (method == METHOD_ARC)
		return facts_may_be_sealed_by(facts, pattern);
	return result == RESULT_TEMPERROR || facts->withheld[method] != DNS_NOERROR;
}

/* Whether it asks for an address that can be read in too many ways; the bound for which it is not known. */
static enum dns_status
address_withheld(const struct condition *condition, const struct facts *facts,
		 const struct mailbox *recipient)
{
	if (condition->kind != CONDITION_TEXT)
		return DNS_NOERROR;
	if (condition->subject == SUBJECT_MAIL_FROM && facts->sender.mailbox.form == MAILBOX_UNREAD)
		return DNS_SENDER_UNREAD;
	if (condition->subject == SUBJECT_RECIPIENT && recipient->form == MAILBOX_UNREAD)
		return DNS_RECIPIENT_UNREAD;
	return DNS_NOERROR;
}

static enum truth
text_truth(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	const enum method method = config_subject_method(condition->subject);
	enum truth truth = TRUTH_FALSE;

	if (address_withheld(condition, facts, recipient) != DNS_NOERROR)
		return TRUTH_UNKNOWN;
	for (size_t i = 0; i < condition->texts.count; i++)
		if (text_matches(condition, facts, recipient, condition->texts.items[i]))
			return TRUTH_TRUE;
		else if (method != METHODS && may_hide(facts, method, condition->texts.items[i]))
			truth = TRUTH_UNKNOWN;
	return truth;
}

static enum truth
author_truth(const struct condition *condition, const struct facts *facts)
{
	const enum author_finding finding = facts->author.finding;

	return finding == AUTHOR_UNCHECKED ? TRUTH_UNKNOWN
					   : truth_from((condition->words & 1U << author_kind(finding)) != 0);
}

/* What the author's domain wants counts where DMARC fails. Where that is not known, the policy may still be:
 * then it is nothing else, whatever DMARC comes to. */
static enum truth
policy_truth(const struct condition *condition, const struct facts *facts)
{
	const enum result result = facts->results[METHOD_DMARC];
	const bool is_known = facts->dmarc.evaluated <= DMARC_REJECT;

	if (result != RESULT_FAIL && result != RESULT_TEMPERROR)
		return TRUTH_FALSE;
	if (is_known && (condition->words & 1U << facts->dmarc.evaluated) == 0)
		return TRUTH_FALSE;
	return is_known && result == RESULT_FAIL ? TRUTH_TRUE : TRUTH_UNKNOWN;
}

static enum truth
sealer_truth(const struct condition *condition, const struct facts *facts)
{
	const unsigned standings = facts_arc_standings(facts), fitting = standings & condition->words;

	return fitting != 0 && fitting != standings ? TRUTH_UNKNOWN : truth_from(fitting != 0);
}

static enum truth
word_truth(const struct condition *condition, const struct facts *facts)
{
	if (condition->subject == SUBJECT_FROM)
		return author_truth(condition, facts);
	if (facts->results[config_subject_method(condition->subject)] == RESULT_UNCHECKED)
		return TRUTH_UNKNOWN;
	return condition->subject == SUBJECT_ARC_SEALER ? sealer_truth(condition, facts)
							: policy_truth(condition, facts);
}

static enum truth
listed_truth(const struct condition *condition, const struct facts *facts)
{
	enum truth truth = TRUTH_FALSE;

	for (int subject = 0; subject < LIST_SUBJECTS; subject++) {
		const struct list_facts *lists = &facts->lists[subject];

		for (size_t i = 0; i < lists->count; i++) {
			const struct list_finding *finding = &lists->findings[i];

			for (size_t j = 0; j < condition->texts.count; j++)
				if (strcmp(condition->texts.items[j], finding->zone) == 0)
					truth = greater(truth, finding->state == LIST_LISTED  ? TRUTH_TRUE
							       : finding->state == LIST_FAULT ? TRUTH_UNKNOWN
											      : TRUTH_FALSE);
		}
	}
	return truth;
}

static enum truth
forwarding_truth(enum forwarding forwarding)
{
	static const enum truth truths[] = {
		[FORWARDING_NONE] = TRUTH_FALSE,
		[FORWARDING_UNKNOWN] = TRUTH_UNKNOWN,
		[FORWARDING_LIKELY] = TRUTH_TRUE,
	};

	return truths[forwarding];
}

/* Whether a test asks for what rests on a client who cannot be told from what a gateway wrote. */
static bool
asks_for_withheld_client(const struct condition *condition, const struct facts *facts)
{
	const bool has_subject = condition->kind == CONDITION_TEXT || condition->kind == CONDITION_WORD;

	if (!facts_withholds_client(facts) || (has_subject && condition->subject == SUBJECT_FROM))
		return false;
	if (condition->kind == CONDITION_CLIENT || condition->kind == CONDITION_TRUSTED
	    || condition->kind == CONDITION_LOOKS_FORWARDED
	    || (has_subject && condition->subject == SUBJECT_HELO_NAME))
		return true;
	for (int method = 0; method < METHODS; method++)
		if ((config_test_methods(condition) & 1U << method) != 0
		    && facts_is_groundless(facts, (enum method)method))
			return true;
	return false;
}

static enum truth
test_truth(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	if (asks_for_withheld_client(condition, facts))
		return TRUTH_UNKNOWN;
	switch (condition->kind) {
	case CONDITION_TRUSTED:
		return truth_from(facts->client.is_trusted);
	case CONDITION_AUTHENTICATED:
		return truth_from(facts->client.is_authenticated);
	case CONDITION_LOOKS_FORWARDED:
		return forwarding_truth(facts_forwarding(facts));
	case CONDITION_RESULT:
		return facts_is_groundless(facts, condition->method)
			       ? TRUTH_UNKNOWN
			       : result_truth(condition, facts->results[condition->method]);
	case CONDITION_QUANTITY:
		return quantity_truth(condition, facts);
	case CONDITION_TEXT:
		return text_truth(condition, facts, recipient);
	case CONDITION_WORD:
		return word_truth(condition, facts);
	case CONDITION_CLIENT:
		return truth_from(network_set_contains(&condition->networks, &facts->client.address));
	case CONDITION_LISTED:
		return listed_truth(condition, facts);
	case CONDITION_AND:
	case CONDITION_OR:
	case CONDITION_NOT:
		break;
	}
	return TRUTH_UNKNOWN;
}

/* Whether a condition, which is a test, looks at what such a list says. */
static bool
looks_at(const struct condition *condition, const struct list_finding *finding)
{
	switch (condition->kind) {
	case CONDITION_LISTED:
		for (size_t i = 0; i < condition->texts.count; i++)
			if (strcmp(condition->texts.items[i], finding->zone) == 0)
				return true;
		return false;
	case CONDITION_QUANTITY:
		return finding->is_allow == (condition->quantity == QUANTITY_DNSWL);
	case CONDITION_RESULT:
		return condition->method == facts_list_method(finding->is_allow);
	case CONDITION_TRUSTED:
	case CONDITION_AUTHENTICATED:
	case CONDITION_LOOKS_FORWARDED:
	case CONDITION_TEXT:
	case CONDITION_WORD:
	case CONDITION_CLIENT:
	case CONDITION_AND:
	case CONDITION_OR:
	case CONDITION_NOT:
		break;
	}
	return false;
}

/*
 * What was withheld of a method of which a condition asks. By names of their own all can have what result of
 * DKIM and ARC they like, so that nobody gains by one that cannot be looked up: it is a fault as others. In
 * the name of somebody else they cannot.
 */
static enum dns_status
method_withheld(const struct condition *condition, const struct facts *facts, enum method method)
{
	const bool is_of_anybody = condition->kind == CONDITION_RESULT && method != METHOD_DMARC;
	const enum dns_status status = facts->withheld[method];

	return status == DNS_CHOSEN_NAME && is_of_anybody ? DNS_NOERROR : status;
}

/* The bound, the first of several, for which nobody knows what a condition, which is a test, asks for. */
static enum dns_status
test_withheld(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	enum dns_status status = asks_for_withheld_client(condition, facts)
					 ? DNS_CLIENT_UNREAD
					 : address_withheld(condition, facts, recipient);

	for (int method = 0; status == DNS_NOERROR && method < METHODS; method++)
		if ((config_test_methods(condition) & 1U << method) != 0)
			status = method_withheld(condition, facts, (enum method)method);
	for (int subject = 0; subject < LIST_SUBJECTS; subject++)
		for (size_t i = 0; status == DNS_NOERROR && i < facts->lists[subject].count; i++)
			if (looks_at(condition, &facts->lists[subject].findings[i]))
				status = list_finding_withheld(&facts->lists[subject].findings[i]);
	return status;
}

enum dns_status
truth_withheld(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	enum dns_status status = DNS_NOERROR;

	for (size_t i = 0; status == DNS_NOERROR && i < condition->operand_count; i++)
		status = truth_withheld(condition->operands[i], facts, recipient);
	if (condition->operand_count == 0 && test_truth(condition, facts, recipient) == TRUTH_UNKNOWN)
		status = test_withheld(condition, facts, recipient);
	return status;
}

/* What a test comes to without the names of the sender's choice: nothing vouches for the message by them. */
static enum truth
truth_without_chosen(const struct condition *condition, const struct facts *facts)
{
	const unsigned policy = facts->dmarc.evaluated;

	if (condition->kind == CONDITION_RESULT) /* of DMARC */
		return truth_from((condition->results & 1U << RESULT_FAIL) != 0);
	if (condition->kind != CONDITION_WORD)
		return TRUTH_FALSE;
	if (condition->subject == SUBJECT_ARC_SEALER)
		return truth_from((condition->words & 1U << ARC_WORTHLESS) != 0);
	return policy > DMARC_REJECT ? TRUTH_UNKNOWN : truth_from((condition->words & 1U << policy) != 0);
}

/* What an unknown test is guessed to be; unknown when nothing was withheld, or without the name that was
 * chosen it would be something else: then nobody gained by that. */
static enum truth
guess_withheld(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient,
	       enum truth guess)
{
	const enum dns_status status = test_withheld(condition, facts, recipient);
	enum truth without;

	if (status == DNS_NOERROR)
		return TRUTH_UNKNOWN;
	if (status != DNS_CHOSEN_NAME)
		return guess;
	without = truth_without_chosen(condition, facts);
	without = condition->is_negated ? negated(without) : without;
	return without == TRUTH_UNKNOWN || without == guess ? guess : TRUTH_UNKNOWN;
}

static const struct guess no_guess = { TRUTH_UNKNOWN, TRUTH_UNKNOWN, TRUTH_UNKNOWN };

/* Whether a condition, which is a test, looks at a list of which nothing is known. */
static bool
lacks_list(const struct condition *condition, const struct facts *facts)
{
	for (int subject = 0; subject < LIST_SUBJECTS; subject++)
		for (size_t i = 0; i < facts->lists[subject].count; i++)
			if (facts->lists[subject].findings[i].fault == LIST_FAULT_UNASKED
			    && looks_at(condition, &facts->lists[subject].findings[i]))
				return true;
	return false;
}

/* The author, whom DMARC is asked for, is known as soon as signatures are. */
static bool
has_author(const struct condition *condition, const struct facts *facts)
{
	return (condition->kind == CONDITION_TEXT || condition->kind == CONDITION_WORD)
	       && condition->subject == SUBJECT_FROM && facts->author.finding != AUTHOR_UNCHECKED
	       && facts->results[METHOD_DKIM] != RESULT_UNCHECKED;
}

/* Whether what is awaited can still change a test that comes to `truth` now. */
static bool
is_awaited(const struct condition *condition, const struct facts *facts, enum truth truth)
{
	const unsigned awaited = config_test_methods(condition) & facts_awaited(facts);
	const unsigned lists = 1U << METHOD_DNSBL | 1U << METHOD_DNSWL;

	if (awaited == 0 || has_author(condition, facts))
		return false;
	if (condition->kind == CONDITION_LOOKS_FORWARDED)
		return truth == TRUTH_UNKNOWN;
	if ((awaited & lists) == 0)
		return true;
	/* One listing is enough for a result, which else is a fault as long as lists are missing. */
	if (condition->kind == CONDITION_RESULT && facts->results[condition->method] != RESULT_TEMPERROR)
		return false;
	return (condition->kind == CONDITION_RESULT || truth == TRUTH_UNKNOWN)
	       && lacks_list(condition, facts);
}

/*
 * Whether a test asks a check that is not made for this message, as one that is disabled, or any of a client
 * who is trusted; one that was awaited has been dealt with. Lists that were not asked are not listings.
 */
static bool
is_unmade(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	const unsigned methods = condition->kind == CONDITION_LOOKS_FORWARDED
					 ? FORWARDING_NEEDED
					 : config_test_methods(condition);

	if (condition->kind == CONDITION_LISTED || condition->kind == CONDITION_QUANTITY
	    || test_withheld(condition, facts, recipient) != DNS_NOERROR)
		return false;
	for (int method = 0; method < METHODS; method++)
		if ((methods & 1U << method) != 0 && facts->results[method] == RESULT_UNCHECKED)
			return true;
	return false;
}

static enum truth
guessed_truth(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient,
	      struct guess guess)
{
	const enum truth truth = test_truth(condition, facts, recipient);

	if (is_awaited(condition, facts, truth))
		return guess.awaited;
	if (truth == TRUTH_UNKNOWN && is_unmade(condition, facts, recipient))
		return guess.unmade;
	if (truth == TRUTH_UNKNOWN)
		return guess_withheld(condition, facts, recipient, guess.withheld);
	return condition->is_negated ? negated(truth) : truth;
}

enum truth
truth_by_guess(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient,
	       struct guess guess)
{
	const struct guess opposite = { negated(guess.withheld), negated(guess.awaited),
					negated(guess.unmade) };
	enum truth (*const better)(enum truth a, enum truth b) =
		condition->kind == CONDITION_AND ? lesser : greater;
	enum truth truth = condition->kind == CONDITION_AND ? TRUTH_TRUE : TRUTH_FALSE;

	switch (condition->kind) {
	case CONDITION_AND:
	case CONDITION_OR:
		for (size_t i = 0; i < condition->operand_count; i++)
			truth = better(truth,
				       truth_by_guess(condition->operands[i], facts, recipient, guess));
		return truth;
	case CONDITION_NOT:
		return negated(truth_by_guess(condition->operands[0], facts, recipient, opposite));
	default:
		return guessed_truth(condition, facts, recipient, guess);
	}
}

enum truth
truth_of(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	return truth_by_guess(condition, facts, recipient, no_guess);
}
