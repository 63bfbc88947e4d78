/*
 * dns: questions, answers, and the interface of a resolver.
 *
 * Plain data and a strict reader of answers in wire form. Who asks sees only this header, so
 * that a test can put a few rows of a table in place of a resolver.
 */
#ifndef HELOSCOPE_DNS_DNS_H
#define HELOSCOPE_DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/domain.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/refcount.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52,
	/* Only read, never asked of a resolver, which asks for them itself: */
	DNS_RRSIG = 46,
	DNS_DNSKEY = 48
};

enum dns_status {
	DNS_NOERROR,   /* there are records */
	DNS_NODATA,    /* the name exists, records of this type do not */
	DNS_NXDOMAIN,  /* the name does not exist */
	DNS_SERVFAIL,  /* SERVFAIL, REFUSED, no server reached: any other answer */
	DNS_TIMEOUT,   /* no answer before the deadline of whoever asked */
	DNS_BOGUS,     /* DNSSEC validation failed */
	DNS_MALFORMED, /* an answer that cannot be read */
	DNS_TOO_LARGE, /* an answer beyond what is read */
	DNS_NO_SERVER, /* no name server answers anything: nothing is known of that of this name */
	/* Nobody was asked, so that it is nobody's fault but ours or the client's. By a bound, see
	 * dns_status_is_withheld(): */
	DNS_SENDER_UNREAD,        /* the sender can be read in more ways than are judged, or were in time, */
	DNS_RECIPIENT_UNREAD,     /* or the recipient */
	DNS_CLIENT_UNREAD,        /* the client cannot be told from what a gateway wrote of it */
	DNS_TOO_MANY_OF_MESSAGE,  /* asked in this stage of the message */
	DNS_TOO_MANY_OF_CLIENT,   /* under way for this client, */
	DNS_TOO_MANY_OF_NETWORK,  /* for its /24 or /48, */
	DNS_TOO_MANY_OF_PROVIDER, /* for its /16 or /32, which has more of them than all others, */
	DNS_TOO_MANY_OF_ALL,      /* for all together, mostly for others */
	DNS_BUDGET_OF_CLIENT,     /* this list was asked too much for this client, */
	DNS_BUDGET_OF_NETWORK,    /* or for its /24 or /48, by mail that was not accepted */
	DNS_NO_ROOM,              /* for the answer, in what a session may hold */
	DNS_HELD_UP,              /* in time, by answers to other questions, behind which it comes */
	DNS_TOO_MUCH_WORK,        /* to verify the signature, with what was verified before */
	DNS_CHOSEN_NAME, /* it was asked in vain, at a name that whoever sends may have chosen for that */
	/* Or for want of something else: */
	DNS_NO_TIME,   /* the deadline had passed */
	DNS_NO_MEMORY, /* or the program ends */
	DNS_STATUSES
};

enum dns_security { DNS_INSECURE, DNS_SECURE };

/*
 * Records of one answer that are read: more of them are DNS_TOO_LARGE, for a part of them would be a wrong
 * answer. Of PTR and MX records nobody follows more than ten, so that only the first in order are kept.
 */
#define DNS_RECORDS_MAX 512
#define DNS_NAMES_MAX 64

/* One record. Which member counts follows from the type that was asked. */
struct dns_record {
	struct ipaddr address; /* A, AAAA */
	struct span text; /* TXT: its strings joined without blanks (RFC 7208, 3.3); any octets, then a NUL */
	/* TLSA: usage, selector, matching type, an octet each, then data (RFC 6698, 2.1); RRSIG, DNSKEY: as
	 * they are on the wire (RFC 4034, 3.1 and 2.1) */
	const char *name;    /* PTR, MX: normalized, or escaped for people, and cut, when not is_host_name */
	bool is_host_name;   /* PTR, MX: `name` is a host name by RFC 1123; "_" is tolerated */
	uint16_t preference; /* MX */
};

/*
 * An answer. One block of memory, that several may hold: each frees it with dns_answer_free(). Immutable
 * once made. Its records stand in an order of their own, whatever the server's was, and each only once: A and
 * AAAA by their octets, MX by preference and name, others by their text. So nothing rests on the order in
 * which a server happens to send them.
 */
struct dns_answer {
	struct refcount holders;
	enum dns_status status;
	enum dns_security security;
	uint32_t ttl_s;  /* smallest of the records used, or of the negative answer; at most a week */
	uint32_t octets; /* of this block */
	size_t count;    /* of records; 0 unless DNS_NOERROR */
	size_t left_out; /* PTR, MX: records beyond those */
	struct dns_record records[];
};

/* "A", "PTR" and so on. */
const char *dns_type_word(enum dns_type type);

/* Add what stands in a record: an address, text, "10 mx.example.org" or a name; raw. */
void dns_record_add_to(const struct dns_record *record, enum dns_type type, struct strbuf *text);

/* Neither records nor their absence: nothing is known. */
bool dns_status_is_fault(enum dns_status status);

/* Whether the question was put to a server at all. */
bool dns_status_was_asked(enum dns_status status);

/* Whether nobody was asked because of a bound, which whoever sends may have reached on purpose: that must not
 * be to the advantage of a message. */
bool dns_status_is_withheld(enum dns_status status);

/* Whether the name has no such records: NODATA or NXDOMAIN. */
bool dns_status_is_void(enum dns_status status);

/*
 * What a fault withholds when whoever sends chose the name that was asked, as that of a signature: the bound
 * that was reached, or DNS_CHOSEN_NAME, for there are always names that nobody can look up. DNS_NOERROR for
 * faults of ours, which nobody can choose.
 */
enum dns_status dns_status_of_chosen(enum dns_status fault);

/* The type of record in which addresses of that family stand: A or AAAA. */
enum dns_type dns_address_type(const struct ipaddr *address);

/* Whether an answer of A or AAAA records holds the address. */
bool dns_answer_holds(const struct dns_answer *answer, const struct ipaddr *address);

/* An answer without records; NULL when memory ran out. */
struct dns_answer *dns_answer_empty(enum dns_status status, uint32_t ttl_s);

/*
 * Put the records of an answer in their order and leave out what stands there twice (RFC 2181, 5). Returns
 * how many are left.
 */
size_t dns_records_order(struct dns_record *records, size_t count, enum dns_type type);

/*
 * Read a DNS message (RFC 1035, 4.1): the records of `type` at `name`, or at the end of the
 * CNAME chain that starts there (at most 16 links; for DNS_CNAME the first link itself). Records of other
 * names and types do not count. No record lives longer than the CNAME records in front of it, nor does its
 * absence (RFC 2308, 5). Anything out of bounds or against the format gives DNS_MALFORMED. NULL when memory
 * ran out. `name` is as ask() takes it; "" is the root.
 */
struct dns_answer *dns_answer_parse(const unsigned char *packet, size_t length, const char *name,
				    enum dns_type type) MUST_USE;

/* One more holder. */
struct dns_answer *dns_answer_ref(struct dns_answer *answer) MUST_USE;

void dns_answer_free(struct dns_answer *answer); /* NULL is allowed */

/*
 * Called once for each question that was taken, on the resolver's thread and never from within ask(). Owns
 * `answer`, which is NULL when memory ran out.
 */
typedef void dns_callback(void *context, struct dns_answer *answer);

struct dns_resolver {
	/*
	 * The answer, when it is at hand, for the caller to free; else NULL. Never waits. Any thread. The
	 * member is NULL for resolvers that keep none.
	 */
	struct dns_answer *(*known)(struct dns_resolver *resolver, const char *name, enum dns_type type);
	/*
	 * Take a question and return at once. False: not taken, no callback will come. `name` is
	 * copied. Any thread. Names are absolute; there is no search list. Octets that no host name
	 * has, in names that SPF macros make, are written \DDD.
	 */
	bool (*ask)(struct dns_resolver *resolver, const char *name, enum dns_type type,
		    dns_callback *callback, void *context);
	/*
	 * Have `run` called on the resolver's thread once the answers that have arrived by now are
	 * delivered: lets a caller look at several at once. Only from within a dns_callback.
	 */
	void (*after_answers)(struct dns_resolver *resolver, void (*run)(void *context), void *context);
};

#endif
