/* compose_reply: what the sender is told. See compose.h. */
#include "heloscope/words/compose.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/config/contact.h"
#include "heloscope/config/words.h"
#include "heloscope/words/reasons.h"
#include "heloscope/words/table.h"
#include "heloscope/words/withheld.h"

#define TEXT_SIZE (SMTP_REPLY_LINES * (COMPOSE_CAUSE_SIZE + 8) + 800)

/* Why mail is refused, and what is said of it. */
struct cause {
	enum telling_rank rank;
	unsigned reasons; /* as bits: those of the refusal that read so */
	bool is_enough;   /* without it the mail would not be refused */
	bool has_advice;  /* it is a policy, about which the sender can do something */
	enum method method;
	char text[COMPOSE_CAUSE_SIZE];
};

struct causes {
	const struct reasons *reasons;
	struct cause items[REASONS_MAX];
	size_t count;
};

/* Choosing causes. */

static bool
is_remediable(const struct cause *cause)
{
	return cause->rank >= RANK_LAST;
}

/* Add a cause; what reads alike is one. */
static void
add_cause(struct causes *causes, const struct cause *cause)
{
	for (size_t i = 0; i < causes->count; i++) {
		if (strcmp(causes->items[i].text, cause->text) != 0)
			continue;
		causes->items[i].reasons |= cause->reasons;
		return;
	}
	causes->items[causes->count++] = *cause;
}

/* Whether the mail would still be refused without those reasons. */
static bool
remains_refused(const struct causes *causes, unsigned gone)
{
	return reasons_remain(causes->reasons, gone);
}

/* Whose code a reason has, and whose advice; METHODS: those of a policy. */
static enum method
method_of(const struct reason *reason, enum telling_rank rank)
{
	if (rank == RANK_LISTS)
		return METHOD_DNSBL;
	return reason->kind == CONDITION_WORD ? config_subject_method(reason->subject) : reason->method;
}

static void
find_causes(const struct reply_grounds *grounds, struct causes *causes)
{
	*causes = (struct causes){ .reasons = grounds->reasons };
	for (size_t i = 0; i < grounds->reasons->count; i++) {
		const struct reason *reason = &grounds->reasons->items[i];
		struct cause cause = {
			.rank = reason_rank(reason, grounds->facts),
			.reasons = 1U << i,
		};
		struct strbuf text;

		cause.method = method_of(reason, cause.rank);
		strbuf_init(&text, cause.text, sizeof cause.text);
		reason_refuse(reason, grounds->config, grounds->facts, &text);
		cause.has_advice = reason_advise(reason, grounds->facts, &text);
		add_cause(causes, &cause);
	}
	for (size_t i = 0; i < causes->count; i++)
		causes->items[i].is_enough = !remains_refused(causes, causes->items[i].reasons);
}

/* What the causes have in common. */
struct overview {
	enum telling_rank highest;
	bool has_enough;    /* it is enough that the sender's side changes one thing */
	bool is_changeable; /* it is enough that it changes all that it can */
};

static struct overview
look_over(const struct causes *causes)
{
	struct overview overview = { .highest = RANK_EXCEPTION };
	unsigned remediable = 0;

	for (size_t i = 0; i < causes->count; i++) {
		const struct cause *cause = &causes->items[i];

		overview.highest = cause->rank > overview.highest ? cause->rank : overview.highest;
		if (!is_remediable(cause))
			continue;
		remediable |= cause->reasons;
		overview.has_enough = overview.has_enough || cause->is_enough;
	}
	overview.is_changeable = remediable != 0 && !remains_refused(causes, remediable);
	return overview;
}

/* Whether a cause that only this site could change stays, whatever the sender's side does. */
static bool
stays(const struct causes *causes, const struct cause *cause)
{
	return cause->rank == RANK_EXCEPTION ? remains_refused(causes, ~cause->reasons) : !cause->is_enough;
}

/* Whether another cause says it already, and that it is enough to change it: who fails DMARC and has no
 * signature is told to sign. */
static bool
is_told_by_another(const struct causes *causes, const struct cause *cause, const struct facts *facts)
{
	if (cause->method != METHOD_DKIM || facts->results[METHOD_DKIM] != RESULT_NONE)
		return false;
	for (size_t i = 0; i < causes->count; i++)
		if (causes->items[i].method == METHOD_DMARC && causes->items[i].is_enough
		    && is_remediable(&causes->items[i]))
			return true;
	return false;
}

/*
 * Keep what helps. Where it is enough to change one thing, what would not be enough is left out; where
 * something can be changed, what only this site could change is, unless that alone would be refused; and what
 * would have been an exception is told only when there is nothing else.
 */
static void
choose_causes(struct causes *causes, const struct facts *facts)
{
	const struct overview overview = look_over(causes);
	size_t kept = 0;

	for (size_t i = 0; i < causes->count; i++) {
		const struct cause *cause = &causes->items[i];
		bool is_kept = cause->rank != RANK_EXCEPTION || overview.highest == RANK_EXCEPTION;

		if (overview.has_enough)
			is_kept = is_remediable(cause) && cause->is_enough
				  && !is_told_by_another(causes, cause, facts);
		else if (overview.highest >= RANK_LAST && !is_remediable(cause))
			is_kept = !overview.is_changeable && stays(causes, cause);
		if (is_kept)
			causes->items[kept++] = *cause;
	}
	causes->count = kept;
}

/* The highest rank first; alike ones as the rule has them. */
static void
sort_causes(struct causes *causes)
{
	for (size_t i = 1; i < causes->count; i++) {
		const struct cause cause = causes->items[i];
		size_t at = i;

		for (; at > 0 && causes->items[at - 1].rank < cause.rank; at--)
			causes->items[at] = causes->items[at - 1];
		causes->items[at] = cause;
	}
}

/* The text of a refusal. */
struct draft {
	const struct reply_grounds *grounds;
	const char *ident;
	const struct causes *causes;
	bool is_policy; /* nothing else is against the mail than what a rule of this site asks for */
	char memory[TEXT_SIZE];
};

/* What is said in the end. */

/* Whether it is known that the sender's side must change every one of several things. */
static bool
needs_all(const struct causes *causes)
{
	unsigned all = 0;

	if (causes->reasons->is_cut || causes->reasons->joined_count == 0)
		return false;
	for (size_t i = 0; i < causes->count; i++)
		all |= causes->items[i].reasons;
	for (size_t i = 0; i < causes->count; i++)
		if (!remains_refused(causes, all & ~causes->items[i].reasons))
			return false;
	return true;
}

/* "2 more problems were found (SPF, HELO name)": those beyond what the reader sees, if there are any. */
static void
add_untold(const struct causes *causes, size_t told, struct strbuf *text)
{
	const size_t more = causes->count - told;

	if (more == 0)
		return;
	strbuf_printf(text, "%zu more problem%s found (", more, more == 1 ? " was" : "s were");
	for (size_t i = told; i < causes->count; i++)
		strbuf_printf(text, "%s%s", i > told ? ", " : "",
			      causes->items[i].method == METHODS
				      ? "local policy"
				      : telling_of(causes->items[i].method)->title);
	strbuf_add_char(text, ')');
}

/* That it is enough to change one, of those that the reader sees. A later rule may refuse for something else.
 */
static void
add_enough(const struct causes *causes, size_t told, struct strbuf *text)
{
	if (told > 2)
		strbuf_printf(text, "Fixing any one of the %zu is enough to avoid this refusal. ", told);
	else
		strbuf_printf(text, "Fixing %s is enough to avoid this refusal. ",
			      told == 2 ? "either of these two" : "this one");
	if (causes->reasons->is_cut)
		strbuf_add(text, "More problems were found");
	else
		add_untold(causes, told, text);
	if (causes->reasons->is_cut || told < causes->count)
		strbuf_add(text, ", which need not be fixed then. ");
}

/* Of several things that can be changed: which of them must be. */
static void
add_choice(const struct causes *causes, size_t told, struct strbuf *text)
{
	const bool is_pair = causes->count == 2;

	if (causes->items[0].is_enough)
		add_enough(causes, told, text);
	else if (needs_all(causes))
		strbuf_printf(text, is_pair ? "Both must be fixed. " : "All %zu must be fixed. ",
			      causes->count);
	else
		strbuf_add(text, "Fixing only one of them may not be enough. ");
}

/* Whether, besides what the sender's side can change, something is left that only this site can. */
static bool
needs_exception(const struct causes *causes)
{
	return causes->count > 1 && is_remediable(&causes->items[0])
	       && !is_remediable(&causes->items[causes->count - 1]);
}

/* That it is enough to do what stands before, which is about the last of so many causes. */
static const char *
alone_is_enough(size_t told)
{
	return told == 2  ? "Then (1) no longer applies. "
	       : told > 2 ? "Then the others no longer apply. "
			  : "Doing that is enough. ";
}

/* Of several causes: whether all must go. `told` of them stand in the reply. */
static void
add_joint(const struct causes *causes, size_t told, struct strbuf *text)
{
	const size_t count = causes->count, more = count - told;
	const bool is_choice = count > 1 && !needs_exception(causes) && is_remediable(&causes->items[0])
			       && causes->items[0].is_enough; /* which says it in its own way */

	if (causes->reasons->is_cut && !is_choice)
		strbuf_add(text, "More problems were found. ");
	else if (more > 0 && !is_choice) {
		add_untold(causes, told, text);
		strbuf_add(text, ". ");
	}
	if (count < 2)
		return;
	if (needs_exception(causes))
		strbuf_add(
			text,
			"Fixing only the first is not enough: an exception from the receiving site's policy is needed, too. ");
	else if (is_remediable(&causes->items[0]))
		add_choice(causes, told, text);
	else
		strbuf_add(text, !causes->items[0].is_enough          ? ""
				 : causes->items[told - 1].has_advice ? alone_is_enough(told)
				 : told == 2                          ? "It is enough to solve (1) or (2). "
					     : "It is enough to solve one of these. ");
}

/* Whom to ask, with which reference. */
static void
add_contact(const struct config *config, const char *ident, struct strbuf *text)
{
	const char *contact = config->contact;

	if (contact == NULL) {
		strbuf_add(text, "ask the postmaster of the recipient's domain");
	} else {
		strbuf_add(text, contact_is_mailbox(contact) ? "write to " : "see ");
		contact_add(text, contact, ident);
	}
	/* No full stop behind a link: programs that make it one to click on may take that for a part of it.
	 */
	if (contact != NULL && contact_has_reference(contact))
		strbuf_add(text, " about this refusal.");
	else
		strbuf_printf(text, " and quote reference %s.", ident);
}

/* Whether the sender can do something else than ask this site. */
static bool
has_advice(const struct causes *causes)
{
	for (size_t i = 0; i < causes->count; i++)
		if (causes->items[i].has_advice)
			return true;
	return false;
}

static void
add_end(const struct draft *draft, struct strbuf *text)
{
	if (draft->grounds->is_temporary)
		strbuf_add(text, "This refusal is temporary, and your mail server will try again. ");
	strbuf_add(text,
		   needs_exception(draft->causes) ? "For the exception or for help, "
		   : !draft->is_policy            ? "For help, "
		   : has_advice(draft->causes)
			   ? "Or, to ask for an exception, which only the receiving site can make, "
			   : "Only the receiving site can change its policy: to ask for an exception, ");
	add_contact(draft->grounds->config, draft->ident, text);
}

/* With the first `told` causes, of the first of them `length` octets. */
static void
write_draft(struct draft *draft, size_t told, size_t length)
{
	struct strbuf text;

	strbuf_init(&text, draft->memory, sizeof draft->memory);
	for (size_t i = 0; i < told; i++) {
		const char *said = draft->causes->items[i].text;

		if (told > 1)
			strbuf_printf(&text, "(%zu) ", i + 1);
		strbuf_add_span(&text, (struct span){ said, i == 0 ? length : strlen(said) });
		strbuf_add(&text, i == 0 && said[length] != '\0' ? " " : "");
	}
	add_joint(draft->causes, told, &text);
	add_end(draft, &text);
}

/* Tell as many causes as fit, but the first in any case: of that as many sentences as fit. */
static void
fit(struct draft *draft)
{
	const char *first = draft->causes->items[0].text;
	size_t length = strlen(first), told = draft->causes->count;

	if (told > SMTP_REPLY_LINES)
		told = SMTP_REPLY_LINES;
	write_draft(draft, told, length);
	while (told > 1 && !smtp_reply_fits(draft->memory))
		write_draft(draft, --told, length);
	while (length > 0 && !smtp_reply_fits(draft->memory)) {
		length = smtp_reply_last_sentence(first, length);
		if (length > 0)
			write_draft(draft, told, length);
	}
}

/* Whether what is said does not depend on the tests of the rule. */
static bool
has_own_words(const struct reply_grounds *grounds)
{
	return grounds->is_apart || grounds->withheld != DNS_NOERROR || grounds->own_text != NULL;
}

/* Refusals without a reason among the tests of a rule. */
static void
add_only_cause(const struct reply_grounds *grounds, struct causes *causes)
{
	struct cause *cause = &causes->items[0];
	struct strbuf text;

	*cause = (struct cause){ .rank = RANK_POLICY, .method = METHODS };
	causes->count = 1;
	strbuf_init(&text, cause->text, sizeof cause->text);
	if (grounds->is_apart) {
		strbuf_add(
			&text,
			"The content of this mail decides whether it is accepted, and not in the same way for all its recipients. It has to be sent to this one on its own, as mail servers do by themselves. ");
	} else if (grounds->withheld != DNS_NOERROR) {
		withheld_refuse(grounds->withheld, grounds->facts, &text);
	} else if (grounds->own_text != NULL) {
		const size_t length = strlen(grounds->own_text);

		strbuf_add(&text, grounds->own_text);
		strbuf_add(&text, length > 0 && ascii_is_among(grounds->own_text[length - 1], ".?!\")")
					  ? " "
					  : ". ");
	} else {
		strbuf_add(
			&text,
			"The receiving site's policy for this recipient address accepts only certain mail, and this mail is not among it. ");
	}
}

/* Subject and detail of the enhanced code (RFC 7372, section 3; RFC 3463): that of what is told first. */
static const char *
detail_code(const struct facts *facts, const struct causes *causes)
{
	const enum method first = causes->count > 0 ? causes->items[0].method : METHODS;
	bool has_spf = false, has_iprev = false;

	for (size_t i = 0; i < causes->count; i++) {
		const enum method method = causes->items[i].method;

		has_spf = has_spf
			  || ((method == METHOD_SPF || method == METHOD_SPF_HELO)
			      && causes->items[i].rank == RANK_SPF);
		has_iprev = has_iprev || method == METHOD_IPREV;
	}
	if (has_spf && has_iprev)
		return "7.26";
	return first != METHODS && telling_of(first)->detail != NULL && is_remediable(&causes->items[0])
		       ? telling_of(first)->detail(facts)
		       : "7.1";
}

static void
set_codes(const struct verdict *verdict, const struct causes *causes, struct smtp_reply *reply)
{
	const unsigned class = verdict->action == ACTION_DEFER ? 4 : 5;
	const bool has_own = verdict->rule != NULL && verdict->rule->code != 0 && !verdict->is_softened;

	reply->code = has_own ? verdict->rule->code : class == 4 ? 451 : 550;
	if (verdict->is_apart) { /* RFC 5321, 4.5.3.1.10: the client sends to it in another transaction */
		reply->code = 452;
		(void)snprintf(reply->xcode, sizeof reply->xcode, "%u.5.3", class);
	} else if (has_own && verdict->rule->xcode != NULL)
		(void)snprintf(reply->xcode, sizeof reply->xcode, "%s", verdict->rule->xcode);
	else if (verdict->withheld != DNS_NOERROR)
		(void)snprintf(reply->xcode, sizeof reply->xcode, "%s", withheld_code(verdict->withheld));
	else
		(void)snprintf(reply->xcode, sizeof reply->xcode, "%u.%s", class,
			       has_own ? "7.1" : detail_code(verdict->facts, causes));
}

/* What is told, that first which is told first; `is_policy`: nothing but a rule of this site is against it.
 */
static void
decide_causes(const struct reply_grounds *grounds, struct causes *causes, bool *is_policy)
{
	find_causes(grounds, causes);
	choose_causes(causes, grounds->facts);
	sort_causes(causes);
	*is_policy = !has_own_words(grounds) && (causes->count == 0 || !is_remediable(&causes->items[0]));
}

void
compose_reply(const struct config *config, const struct verdict *verdict, const char *ident,
	      struct smtp_reply *reply)
{
	const struct reply_grounds grounds = {
		.config = config,
		.facts = verdict->facts,
		.reasons = &verdict->reasons,
		.own_text = verdict->rule != NULL ? verdict->rule->text : NULL,
		.withheld = verdict->withheld,
		.is_apart = verdict->is_apart,
		.is_temporary = verdict->action == ACTION_DEFER,
	};
	struct causes causes;
	struct draft draft = { .grounds = &grounds, .ident = ident, .causes = &causes };
	struct smtp_reply codes;

	decide_causes(&grounds, &causes, &draft.is_policy);
	set_codes(verdict, &causes, &codes);
	if (has_own_words(&grounds) || causes.count == 0)
		add_only_cause(&grounds, &causes);
	fit(&draft);
	(void)smtp_reply_set(reply, codes.code, codes.xcode, draft.memory);
}

void
compose_first_cause(const struct reply_grounds *grounds, struct strbuf *found, struct strbuf *remedy)
{
	struct causes causes;
	bool is_policy;
	size_t length;

	decide_causes(grounds, &causes, &is_policy);
	if (has_own_words(grounds) || causes.count == 0)
		add_only_cause(grounds, &causes);
	length = smtp_reply_first_sentence(causes.items[0].text);
	strbuf_add_span(found, (struct span){ causes.items[0].text, length });
	strbuf_add_span(remedy, span_trim(span_of(causes.items[0].text + length)));
}

/* As add_joint() says it, in few words. */
static const char *
joint_of(const struct causes *causes)
{
	const bool is_pair = causes->count == 2 && !causes->reasons->is_cut;

	if (causes->count < 2)
		return "";
	if (needs_exception(causes))
		return "fixing only the first is not enough";
	if (!is_remediable(&causes->items[0]))
		return "";
	if (causes->items[0].is_enough)
		return is_pair ? "fixing either is enough" : "fixing any one is enough";
	if (needs_all(causes))
		return is_pair ? "both must be fixed" : "all must be fixed";
	return "fixing only one of them may not be enough";
}

struct cause_summary
compose_causes(const struct reply_grounds *grounds)
{
	struct cause_summary summary = { .joint = "" };
	struct causes causes;
	bool is_policy;

	decide_causes(grounds, &causes, &is_policy);
	for (size_t i = 0; i < causes.count; i++)
		if (causes.items[i].method != METHODS)
			summary.methods |= 1U << causes.items[i].method;
	summary.count = has_own_words(grounds) ? 1 : causes.count;
	if (summary.count > 1) {
		summary.joint = joint_of(&causes);
		summary.is_cut = grounds->reasons->is_cut;
	}
	return summary;
}

bool
compose_cause(const struct reply_grounds *grounds, size_t number, struct told_cause *told)
{
	const struct cause *cause;
	struct causes causes;
	bool is_policy;

	decide_causes(grounds, &causes, &is_policy);
	if (number >= causes.count)
		return false;
	cause = &causes.items[number];
	told->method = cause->method;
	told->can_be_fixed = is_remediable(cause) || cause->has_advice;
	memcpy(told->text, cause->text, sizeof told->text);
	return true;
}
