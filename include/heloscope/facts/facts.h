/*
 * facts: what is known about one message's client, names and sender, and what it rests on.
 *
 * Checks write it, each its own part; policy and words read it and nothing else. Plain data
 * without logic but for a few tallies. Strings are terminated, may hold hostile octets where
 * this says "raw", and live as long as the message (struct inquiry owns them). Not shared
 * between threads once the checks are done.
 */
#ifndef HELOSCOPE_FACTS_FACTS_H
#define HELOSCOPE_FACTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/arena.h"
#include "heloscope/wire/author.h"
#include "heloscope/wire/authres.h"
#include "heloscope/arc/chain.h"
#include "heloscope/dkim/verify.h"
#include "heloscope/dmarc/judge.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/domain.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/facts/methods.h"
#include "heloscope/wire/readings.h"
#include "heloscope/peer/peer.h"
#include "heloscope/spf/problem.h"
#include "heloscope/spf/trace.h"

/* Why it is not known from which client a gateway had a message. */
enum gateway_fault {
	GATEWAY_FAULT_NONE,
	GATEWAY_NO_RECEIVED,   /* where a field of a gateway is believed, there is none */
	GATEWAY_OWN_MAIL,      /* it names no client, as that of a message that the gateway wrote itself */
	GATEWAY_UNREADABLE,    /* it names one, but is in no known spelling */
	GATEWAY_INNER_ADDRESS, /* it names an address of some inner network, which is no gateway's */
	GATEWAY_TOO_MUCH,      /* a bound was reached */
	GATEWAY_FAULTS
};

/* A gateway of trust { gateways }, whose word is taken for who the client is. */
struct gateway_facts {
	struct ipaddr address;    /* that connected; length 0: none, and nothing below counts */
	struct ipaddr believed;   /* whose Received field names the client: that one, or one further inside */
	struct ipaddr inner;      /* for GATEWAY_INNER_ADDRESS: what it names; else length 0 */
	unsigned hops;            /* fields that were believed */
	enum gateway_fault fault; /* the client's address has the length 0 then */
};

struct client_facts {
	struct ipaddr address; /* length 0: unknown, or not connected by IP */
	uint16_t port;         /* host order */
	bool is_trusted;       /* in trust { networks } or not connected by IP */
	bool is_authenticated;
	const char *auth_name; /* {auth_authen}, raw, or NULL */
	struct gateway_facts gateway;
};

#define IPREV_NAMES_MAX 10 /* PTR names that are followed (RFC 8601, section 3) */

/* A name that the reverse DNS gives, and where it leads. */
struct iprev_name {
	const char *name;       /* normalized, or escaped when it is no host name */
	bool is_verified;       /* resolves back to the client */
	enum dns_status status; /* of the address lookup; DNS_MALFORMED when it is no host name */
	const char *addresses;  /* what it resolves to, for people: "192.0.2.1, 192.0.2.2"; "" for none */
};

struct iprev_facts {
	struct iprev_name *names;
	size_t count;           /* of names kept */
	size_t total;           /* of PTR records there are */
	const char *verified;   /* the first verified name, or NULL */
	enum dns_status status; /* of the PTR lookup */
};

/* How far the HELO name agrees with the verified reverse DNS name. */
enum helo_agreement { HELO_UNRELATED, HELO_SAME_ORGANIZATION, HELO_EQUAL };

struct helo_facts {
	const char *given; /* raw, as the client said it; NULL when it said none */
	enum helo_form form;
	const char *name;      /* normalized, for HELO_NAME, else "" */
	struct ipaddr literal; /* for HELO_LITERAL */
	enum helo_fault fault; /* why HELO_INVALID */
	bool resolves_to_client;
	enum helo_agreement agreement;
	enum dns_status status; /* of the address lookup of the client's family */
};

/* Whether the domain of a sender can receive bounces, and why. One line each in facts.c, too. */
enum sender_finding {
	SENDER_UNCHECKED, /* the check did not run */
	SENDER_MX,        /* with a host that mail can get to */
	SENDER_ADDRESS,   /* no MX, but an address */
	SENDER_NO_DOMAIN,
	SENDER_MALFORMED,
	SENDER_NO_SUCH_DOMAIN,
	SENDER_NO_MX, /* and no address */
	SENDER_NULL_MX,
	SENDER_LOCALHOST,
	SENDER_MX_NO_HOST,
	SENDER_MX_NO_ADDRESS,
	SENDER_MX_PRIVATE,
	SENDER_ADDRESS_PRIVATE,
	SENDER_UNKNOWN, /* a fault of the DNS */
	SENDER_FINDINGS
};

struct sender_words {
	const char *word; /* as in a record; for people: heloscope/words/sender.h */
	enum result result;
};

/* MAIL FROM, and whether its domain can receive bounces. */
struct sender_facts {
	const char *given;      /* raw, with brackets and parameters as typed; NULL before MAIL */
	const char *used;       /* raw: what the MTA makes of it; NULL: it does not tell */
	struct mailbox mailbox; /* one reading of both */
	const char *domain;     /* for the DNS: the mailbox's, normalized; "" without one */
	enum sender_finding finding;
	enum dns_status status; /* what was wrong, for SENDER_UNKNOWN */
	const char *host; /* that an MX record names, for SENDER_MX_NO_HOST and those behind it; or NULL */
	struct ipaddr address; /* for SENDER_MX_PRIVATE and SENDER_ADDRESS_PRIVATE; else length 0 */
};

enum spf_identity { SPF_MAILFROM, SPF_HELO, SPF_IDENTITIES };

struct spf_facts {
	const char *domain;         /* that was asked first; "" when the identity gives none */
	const char *record;         /* raw: the record of that domain, or NULL */
	const char *mechanism;      /* the term that decided, as in its record, or NULL */
	struct spf_problem problem; /* why permerror or temperror */
	const char *explanation;    /* printable: the domain's exp= text for a fail, or NULL */
	struct spf_trace trace;     /* term by term */
};

/* A name that was asked for the record of the author's domain. */
struct dmarc_looked_up {
	const char *domain; /* without "_dmarc." */
	enum dns_status status;
	size_t records;     /* of DMARC; several count as none */
	const char *record; /* raw: the only one, when it is not the one that applies; the first of several;
			       or NULL */
	const char *second; /* raw: of several; or NULL */
};

/* What the author's domain says of messages in its name (RFC 9989). All but that is empty without one author
 * (struct author_facts). */
struct dmarc_facts {
	const char *organization; /* of the author; NULL: not known */
	const char
		*record_domain; /* where the record that applies stands; NULL: there is none, or not known */
	struct dmarc_record record; /* its text raw */
	enum dmarc_existence existence;
	enum dmarc_policy policy;    /* of the record for this author; DMARC_ABSENT: none, or not known */
	enum dmarc_policy evaluated; /* the same after t=y: what it wants done with mail that fails */
	const char *fault_name;      /* for temperror: what could not be looked up, or NULL */
	enum dns_status fault;
	struct dmarc_identifier *identifiers; /* in whose names it is, or might be, authenticated */
	size_t identifier_count;
	struct dmarc_looked_up *lookups; /* from the author's domain up */
	size_t lookup_count;
};

/* Whose listing is asked for. */
enum list_subject { LIST_CLIENT, LIST_PTR, LIST_HELO, LIST_SENDER, LIST_SUBJECTS };

/* "client", "ptr", "helo" or "sender". */
const char *list_subject_word(enum list_subject subject);

enum list_state { LIST_NOT_LISTED, LIST_LISTED, LIST_FAULT };

/* Why nothing follows from a list. */
enum list_fault {
	LIST_FAULT_NONE,
	LIST_FAULT_LOOKUP,        /* status: how it ended */
	LIST_FAULT_REFUSED,       /* it answers that it refuses the query */
	LIST_FAULT_STRANGE,       /* it answers outside 127.0.0.0/8 */
	LIST_FAULT_NAME_TOO_LONG, /* not asked, and so below: */
	LIST_FAULT_UNCHECKED,     /* what its test entries show, see heloscope/lists/round.h */
	LIST_FAULT_UNANSWERED,
	LIST_FAULT_DOUBTED,
	LIST_FAULT_NO_ANSWER,
	LIST_FAULT_LISTS_NONE,
	LIST_FAULT_LISTS_STRANGE,
	LIST_FAULT_LISTS_ALL,
	LIST_FAULT_FILTERED,
	LIST_FAULT_REFUSES,
	LIST_FAULTS,        /* of a record */
	LIST_FAULT_UNASKED, /* in a replay: of a list of which the record knows nothing */
};

#define LIST_ANSWERS_MAX 8

/* What one list said of one subject. */
struct list_finding {
	const char *zone;     /* as it may be shown: without a key */
	const char *operator; /* who runs it; the zone itself when that is not known */
	const char *group;    /* lists that hold the same data have one; usually the zone */
	const char *asked;    /* the address or domain that was looked up */
	bool is_allow;        /* dnswl */
	unsigned weight;
	enum list_state state;
	uint32_t answers[LIST_ANSWERS_MAX]; /* host order; those that count, or the error code */
	size_t count;
	const char *meaning;    /* what the catalogue says of the first answer, or NULL */
	const char *text;       /* the list's own TXT reason, raw, key masked; or NULL */
	const char *page;       /* where the sender can look it up, or NULL */
	enum list_fault fault;  /* for LIST_FAULT */
	enum dns_status status; /* for LIST_FAULT_LOOKUP */
};

/* The bound for which a list was not asked; DNS_NOERROR: none. */
enum dns_status list_finding_withheld(const struct list_finding *finding);

struct list_facts {
	struct list_finding *findings; /* one for each list asked */
	size_t count;
};

/* TLS of the client's own session, as the MTA tells it with its macros; raw, NULL where it does not. */
struct tls_facts {
	bool is_told;             /* false: nobody said whether there is TLS */
	const char *version;      /* {tls_version}; NULL: plain text */
	const char *cipher;       /* {cipher} */
	const char *bits;         /* {cipher_bits} */
	const char *verify;       /* {verify}: "OK" for a client certificate that was verified */
	const char *cert_subject; /* {cert_subject} of that */
};

/* Whose the message is, by its From fields. */
struct author_facts {
	enum author_finding finding; /* AUTHOR_UNCHECKED until the header has come to a check */
	const char *domain;          /* normalized; "" unless there is one author: AUTHOR_ONE */
};

/* How a signature's domain agrees with the author's. */
enum dkim_alignment { DKIM_UNALIGNED, DKIM_SAME_ORGANIZATION, DKIM_SAME_DOMAIN };

/* A signature of the message, and what it comes to. */
struct dkim_finding {
	enum result result;
	const char *domain, *selector; /* normalized; "" when they could not be read */
	const char *algorithm;         /* raw, cut when it is long; "" without one */
	const char *canonicalization;  /* "relaxed/simple": of header and body */
	const char *mark;              /* so much of b= that no other signature begins like it (RFC 6008) */
	const char *identity;          /* raw: i=, or NULL */
	const char *field_names;       /* raw: h= without blanks, cut when it is long */
	size_t field_name_count;
	int64_t time, expiry; /* t= and x=, seconds since 1970; 0: none, or beyond the year 9999 */
	bool has_length;
	uint32_t length;                           /* l=; UINT32_MAX: so many or more */
	unsigned char body_hash[DKIM_HASH_OCTETS]; /* bh=: that is claimed, if it could be read */
	enum dkim_alignment alignment;
	struct dkim_evidence evidence;
};

struct dkim_facts {
	struct dkim_finding *signatures; /* in the order of the header, from above */
	size_t count;
	size_t left_out;  /* signatures beyond those, which nobody looked at */
	bool has_list_id; /* a List-Id field (RFC 2919), as mailing lists write it, and whoever wants to */
};

/* A set of an ARC chain: who sealed it, and what can be said of it when the chain passes. */
struct arc_sealer {
	const char *domain, *selector; /* of the seal, normalized; "" when there is none that can be read */
	bool vouches;                  /* its results say dmarc=pass of the author */
	bool covers_from;              /* its ARC-Message-Signature does */
	bool is_trusted;               /* in trust { arc-sealers } */
};

struct arc_facts {
	struct arc_outcome outcome;
	struct arc_sealer *sealers; /* by instance, the first at 0 */
	size_t count;
};

/* What a chain is worth: nothing, unless it passes; whether trusted sealers vouch for the message. */
enum arc_standing { ARC_WORTHLESS, ARC_UNTRUSTED, ARC_TRUSTED, ARC_STANDINGS };

/* How the names with which a server greets agree with those of the client. */
enum banner_agreement {
	BANNER_INVALID, /* no name at all */
	BANNER_FOREIGN, /* a name of another domain */
	BANNER_UNKNOWN, /* the client has no name to compare it with */
	BANNER_SAME_ORGANIZATION,
	BANNER_EQUALS_HELO,
	BANNER_EQUALS_PTR,
};

/* What is known of the server at the client's address. */
struct peer_facts {
	bool is_wanted, is_left_out;           /* asked for; is not looked at */
	const struct peer *peer;               /* NULL: nothing yet */
	const char *greeting_name, *ehlo_name; /* normalized; "" for none */
	enum banner_agreement agreement;       /* the better of the two */
};

struct facts {
	struct client_facts client;
	struct iprev_facts iprev;
	struct helo_facts helo;
	struct sender_facts sender;
	struct spf_facts spf[SPF_IDENTITIES];
	struct list_facts lists[LIST_SUBJECTS];
	struct tls_facts tls;
	struct peer_facts peer;
	struct author_facts author;
	struct dkim_facts dkim;
	struct dmarc_facts dmarc;
	struct arc_facts arc;
	enum result results[METHODS];
	unsigned awaited[STAGES]; /* methods, as bits, that are known only when that stage has come */

	/* By method: the bound for which a question was not asked, or that it was asked at a name of the
	 * sender's choice in vain, which must not be to the advantage of a message
	 * (dns_status_is_withheld()); DNS_NOERROR: none. Of lists their findings tell it. */
	enum dns_status withheld[METHODS];

	/*
	 * The same message by another reading of its sender (heloscope/wire/readings.h), with all that rests
	 * on the sender; at the last NULL. Usually there is but one.
	 */
	struct facts *other;
};

/*
 * Set the sender, all but the reason, in `facts` and, for further readings, in facts->other. Copies in
 * `arena`.
 */
void facts_set_sender(struct facts *facts, const struct envelope_address *sender, struct arena *arena);

/* Whether a gateway handed the message over. */
bool facts_is_behind_gateway(const struct facts *facts);

/* Whether one did, and the client is not known. */
bool facts_lacks_client(const struct facts *facts);

/*
 * Whether that may be the doing of who sent the message: by a HELO name, for example, after which nobody can
 * read the field. What rests on the client is withheld then (DNS_CLIENT_UNREAD).
 */
bool facts_withholds_client(const struct facts *facts);

/* Whether it is not: the gateway, or its place in the configuration, is what is wrong, or it wrote the
 * message itself. No rule is asked then, and the message is accepted. */
bool facts_escapes_rules(const struct facts *facts);

/* Whether a gateway did not tell what a method rests on: the client. DMARC rests on that where no signature
 * makes it pass. */
bool facts_lacks_ground(const struct facts *facts, enum method method);

/* Whether it has the result none for that. */
bool facts_is_groundless(const struct facts *facts, enum method method);

/* All methods, as bits, that are awaited. */
unsigned facts_awaited(const struct facts *facts);

/* The result of all signatures together: that of the best, for which a fault may hide it; none without any.
 */
enum result facts_dkim_result(const struct dkim_facts *dkim);

/* Whether a signature passes whose domain fits a pattern, as domain_matches() takes it. */
bool facts_is_signed_by(const struct facts *facts, const char *pattern);

/* Whether there may be one but for a fault: of those whose result is not known, one has such a domain. */
bool facts_may_be_signed_by(const struct facts *facts, const char *pattern);

/*
 * The instance of the set that vouches for the message: a chain that passes, and from that set to the newest
 * each sealer is trusted and has signed From, so that all of it rests on their word. The newest of several;
 * 0: there is none.
 */
size_t facts_vouching_set(const struct facts *facts);
enum arc_standing facts_arc_standing(const struct facts *facts);

/* The standings that it may have, as bits: two as long as a fault keeps from being known whether it is valid.
 */
unsigned facts_arc_standings(const struct facts *facts);

/* Whether there is one, and a sealer from it to the newest fits a pattern. */
bool facts_is_sealed_by(const struct facts *facts, const char *pattern);

/* The same of a chain of which a fault keeps from being known whether it passes. */
bool facts_may_be_sealed_by(const struct facts *facts, const char *pattern);

const struct sender_words *sender_words(enum sender_finding finding);

/* SENDER_UNCHECKED when there is no such word. */
enum sender_finding sender_finding_from_word(const char *word);

/* Whether the result is another one for another sender. */
bool facts_rests_on_sender(enum method method);

/* Give another reading all that does not rest on the sender; what does is as before the checks. */
void facts_take_over(struct facts *other, const struct facts *facts);

/* Set what `name`, raw or NULL, is as HELO. Copies in `arena`. */
void facts_set_helo(struct helo_facts *helo, const char *name, struct arena *arena);

/* The reading of the sender for which `method` has the worst result; the first of several. */
const struct facts *facts_worst(const struct facts *facts, enum method method);

/*
 * The facts of a message whose client is trusted: what was said, and no check. `facts` is empty before;
 * `helo` may be NULL; texts are copied into `arena`.
 */
void facts_set_unchecked(struct facts *facts, const struct client_facts *client, const char *helo,
			 const struct envelope_address *sender, struct arena *arena);

/* The result of a check of the peer of which nothing is known: none when it is never looked at, else
 * temperror. */
enum result facts_unknown_peer_result(const struct peer_facts *facts);

/* A copy with its strings in `arena`; of NULL one that tells nothing. */
struct tls_facts facts_copy_tls(const struct tls_facts *tls, struct arena *arena);

/* Empty all that is known only since `stage`, as before it began. */
void facts_forget(struct facts *facts, enum stage stage);

/* Sums over what lists said, for block lists or allow lists. */
struct list_tally {
	unsigned score;     /* weights of lists that list; of several findings of one group the largest */
	unsigned operators; /* different operators among them */
	unsigned unknown_score, unknown_operators; /* what faults may be hiding */
	size_t lists;                              /* that were asked */
};

struct list_tally facts_tally(const struct facts *facts, bool is_allow);

/* What the list of that zone lists, and in `subject` of whom: the first of several; NULL: nothing. */
const struct list_finding *facts_listing(const struct facts *facts, const char *zone,
					 enum list_subject *subject);

/* A walk over what lists of one kind said, subject by subject. All zero but for the first two: its beginning.
 */
struct finding_walk {
	const struct facts *facts;
	bool is_allow;
	int subject; /* enum list_subject: of the finding that came last */
	size_t index;
};

/* The next finding, or NULL at the end. */
const struct list_finding *facts_next_finding(struct finding_walk *walk);

/* The method under which lists of a kind are told: METHOD_DNSWL or METHOD_DNSBL. */
enum method facts_list_method(bool is_allow);

/* The result of all block lists, x-dnsbl, or of all allow lists, dnswl. */
enum result facts_list_result(const struct facts *facts, bool is_allow);

#endif
