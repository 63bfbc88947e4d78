/*
 * config_refusals: the catalogue of refusals, as it is written in etc/refusals.conf.
 *
 * A file in the same language, with statements of its own: who refuses (operator), how one is recognized and
 * what it means (refusal), and the words that programs put around the replies of others (frame). What is made
 * of them is the business of refusals/catalogue.h.
 */
#ifndef HELOSCOPE_CONFIG_REFUSALS_H
#define HELOSCOPE_CONFIG_REFUSALS_H

#include "heloscope/base/must_use.h"
#include "heloscope/config/values.h"

/* What the words of refusals of a category are worth. */
enum {
	TRAIT_VAGUE = 1,     /* that some rule does not allow it, which may be said beside any reason */
	TRAIT_TELLING = 2,   /* what was found wanting: they stand for nothing else */
	TRAIT_PRESENT = 4,   /* that something is there, and not where that is denied; the reason of others is
				mostly that something is missing */
	TRAIT_SHORT = 8,     /* a guess, as a frame, unless little else is said */
	TRAIT_RECIPIENT = 16 /* of the recipient */
};

/* What is wrong, with its traits, and who can do something about it: enum and token. */
/* clang-format off */
#define REFUSAL_CATEGORY_ROWS(ROW) \
	ROW(UNKNOWN,            "unknown",            TRAIT_VAGUE) \
	ROW(ALIGNMENT,          "alignment",          TRAIT_TELLING) \
	ROW(AUTH_REQUIRED,      "auth-required",      TRAIT_TELLING) \
	ROW(CONTENT,            "content",            TRAIT_PRESENT) \
	ROW(DANE,               "dane",               TRAIT_TELLING) \
	ROW(DKIM,               "dkim",               TRAIT_TELLING) \
	ROW(DMARC,              "dmarc",              TRAIT_TELLING) \
	ROW(DNS_FAULT_RECEIVER, "dns-fault-receiver", 0) \
	ROW(DOMAIN_LISTED,      "domain-listed",      TRAIT_PRESENT) \
	ROW(DYNAMIC_IP,         "dynamic-ip",         TRAIT_PRESENT) \
	ROW(GREYLIST,           "greylist",           TRAIT_TELLING | TRAIT_PRESENT | TRAIT_SHORT) \
	ROW(HELO,               "helo",               TRAIT_TELLING) \
	ROW(IP_LISTED,          "ip-listed",          TRAIT_PRESENT) \
	ROW(LOOP,               "loop",               TRAIT_PRESENT) \
	ROW(MAILBOX_DISABLED,   "mailbox-disabled",   TRAIT_PRESENT | TRAIT_RECIPIENT) \
	ROW(MAILBOX_FULL,       "mailbox-full",       TRAIT_PRESENT | TRAIT_RECIPIENT) \
	ROW(MAILBOX_UNKNOWN,    "mailbox-unknown",    TRAIT_SHORT | TRAIT_RECIPIENT) \
	ROW(MTA_STS,            "mta-sts",            TRAIT_TELLING) \
	ROW(POLICY,             "policy",             TRAIT_VAGUE) \
	ROW(PROTOCOL,           "protocol",           0) \
	ROW(PTR,                "ptr",                TRAIT_TELLING) \
	ROW(RATE,               "rate",               TRAIT_PRESENT | TRAIT_SHORT) \
	ROW(RECEIVER_FAULT,     "receiver-fault",     TRAIT_SHORT) \
	ROW(RELAY,              "relay",              0) \
	ROW(REPUTATION,         "reputation",         TRAIT_PRESENT) \
	ROW(SENDER_DOMAIN,      "sender-domain",      TRAIT_SHORT) \
	ROW(SENDER_UNKNOWN,     "sender-unknown",     0) \
	ROW(SIZE,               "size",               TRAIT_TELLING) \
	ROW(SPF,                "spf",                TRAIT_TELLING) \
	ROW(TLS,                "tls",                TRAIT_TELLING) \
	ROW(URL,                "url",                TRAIT_PRESENT) \
	ROW(VIRUS,              "virus",              TRAIT_TELLING | TRAIT_PRESENT)

#define REFUSAL_PARTY_ROWS(ROW) \
	ROW(UNKNOWN,              "unknown") /* only where nothing tells it; no entry says so */ \
	ROW(SENDERS_DOMAIN_OWNER, "senders-domain-owner") \
	ROW(SENDING_SERVER_ADMIN, "sending-server-admin") \
	ROW(IP_OPERATOR,          "ip-operator") \
	ROW(LIST_OPERATOR,        "list-operator") \
	ROW(RECEIVER,             "receiver") \
	ROW(RECIPIENT,            "recipient") \
	ROW(NOBODY_WAIT,          "nobody-wait")

#define REFUSAL_CATEGORY_ENUM(NAME, token, traits) CATEGORY_##NAME,
enum refusal_category { REFUSAL_CATEGORY_ROWS(REFUSAL_CATEGORY_ENUM) CATEGORIES };

#define REFUSAL_PARTY_ENUM(NAME, token) PARTY_##NAME,
enum refusal_party { REFUSAL_PARTY_ROWS(REFUSAL_PARTY_ENUM) PARTIES };
/* clang-format on */

/* The tokens, in the order of the enums. */
extern const char *const config_refusal_categories[CATEGORIES];
extern const char *const config_refusal_parties[PARTIES];
extern const unsigned char config_refusal_traits[CATEGORIES];

static inline bool
config_refusal_has(enum refusal_category category, unsigned trait)
{
	return (config_refusal_traits[category] & trait) != 0;
}

/* Codes that an entry asks for: "550", "5xx", "5.7.26", "5.7.x". */
#define CODE_ANY 1000

struct code_pattern {
	unsigned reply_min, reply_max; /* 0: none is asked for */
	bool has_enhanced;
	unsigned parts[3]; /* of the enhanced code; CODE_ANY: any */
};

/* A name for many mail servers, and which they are. */
struct operator_entry {
	const char *name;
	const char *where;                /* "/etc/heloscope/refusals.conf:31" */
	struct text_set servers, domains; /* patterns of host names, and of domains of recipients */
	struct text_set links;            /* of hosts to whose pages its replies point */
	bool is_elsewhere; /* its words are those of servers of others, too: it makes software */
};

struct refusal_entry {
	const char *name;
	const char *where;
	const char *owner; /* the operator; NULL: anybody */
	struct code_pattern code;
	struct text_set texts, signs; /* each must stand in the reply */
	struct text_set servers;      /* patterns, one of which fits who refused; empty: any server */
	enum refusal_category category;
	enum refusal_party party;
	bool is_permanent;
	const char *meaning, *remedy;
	const char *page, *example; /* or NULL */
	bool is_frame;              /* what a program writes around the replies of others; it may lack all but
				     * `texts`, and is no answer then */
};

/* Replies that are known to mean this, from which is learned what others mean. */
struct refusal_samples {
	enum refusal_category category;
	enum refusal_party party;
	struct text_set texts;
};

/* In the order of the files; of those of one name the last one counts. */
struct refusal_set {
	struct refusal_entry *items;
	size_t count;
	struct operator_entry *operators;
	size_t operator_count;
	struct refusal_samples *samples;
	size_t sample_count;
};

/*
 * Read the file at `path` and those it includes into `set`. Every error is written to `messages`, as
 * config_read() does. Returns the configuration that owns what `set` points to, and has nothing else in it;
 * or NULL, with `set` untouched, when there was an error.
 */
struct config *config_read_refusals(const char *path, struct refusal_set *set,
				    struct output *messages) MUST_USE;

/* For the grammar. */

/* An entry that is being read: whether all was said that it needs is seen at its end. */
struct refusal_draft {
	struct refusal_entry entry;
	bool has_category, has_party, has_permanent;
	unsigned errors_before; /* of the reading */
};

void config_set_code(struct config_reader *reader, struct refusal_draft *draft, struct word code);
void config_set_category(struct config_reader *reader, struct refusal_draft *draft, struct word category);
void config_set_party(struct config_reader *reader, struct refusal_draft *draft, struct word party);
void config_set_permanent(struct config_reader *reader, struct refusal_draft *draft, struct word permanent);

/* Strings that stand side by side, as one. */
const char *config_joined(struct config_reader *reader, const struct value_set *strings);

/* Fragments of a reply; complains of those too short to tell anything. */
struct text_set config_fragments(struct config_reader *reader, const struct value_set *strings);

void config_add_operator(struct config_reader *reader, struct word name, struct operator_entry entry);
void config_add_refusal(struct config_reader *reader, struct word name, const struct refusal_draft *draft);
void config_add_samples(struct config_reader *reader, struct word category, struct word party,
			const struct value_set *texts);
void config_add_frame(struct config_reader *reader, struct word name, const struct refusal_draft *draft);

#endif
