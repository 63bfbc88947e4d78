#include "heloscope/refusals/gist.h"

#define WINDOW 8 /* words between the first notion of a rule and its last one */

/* Rules. */

#define STRENGTH_OF_REASONS 3 /* what is weaker may be said beside any */
#define STRENGTH_OF_TRUST 4   /* what is as strong leaves little doubt */
#define NEEDS 3               /* notions, of which one of each must be near the others */

struct gist_rule {
	enum refusal_category category;
	enum refusal_party party;
	unsigned strength; /* of those that fit the stronger ones speak */
	uint64_t needs[NEEDS];
	uint64_t bar; /* none of these may be near */
};

#define ANY UINT64_MAX
#define NOT_THERE (N(NAMELESS) | N(NO))
/* What the sending side is told to have done. */
#define ACCUSING (N(TOO) | N(TRAFFIC) | N(IP) | N(LISTED) | N(BLOCKED) | N(SENDER) | N(SPAM) | N(MAILBOX))
#define OF_SOMEBODY (N(SENDER) | N(MAILBOX) | N(ADDRESS))

static const struct gist_rule rules[] = {
	/* What stands for one thing, wherever it is. */
	{ CATEGORY_DMARC, PARTY_SENDERS_DOMAIN_OWNER, 6, { N(DMARC), ANY, ANY }, 0 },
	{ CATEGORY_SPF, PARTY_SENDERS_DOMAIN_OWNER, 5, { N(SPF), ANY, ANY }, 0 },
	{ CATEGORY_DKIM, PARTY_SENDERS_DOMAIN_OWNER, 5, { N(DKIM), ANY, ANY }, N(SPF) },
	{ CATEGORY_GREYLIST, PARTY_NOBODY_WAIT, 5, { N(GREY), ANY, ANY }, 0 },
	{ CATEGORY_VIRUS, PARTY_SENDING_SERVER_ADMIN, 5, { N(VIRUS), ANY, ANY }, N(IP) },
	{ CATEGORY_CONTENT,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(ATTACHMENT), N(BLOCKED) | N(NO) | N(POLICY) | N(UNWANTED), ANY },
	  N(SIZE) | N(TOO) },
	{ CATEGORY_HELO, PARTY_SENDING_SERVER_ADMIN, 5, { N(HELO), ANY, ANY }, N(PROTOCOL) | N(PTR) },
	{ CATEGORY_PROTOCOL, PARTY_SENDING_SERVER_ADMIN, 6, { N(HELO), N(ORDER), ANY }, 0 },
	{ CATEGORY_PTR, PARTY_IP_OPERATOR, 5, { N(PTR), ANY, ANY }, 0 },
	{ CATEGORY_PTR, PARTY_IP_OPERATOR, 4, { N(IP), N(RESOLVE), NOT_THERE }, N(SENDER) | N(LISTED) },
	{ CATEGORY_DYNAMIC_IP, PARTY_IP_OPERATOR, 5, { N(DYNAMIC), ANY, ANY }, 0 },

	/* Of the recipient. */
	{ CATEGORY_MAILBOX_FULL,
	  PARTY_RECIPIENT,
	  4,
	  { N(MAILBOX) | N(ADDRESS), N(FULL), ANY },
	  N(SENDER) | N(RATE) },
	{ CATEGORY_MAILBOX_FULL, PARTY_RECIPIENT, 4, { N(MAILBOX), N(SIZE), ANY }, N(SENDER) },
	{ CATEGORY_MAILBOX_DISABLED,
	  PARTY_RECIPIENT,
	  4,
	  { N(MAILBOX) | N(ADDRESS), N(OFF), ANY },
	  N(SENDER) | N(IP) },
	{ CATEGORY_MAILBOX_DISABLED,
	  PARTY_RECIPIENT,
	  4,
	  { N(MAILBOX) | N(ADDRESS), N(LOCKED), ANY },
	  N(SENDER) | N(IP) | N(LATER) },
	{ CATEGORY_MAILBOX_DISABLED,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX) | N(ADDRESS), N(RECEIVE), N(NO) },
	  N(SENDER) | N(IP) | N(ONLY) | N(NAMELESS) | N(MESSAGE) },
	{ CATEGORY_MAILBOX_DISABLED,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX), N(UNABLE) | N(LATER), N(LATER) },
	  N(SENDER) | N(IP) | N(LOCKED) | N(FOR_NOW) },
	{ CATEGORY_RECEIVER_FAULT,
	  PARTY_NOBODY_WAIT,
	  3,
	  { N(FOR_NOW), N(MAILBOX), N(UNABLE) | N(LATER) },
	  N(SENDER) | N(IP) | N(FULL) | N(OFF) | N(TOO) },
	{ CATEGORY_MAILBOX_UNKNOWN,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX), N(VERIFY), N(NO) | N(FAULT) },
	  N(SENDER) | N(IP) | N(FOR_NOW) },
	{ CATEGORY_POLICY,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX), N(LISTED), ANY },
	  N(IP) | N(LITERAL) | N(SENDER) | N(DOMAIN) | N(LINK) | N(BLOCKED) },
	{ CATEGORY_MAILBOX_UNKNOWN,
	  PARTY_RECIPIENT,
	  2,
	  { N(ADDRESS), N(UNABLE), ANY },
	  N(MAILBOX) | N(SENDER) | N(AT_MAIL) | N(IP) | N(LITERAL) | N(FOR_NOW) | N(LATER) | N(FULL) | N(OFF)
		  | N(SERVICE) },
	{ CATEGORY_POLICY, PARTY_RECIPIENT, 3, { N(WANTED), N(NO) | N(BLOCKED), ANY }, 0 },
	{ CATEGORY_MAILBOX_UNKNOWN,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX) | N(ADDRESS), N(NAMELESS), ANY },
	  N(SENDER) | N(AT_MAIL) | N(IP) | N(RESOLVE) },
	{ CATEGORY_MAILBOX_UNKNOWN,
	  PARTY_RECIPIENT,
	  3,
	  { N(MAILBOX) | N(ADDRESS), N(NO), N(EXIST) },
	  N(SENDER) | N(AT_MAIL) | N(IP) | N(RESOLVE) },

	/* Of the sender and its servers. */
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  4,
	  { N(SENDER), N(DOMAIN), NOT_THERE },
	  N(LISTED) | N(RECEIVE) },
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  4,
	  { N(SENDER), N(RESOLVE), NOT_THERE },
	  N(LISTED) },
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(DOMAIN), N(RESOLVE), N(NEED) },
	  N(IP) | N(MAILBOX) | N(HELO) | N(PTR) },
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(AT_MAIL), N(NO), N(EXIST) },
	  OF_SOMEBODY },
	{ CATEGORY_SENDER_DOMAIN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(AT_MAIL), N(NAMELESS), ANY },
	  OF_SOMEBODY | N(PROTOCOL) },
	{ CATEGORY_SENDER_UNKNOWN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(SENDER), N(NAMELESS), ANY },
	  N(DOMAIN) },
	{ CATEGORY_SENDER_UNKNOWN, PARTY_SENDERS_DOMAIN_OWNER, 3, { N(SENDER), N(NO), N(EXIST) }, N(DOMAIN) },
	{ CATEGORY_SENDER_UNKNOWN,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  4,
	  { N(AT_MAIL), OF_SOMEBODY, N(NAMELESS) },
	  N(DOMAIN) },
	{ CATEGORY_SENDER_UNKNOWN, PARTY_SENDERS_DOMAIN_OWNER, 4, { N(SENDER), N(VERIFY), ANY }, N(DOMAIN) },
	{ CATEGORY_IP_LISTED,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(IP) | N(LITERAL), N(LISTED), ANY },
	  N(LINK) },
	{ CATEGORY_IP_LISTED,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(LISTED), ANY, ANY },
	  N(SENDER) | N(DOMAIN) | N(LINK) | N(MAILBOX) | N(CONTENT) | N(ATTACHMENT) },
	{ CATEGORY_IP_LISTED,
	  PARTY_SENDING_SERVER_ADMIN,
	  2,
	  { N(IP) | N(LITERAL), N(BLOCKED), ANY },
	  N(MAILBOX) | N(SENDER) },
	{ CATEGORY_IP_LISTED,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(IP) | N(LITERAL), N(SENDER), N(BLOCKED) },
	  N(MAILBOX) | N(NAMELESS) | N(DOMAIN) },
	{ CATEGORY_DOMAIN_LISTED,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  3,
	  { N(DOMAIN), N(LISTED), ANY },
	  N(IP) | N(LITERAL) | N(MAILBOX) },
	{ CATEGORY_POLICY,
	  PARTY_RECEIVER,
	  3,
	  { N(SENDER), N(LISTED), ANY },
	  N(IP) | N(LITERAL) | N(DOMAIN) | N(NAMELESS) | N(LINK) },
	{ CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN, 4, { N(REPUTATION), ANY, ANY }, 0 },
	{ CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN, 4, { N(SPAMMER), ANY, ANY }, N(IP) | N(LITERAL) },
	{ CATEGORY_IP_LISTED, PARTY_SENDING_SERVER_ADMIN, 4, { N(SPAMMER), N(IP) | N(LITERAL), ANY }, 0 },
	{ CATEGORY_REPUTATION,
	  PARTY_SENDING_SERVER_ADMIN,
	  5,
	  { N(TOO), N(MAILBOX) | N(ADDRESS), N(NAMELESS) },
	  0 },
	{ CATEGORY_RATE,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(TOO), N(TRAFFIC), ANY },
	  N(MAILBOX) & ~N(TRAFFIC) },
	{ CATEGORY_RATE, PARTY_SENDING_SERVER_ADMIN, 4, { N(RATE), ANY, ANY }, 0 },
	{ CATEGORY_AUTH_REQUIRED,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(LOGIN), N(NEED) | N(NO) | N(ONLY) | N(ORDER), ANY },
	  N(MAILBOX) },
	{ CATEGORY_AUTH_REQUIRED,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(SENDER), N(LOGIN), N(NO) | N(NEED) },
	  0 },
	{ CATEGORY_TLS,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(TLS), N(NEED) | N(NO) | N(FAULT) | N(BLOCKED) | N(ONLY), ANY },
	  0 },
	{ CATEGORY_PROTOCOL,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(PROTOCOL), NOT_THERE | N(BLOCKED) | N(FAULT), ANY },
	  0 },
	{ CATEGORY_PROTOCOL, PARTY_SENDING_SERVER_ADMIN, 4, { N(PROTOCOL), N(SIZE), ANY }, 0 },

	/* Of the message. */
	{ CATEGORY_CONTENT,
	  PARTY_SENDING_SERVER_ADMIN,
	  4,
	  { N(CONTENT) | N(ATTACHMENT), N(LISTED), ANY },
	  N(IP) | N(LITERAL) | N(LINK) },
	{ CATEGORY_SIZE, PARTY_SENDING_SERVER_ADMIN, 3, { N(SIZE), ANY, ANY }, N(MAILBOX) | N(FULL) },
	{ CATEGORY_CONTENT, PARTY_SENDING_SERVER_ADMIN, 3, { N(SPAM), ANY, ANY }, 0 },
	{ CATEGORY_REPUTATION, PARTY_SENDING_SERVER_ADMIN, 4, { N(SPAM), N(TOO), ANY }, N(CONTENT) },
	{ CATEGORY_CONTENT,
	  PARTY_SENDING_SERVER_ADMIN,
	  3,
	  { N(CONTENT), N(BLOCKED) | N(NO) | N(POLICY), ANY },
	  0 },
	{ CATEGORY_CONTENT,
	  PARTY_SENDING_SERVER_ADMIN,
	  2,
	  { N(FILTER), N(BLOCKED) | N(CONTENT) | N(TOO), ANY },
	  N(IP) | N(LITERAL) | N(SENDER) | N(MAILBOX) },
	{ CATEGORY_URL,
	  PARTY_SENDERS_DOMAIN_OWNER,
	  4,
	  { N(LINK), N(LISTED) | N(BLOCKED) | N(SPAM), ANY },
	  N(REFERENCE) },
	{ CATEGORY_RELAY, PARTY_RECEIVER, 4, { N(RELAY), N(NO) | N(BLOCKED) | N(POLICY), ANY }, 0 },
	{ CATEGORY_LOOP, PARTY_RECEIVER, 4, { N(LOOP), ANY, ANY }, 0 },

	/* Of the receiver. */
	{ CATEGORY_POLICY,
	  PARTY_RECEIVER,
	  2,
	  { N(SENDER), N(BLOCKED) | N(POLICY), ANY },
	  N(NAMELESS) | N(FAULT) },
	{ CATEGORY_POLICY, PARTY_RECIPIENT, 3, { N(MAILBOX), N(ONLY), N(RECEIVE) }, 0 },
	{ CATEGORY_POLICY, PARTY_RECIPIENT, 3, { N(MAILBOX), N(RECEIVE), N(SENDER) }, N(NAMELESS) },
	{ CATEGORY_POLICY, PARTY_SENDING_SERVER_ADMIN, 3, { N(SENDER), N(OFF), ANY }, N(NAMELESS) },
	{ CATEGORY_POLICY, PARTY_RECEIVER, 1, { N(POLICY), N(NO) | N(BLOCKED) | N(SECURITY), ANY }, 0 },
	{ CATEGORY_POLICY, PARTY_RECEIVER, 1, { N(RULE), ANY, ANY }, 0 },
	{ CATEGORY_POLICY, PARTY_RECEIVER, 1, { N(BARRED), ANY, ANY }, 0 },
	{ CATEGORY_DNS_FAULT_RECEIVER,
	  PARTY_RECEIVER,
	  4,
	  { N(DNS), N(FAULT) | N(UNABLE) | N(LATER), N(FOR_NOW) },
	  N(SENDER) | N(IP) | N(LITERAL) | N(PTR) | N(HELO) | N(LISTED) | N(SPF) | N(DKIM) | N(DMARC)
		  | N(AT_MAIL) },
	{ CATEGORY_RECEIVER_FAULT, PARTY_RECEIVER, 3, { N(SERVICE), N(FULL), ANY }, OF_SOMEBODY },
	{ CATEGORY_RECEIVER_FAULT, PARTY_RECEIVER, 2, { N(PROGRAM), ANY, ANY }, N(FULL) | N(SPAM) },
	{ CATEGORY_RECEIVER_FAULT,
	  PARTY_NOBODY_WAIT,
	  1,
	  { N(FOR_NOW), N(LATER) | N(UNABLE), N(FAULT) | N(SERVICE) },
	  ACCUSING },
	{ CATEGORY_RECEIVER_FAULT,
	  PARTY_NOBODY_WAIT,
	  1,
	  { N(FOR_NOW), N(FAULT), ANY },
	  (ACCUSING & ~N(TRAFFIC)) | N(RESOLVE) | N(FRAME) },
	{ CATEGORY_RECEIVER_FAULT,
	  PARTY_RECEIVER,
	  1,
	  { N(FAULT), N(SERVICE), ANY },
	  ACCUSING | N(FOR_NOW) | N(FRAME) },
};

/* What is said within so many words in front of a sight and behind it. */
static uint64_t
near(const struct sights *sights, size_t index, size_t before, size_t behind)
{
	const size_t word = sights->items[index].word;
	uint64_t notions = 0;

	for (size_t i = 0; i < sights->count; i++)
		if (sights->items[i].word + before >= word && sights->items[i].word <= word + behind)
			notions |= sights->items[i].notions;
	return notions;
}

/* `notions`: of a window; `around`: those, and of what stands in front of it. */
static bool
fits(const struct gist_rule *rule, uint64_t notions, uint64_t around)
{
	for (size_t i = 0; i < NEEDS; i++)
		if ((notions & rule->needs[i]) == 0)
			return false;
	return (around & rule->bar) == 0;
}

/* The rule that speaks, of those before and one more; one that contradicts another of its strength silences
 * both. */
struct verdict {
	const struct gist_rule *rule; /* NULL: none */
	bool is_disputed;
};

static void
hear(struct verdict *verdict, const struct gist_rule *rule)
{
	if (verdict->rule == NULL || rule->strength > verdict->rule->strength)
		*verdict = (struct verdict){ rule, false };
	else if (rule->strength == verdict->rule->strength && rule->category != verdict->rule->category)
		verdict->is_disputed = true;
}

struct gist
gist_of(const struct sights *sights, enum refusal_stage stage, const struct codes *codes)
{
	/* Whoever answers MAIL knows no address but the sender's. */
	const uint64_t always =
		(stage == REFUSAL_STAGE_MAIL ? N(AT_MAIL) : 0) | (codes_class(codes) == 4 ? N(FOR_NOW) : 0)
		| (codes->enhanced.class != 0 && codes->enhanced.subject == 7 ? N(SECURITY) : 0);
	struct verdict verdict = { NULL, false };

	for (size_t i = 0; i < sights->count; i++) {
		const uint64_t notions = always | near(sights, i, 0, WINDOW);
		const uint64_t around = notions | near(sights, i, WINDOW, 0);

		for (size_t rule = 0; rule < sizeof rules / sizeof rules[0]; rule++)
			if (fits(&rules[rule], notions, around))
				hear(&verdict, &rules[rule]);
	}
	if (verdict.rule == NULL || verdict.is_disputed)
		return (struct gist){ CATEGORY_UNKNOWN, PARTY_UNKNOWN, true, false };
	return (struct gist){ verdict.rule->category, verdict.rule->party,
			      verdict.rule->strength < STRENGTH_OF_REASONS,
			      verdict.rule->strength >= STRENGTH_OF_TRUST };
}
