/*
 * policy: what the configuration's rules make of the facts, for one recipient. Pure.
 *
 * Conditions are true, false or unknown: what rests on a fault (temperror, a list that did not
 * answer) is unknown unless the rule names temperror itself, and a rule decides only when its
 * condition is true. So no fault of DNS or of a list refuses mail by itself. An `accept` rule
 * that is unknown makes a later `reject` a `defer`: the mail might have been welcome. A rule that rests on
 * what is known only when more of the message has come (facts->awaited) makes the verdict pending, unless it
 * is false whatever comes. Any thread; keeps pointers into `config` and `facts`, owns nothing.
 */
#ifndef HELOSCOPE_CHECKS_POLICY_H
#define HELOSCOPE_CHECKS_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/checks/reasons.h"
#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"

#define VERDICT_NOTES_MAX 8 /* tags, and audit rules that matched, that a verdict can carry */

/* Why a refusal is not done although its rule acts: at the end of a message there is one reply for all. */
enum overruled { OVERRULED_NOT, OVERRULED_BY_ACCEPTANCE, OVERRULED_BY_DEFERRAL };

/* A rule that would have been against a message, had it been true, which is not known. */
struct undecided {
	const struct rule *rule; /* NULL: none */
	unsigned methods;        /* as bits: of them it was not found out */
};

/*
 * Pending until a stage of the message, and then decided; a message that is given up before leaves it
 * pending. What a rule only notes changes no decision, but the recipient waits for that, too, and is taken:
 * it is judged anew when more of the message has come.
 */
struct verdict {
	const struct facts *facts; /* the reading of the sender on which it rests */
	enum action action;        /* what the rules say: accept, reject, defer or quarantine */
	bool is_enforced;          /* and it is done, not only told */
	enum overruled overruled;
	bool is_softened;         /* a reject became a defer, see above */
	enum dns_status withheld; /* a defer, for what this bound kept from being known; DNS_NOERROR: none */
	bool is_apart;            /* a defer: of a recipient that is to come in a transaction of its own */
	enum stage pending_until; /* STAGE_HEADER or STAGE_BODY; STAGE_CONNECT: decided */
	enum stage notes_until;   /* the same for tags and audits; STAGE_CONNECT: no more can come */
	const struct rule *rule;  /* that decided, or awaits more; NULL: no rule did */
	struct undecided undecided; /* of what is accepted: the first such rule before that one */
	struct reasons reasons;     /* of a refusal: what made its rule true; none for "otherwise" */
	const struct rule *tags[VERDICT_NOTES_MAX];
	size_t tag_count;
	const struct rule
		*audits[VERDICT_NOTES_MAX]; /* `audit` rules, and shares that left this client out */
	size_t audit_count;
};

/*
 * Judge the message for `recipient`. Where its sender (facts->other) or the recipient can be read in several
 * ways, each is judged and the worst verdict counts: so an exception must hold for all of them, and a
 * refusal for one. In mode audit nothing but acceptance is enforced.
 */
struct verdict policy_judge(const struct config *config, const struct facts *facts,
			    const struct readings *recipient) MUST_USE;

/* Whether the rule that would decide awaits more of the message. */
bool verdict_is_pending(const struct verdict *verdict);

/* Whether the recipient is to be judged anew when more has come: for a decision, or for notes. */
bool verdict_waits(const struct verdict *verdict);

/* Whether it is refused or deferred, and not only told. */
bool verdict_refuses(const struct verdict *verdict);

/* Recipients of a message at its end, for whom there is one reply; all zero at first. */
struct policy_end {
	size_t accepted, deferred;
};

/* Count a recipient that was taken: by its verdict at the end. */
void policy_count_end(struct policy_end *end, const struct verdict *verdict);

/* A refusal at the end of the message is not done when another recipient takes it; nor for good when for
 * another one it is deferred. */
void policy_overrule(struct verdict *verdict, const struct policy_end *end);

/* The one that is harder on the sender, the first when both are alike: reject, defer, pending, quarantine,
 * accept that awaits notes, accept. */
const struct verdict *policy_worse(const struct verdict *a, const struct verdict *b);

/* The policy of a recipient that is read. */
const struct policy *policy_of(const struct config *config, const struct mailbox *recipient);

/* Whether a rule acts on this client, and does not only tell. */
bool policy_acts(const struct rule *rule, const struct facts *facts);

/* Whether it asks for what that list says: by its zone, not by the sum of all lists. NULL names none. */
bool policy_names_list(const struct condition *condition, struct span zone);

/*
 * Whether this client is among the first `percent` of a hundred equal shares. All addresses of
 * a /24 or /48 fall into one share, the same one at all times and on all hosts.
 */
bool policy_share_includes(const struct ipaddr *client, unsigned percent);

#endif
