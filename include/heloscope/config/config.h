/*
 * config: the configuration, read whole and then never changed.
 *
 * heloscope.conf(5) describes the language; config_parse.y is its grammar. A configuration is
 * reference counted: each connection holds the one it began with, so that a reload never
 * changes the rules under a message. Reading fields needs no lock.
 */
#ifndef HELOSCOPE_CONFIG_CONFIG_H
#define HELOSCOPE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/facts/facts.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/log.h"
#include "heloscope/base/output.h"
#include "heloscope/peer/look_back.h"
#include "heloscope/dns/resolver.h"
#include "heloscope/share/server.h"
#include "heloscope/spf/spf.h"
#include "heloscope/wire/smtp_reply.h"

/* Octets of a contact, and of a text that a rule has for refusals: a reply has three lines. */
#define CONFIG_CONTACT_MAX 120
#define CONFIG_TEXT_MAX 300

#define CONFIG_CONDITION_DEPTH 100 /* so that nothing that walks through a condition needs much stack */
#define CONFIG_TIMEOUT_MAX_MS 8000 /* Sendmail gives a filter up after 10 s */

/* Text values in the order of the file. */
struct text_set {
	const char **items;
	size_t count;
};

bool text_set_equals(const struct text_set *a, const struct text_set *b);

/* What was said, and where: "/etc/heloscope/heloscope.conf:31". */
struct said {
	const char *name, *where;
};

struct said_set {
	struct said *items;
	size_t count;
};

struct zone_set {
	struct resolver_zone *items;
	size_t count;
};

/* Answers of a list, in host order, and what they mean; `meaning` may be NULL. */
struct answer_range {
	uint32_t first, last; /* inclusive, in 127.0.0.0/8 and not in 127.255.255.0/24 */
	const char *meaning;
};

struct answer_set {
	struct answer_range *items;
	size_t count; /* 0: any answer of 127.0.0.0/8 but 127.255.255.0/24 */
};

/* A test entry of a list (RFC 5782, section 5): an address or a domain, and whether it is listed. */
struct test_entry {
	const char *entry;
	bool is_listed;
};

struct test_entry_set {
	bool is_said; /* with count 0: this list has no test entries */
	struct test_entry *items;
	size_t count;
};

enum list_kind { LIST_KIND_UNKNOWN, LIST_KIND_BLOCK, LIST_KIND_ALLOW };
enum list_takes { LIST_TAKES_UNKNOWN, LIST_TAKES_ADDRESS, LIST_TAKES_DOMAIN, LIST_TAKES_BOTH };
enum list_ipv6 { LIST_IPV6_UNKNOWN, LIST_IPV6_NO, LIST_IPV6_YES, LIST_IPV6_ONLY };
enum list_status { LIST_STATUS_ALIVE, LIST_STATUS_MERGED, LIST_STATUS_CLOSED };

/* What the catalogue says of a list, whether it is used or not: `list "zone" { ... }`. */
struct list_entry {
	const char *zone;     /* "*" as first label stands for a data query key */
	const char *operator; /* or NULL */
	struct answer_set answers;
	struct answer_set errors;  /* answers, beside 127.255.255.0/24, by which it refuses a query */
	struct text_set contained; /* zones whose data is within this one */
	struct test_entry_set test_entries;
	enum list_kind kind;
	enum list_takes takes;
	enum list_ipv6 ipv6;
	enum list_status status;
	const char *status_text; /* since when, what to use instead; or NULL */
	const char *terms;       /* of use, in a line, or NULL */
	const char *page;        /* URL with %s for the address or domain, or NULL */
};

/* A list that is asked: dnsbl, domain-dnsbl, dnswl. */
struct list {
	const char *zone;     /* as it is asked, key and all: secret */
	const char *shown;    /* as it may be shown */
	const char *key;      /* to be masked wherever it shows, or NULL */
	const char *key_file; /* where the key comes from, or NULL */
	const char *operator; /* never NULL */
	const char *group;    /* of lists that hold the same data one counts: the outermost one, as shown */
	const char *where;    /* "/etc/heloscope/heloscope.conf:31" */
	bool is_allow;
	bool is_left_out;                   /* never asked: it is closed, or of the wrong kind */
	unsigned weight;                    /* 1 to 1000 */
	unsigned subjects;                  /* bits 1 << enum list_subject */
	struct answer_set answers;          /* that count as listed */
	struct test_entry_set test_entries; /* what is asked to see whether it is well */
	const struct list_entry *entry;     /* from the catalogue, or NULL */
};

struct list_set {
	struct list *items;
	size_t count;
};

struct list_entry_set {
	struct list_entry *items;
	size_t count;
};

enum compare {
	COMPARE_LESS,
	COMPARE_AT_MOST,
	COMPARE_EQUAL,
	COMPARE_DIFFERENT,
	COMPARE_AT_LEAST,
	COMPARE_MORE
};

/* Numbers that rules compare. */
enum quantity { QUANTITY_DNSBL, QUANTITY_DNSBL_OPERATORS, QUANTITY_DNSWL, QUANTITIES };

/* Texts that rules match with patterns. */
enum subject {
	SUBJECT_RECIPIENT,
	SUBJECT_MAIL_FROM,
	SUBJECT_HELO_NAME,
	SUBJECT_CLIENT_NAME,
	SUBJECT_DKIM_DOMAIN,  /* of a signature that passes */
	SUBJECT_FROM,         /* the author's domain; as words: whether there is one */
	SUBJECT_DMARC_POLICY, /* only as words */
	SUBJECT_ARC_SEALER,   /* of a chain for which trusted sealers vouch; as words: whether there is one */
	SUBJECTS
};

/*
 * What a rule can ask for, a row each: enum and name. Each has its words in a refusal (words/reasons.c); a
 * row without them does not compile.
 */
/* clang-format off */
#define CONDITION_TEST_ROWS(ROW) \
	ROW(TRUSTED,       trusted) \
	ROW(AUTHENTICATED, authenticated) \
	ROW(LOOKS_FORWARDED, looks_forwarded) /* heloscope/facts/forwarding.h */ \
	ROW(RESULT,        result)        /* a method's result is one of `results` */ \
	ROW(QUANTITY,      quantity)      /* a number compares */ \
	ROW(TEXT,          text)          /* a text fits one of `texts` */ \
	ROW(WORD,          word)          /* a word of `subject` is one of `words` */ \
	ROW(CLIENT,        client)        /* the client's address lies in one of `networks` */ \
	ROW(LISTED,        listed)        /* one of the zones in `texts` lists something */

#define CONDITION_ENUM(NAME, name) , CONDITION_##NAME
enum condition_kind { CONDITION_AND, CONDITION_OR, CONDITION_NOT CONDITION_TEST_ROWS(CONDITION_ENUM) };

#define CONDITION_ONE(NAME, name) + 1
enum { CONDITION_KINDS = CONDITION_NOT + 1 CONDITION_TEST_ROWS(CONDITION_ONE) };
/* clang-format on */

struct condition {
	enum condition_kind kind;
	const struct condition **operands; /* of AND, OR: two and more, none of the same kind; of NOT: one */
	size_t operand_count;
	unsigned depth;  /* of operands within operands; at most CONFIG_CONDITION_DEPTH */
	bool is_negated; /* `!=`: true when the test below is false */
	enum method method;
	unsigned results; /* bits 1 << enum result */
	enum quantity quantity;
	enum compare compare;
	unsigned number;
	enum subject subject;
	struct text_set texts;
	unsigned words; /* bits by the number of the word, see config_subject_words() */
	struct network_set networks;
};

enum action {
	ACTION_ACCEPT,
	ACTION_REJECT,
	ACTION_DEFER,
	ACTION_QUARANTINE,
	ACTION_TAG,
	ACTION_DEFAULT,
	ACTIONS
};

/* "accept" for ACTION_ACCEPT and so on. */
const char *action_word(enum action action);

/* Whether it refuses, for good or for now: reject or defer. */
bool action_refuses(enum action action);

/* Whether mail is refused by it, or held, which has reasons, too. */
bool action_is_against(enum action action);

struct rule {
	enum action action;
	bool is_audit;     /* only says what it would do */
	unsigned percent;  /* of clients for which it acts; 100 unless said */
	unsigned code;     /* own reply code, 0: by what was found */
	const char *xcode; /* own enhanced code, NULL likewise */
	const char *text;  /* own reply text, quarantine reason or tag, or NULL */
	const struct condition *condition;
	const char *place; /* "heloscope.conf:31": in records and header fields */
	const char *where; /* "/etc/heloscope/heloscope.conf:31": in messages about the configuration */
};

struct rule_set {
	struct rule *items;
	size_t count;
};

struct policy {
	const char
		*where; /* "/etc/heloscope/heloscope.conf:31"; NULL for a default policy that nobody wrote */
	struct text_set domains; /* of recipients; empty for the default policy */
	struct rule_set rules;
	struct rule otherwise; /* ACTION_DEFAULT goes on with the default policy */
};

struct policy_set {
	struct policy *items;
	size_t count;
};

enum mode { MODE_AUDIT, MODE_ENFORCE };

/* Whether recipients for whom the end of the message may come out differently share a transaction. */
enum recipients { RECIPIENTS_TOGETHER, RECIPIENTS_APART };

struct config {
	const char *authserv_id;
	struct text_set also;    /* ids of other hosts of ours */
	bool has_default_id;     /* it was not set, and is the name of this host */
	const char *host;        /* that name: which of many wrote a record */
	struct text_set own_ids; /* patterns of ids whose arriving fields are removed; authserv_id first */
	const char *listen;      /* as libmilter takes it: "inet:8891@127.0.0.1", "unix:/path" */
	const char *socket_owner, *socket_group; /* of a unix socket, or NULL */
	unsigned socket_mode;                    /* of a unix socket, as for chmod(2) */
	const char *control;                     /* as listen, of this host alone; NULL: none */
	const char *control_owner, *control_group;
	unsigned control_mode;
	const char *user, *group; /* to become after binding; group may be NULL */
	bool has_statements;      /* else nothing was said, and all is as by default */
	enum mode mode;
	enum recipients recipients;
	enum log_target log_target;
	enum log_level log_level;
	const char *records; /* path, or NULL: none */
	struct share_settings share;
	struct resolver_settings resolver;
	struct text_set servers;    /* what resolver.servers points to */
	struct zone_set zones;      /* and resolver.zones */
	unsigned long cache_octets; /* of answers kept at hand */
	unsigned timeout_ms;        /* for all lookups of a message; at most CONFIG_TIMEOUT_MAX_MS */
	struct network_set trusted;
	struct network_set gateways; /* hosts whose Received fields tell who the client is */
	bool trusts_authenticated;
	struct text_set arc_sealers; /* patterns of domains whose seals are believed */
	bool keeps_trusted_results;  /* own-id fields from trusted clients stay */
	unsigned enabled, disabled;  /* bits 1 << enum method */
	enum spf_engine_name spf_engine;
	bool shows_spf_explanation; /* the sender domain's exp= text in refusals */
	bool adds_received_spf;
	bool looks_back;                     /* hosts that send mail are looked at */
	struct look_back_settings look_back; /* how */
	const char *contact;                 /* URL or address at the end of refusals, or NULL */
	struct list_set lists;
	struct list_entry_set catalogue;
	struct said_set said;                                   /* settings that may be said only once */
	const char *enabled_at[METHODS], *disabled_at[METHODS]; /* where they were said to be */
	struct text_set secrets;    /* keys, wherever they were said: never shown */
	unsigned test_interval_ms;  /* between two looks at a list that is well */
	struct rule_set exceptions; /* asked before any policy, for all recipients: accept and tag */
	struct policy_set policies; /* for recipient domains, in order */
	struct policy default_policy;
	bool asks_client_name; /* some rule does */
	struct arena arena;    /* owns all of the above */
};

/* An empty configuration with one reference; see config_preset(). NULL when memory ran out. */
struct config *config_new(void) MUST_USE;

struct config *config_ref(struct config *config) MUST_USE;
void config_unref(struct config *config); /* NULL is allowed */

/* Where the setting was said, by the name that complaints have for it, or NULL. */
const char *config_said_at(const struct config *config, const char *name);

/* Whether a client there is trusted: no address, loopback, or in trust { networks }. */
bool config_trusts(const struct config *config, const struct ipaddr *address);

/* Whether the word of a host there is taken for who the client is: it is in trust { gateways }. */
bool config_is_gateway(const struct config *config, const struct ipaddr *address);

/*
 * A client connects: whether it is trusted, or a gateway, which it is rather than trusted; its address
 * becomes the gateway's then, and that of the client is not known. This host itself is no gateway.
 */
void config_place_client(const struct config *config, struct client_facts *client);

/* Whether the client of a message is trusted; of a gateway's one, only when it is known. */
bool config_trusts_client(const struct config *config, const struct client_facts *client);

/* Whether there is a list of that kind which is asked. */
bool config_has_list(const struct config *config, bool is_allow);

/* Whether the list may be asked for this family: octets of an address. */
bool list_takes_family(const struct list *list, unsigned char length);

/* Whether `method` is there by itself, or the word that it needs was said. */
bool config_switches_on(const struct config *config, enum method method);

/* Whether the results of `method` are wanted. */
bool config_wants(const struct config *config, enum method method);

#endif
