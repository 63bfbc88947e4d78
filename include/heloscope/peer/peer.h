/*
 * peer: what is known of the mail server at a client's address: how it greets on port 25, and
 * what its TLS is like. And the interface of whoever finds it out, so that a test can put a few
 * rows of a table in place of a look_back. Plain data.
 */
#ifndef HELOSCOPE_PEER_PEER_H
#define HELOSCOPE_PEER_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/domain.h"
#include "heloscope/base/ipaddr.h"

/* How a visit ended. Tokens and times to live in peer.c. */
enum peer_outcome {
	PEER_ANSWERS,         /* greets with 220 and takes EHLO or HELO */
	PEER_REFUSED,         /* nobody listens */
	PEER_UNREACHABLE,     /* no way there from this host: no IPv6, a firewall, no descriptors */
	PEER_CONNECT_TIMEOUT, /* no answer at all */
	PEER_READ_TIMEOUT,    /* connected, then too little in too long a time */
	PEER_BUSY,            /* a 4xx greeting, or 4xx to EHLO */
	PEER_DECLINES,        /* a 5xx greeting (RFC 5321, 3.1), or 5xx to EHLO */
	PEER_NOT_SMTP,        /* speaks something else */
	PEER_TOO_MUCH,        /* more octets or lines than any greeting has */
	PEER_CLOSED,          /* ended the connection before all was said */
	PEER_OUTCOMES
};

enum peer_starttls {
	STARTTLS_UNKNOWN,     /* the dialogue did not come so far */
	STARTTLS_NOT_OFFERED, /* not in the EHLO reply */
	STARTTLS_REFUSED,     /* offered, but the command was answered with 4xx or 5xx */
	STARTTLS_BROKEN,      /* accepted, but the handshake failed */
	STARTTLS_WORKS,
	STARTTLS_STATES
};

/* What DANE says (RFC 7672). */
enum peer_dane {
	DANE_NONE,     /* no TLSA records, or none that DNSSEC vouches for */
	DANE_UNUSABLE, /* records, but none of usage DANE-TA(2) or DANE-EE(3) that can be read (RFC 7672, 2.1)
			*/
	DANE_FAULT,    /* could not be looked up, or bogus */
	DANE_MATCH,
	DANE_MISMATCH,
	DANE_STATES
};

/* What went wrong with TLS there. */
enum peer_problem {
	PEER_PROBLEM_NONE,
	PEER_PROBLEM_UNTRUSTED,          /* the certificate; quoted: OpenSSL's reason */
	PEER_PROBLEM_NO_CERTIFICATE,     /* */
	PEER_PROBLEM_HANDSHAKE_FAILED,   /* quoted: OpenSSL's reason, if it tells one */
	PEER_PROBLEM_HANDSHAKE_CLOSED,   /* by the server */
	PEER_PROBLEM_HANDSHAKE_TIMEOUT,  /* */
	PEER_PROBLEM_HANDSHAKE_TOO_MUCH, /* octets */
	PEER_PROBLEM_STARTTLS_MASKED,    /* something on the way overwrites the word in the reply to EHLO */
	PEER_PROBLEMS
};

#define PEER_TEXT_SIZE 160
#define PEER_TIME_MIN 1            /* seconds since 1970; earlier and later dates count as these */
#define PEER_TIME_MAX 253402300799 /* the end of the year 9999 */
#define PEER_REFUSAL_SIZE 600
#define PEER_LINE_SIZE (DOMAIN_SIZE + 50) /* a name, and some words */

/* Strings are terminated; those from the network are escaped as strbuf_add_escaped() does. */
struct peer {
	enum peer_outcome outcome;
	unsigned code; /* of the greeting; 0 without one */
	enum peer_starttls starttls;
	enum peer_dane dane;
	enum peer_problem problem; /* why the handshake failed or the certificate is not trusted */
	unsigned cipher_bits;
	bool injects;      /* sent plain text behind its reply to STARTTLS, which was not read */
	bool is_trusted;   /* the chain leads to a certificate authority of this system, now */
	bool is_named;     /* the certificate is for `name` */
	int64_t not_after; /* of the certificate, PEER_TIME_MIN to PEER_TIME_MAX; 0 without one */
	int64_t looked_at; /* seconds since 1970 */
	/* All texts stand behind `name`: peer_store.c keeps what is in front as it is. */
	char name[DOMAIN_SIZE];        /* the host name that was asked for with TLS, or "" */
	char greeting[PEER_LINE_SIZE]; /* its first line, behind the code */
	char ehlo[PEER_LINE_SIZE];     /* first line of the reply to EHLO, behind the code */
	char tls_version[16], cipher[48];
	char quoted[PEER_TEXT_SIZE];     /* the words that OpenSSL has for `problem`, not ours; or "" */
	char cert_names[PEER_TEXT_SIZE]; /* for whom it is: alternative names, or the common name */
	char issuer[PEER_TEXT_SIZE];
	char refusal[PEER_REFUSAL_SIZE]; /* all lines of a 4xx or 5xx greeting, or reply to EHLO; not kept */
	char key_digest[65]; /* SHA-256 of its public key, hexadecimal, as for TLSA 3 1 1; or "" */
};

/* As records, the file of findings and the log hold them. Words for people: heloscope/words/peer.h. */
#define PEER_OUTCOME_TOKENS                                                                                  \
	[PEER_ANSWERS] = "answers", [PEER_REFUSED] = "refused", [PEER_UNREACHABLE] = "unreachable",          \
	[PEER_CONNECT_TIMEOUT] = "connect-timeout", [PEER_READ_TIMEOUT] = "read-timeout",                    \
	[PEER_BUSY] = "busy", [PEER_DECLINES] = "declines", [PEER_NOT_SMTP] = "not-smtp",                    \
	[PEER_TOO_MUCH] = "too-much", [PEER_CLOSED] = "closed"
extern const char *const peer_outcome_tokens[PEER_OUTCOMES];
extern const char *const peer_starttls_tokens[STARTTLS_STATES];
extern const char *const peer_dane_tokens[DANE_STATES];
extern const char *const peer_problem_tokens[PEER_PROBLEMS];

/* How long a finding is believed, and nobody connects again: seconds. */
int64_t peer_ttl_s(const struct peer *peer);

/* Whether anybody answers there as a mail server does. */
bool peer_is_server(const struct peer *peer);

/* The host name with which a greeting or EHLO reply begins, normalized, in DOMAIN_SIZE octets; "" when it is
 * none. */
void peer_host_name(const char *line, char *name);

struct peer_source {
	/* What is known of the server at that address. False: nothing, or too old. Never waits; any thread.
	 */
	bool (*known)(struct peer_source *source, const struct ipaddr *address, struct peer *peer);
	/*
	 * Have it looked at in the background; `name`: its host name, "" when not known. Copies both. False:
	 * it is an address that is never looked at. Never waits; any thread.
	 */
	bool (*want)(struct peer_source *source, const struct ipaddr *address, const char *name);
};

#endif
