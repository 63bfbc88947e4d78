/*
 * claim_subject: what a refusal is about: the domain and the address of the sender's side, as the log or
 * bounce has them, as they were given, or else as the reply names them.
 *
 * A reply is a stranger's text: what is read in it is a public address, or a name by which a domain with mail
 * can be called, or nothing; and whoever wrote it must not get an address of his into a record of ours. Plain
 * data; any thread.
 */
#ifndef HELOSCOPE_DOCTOR_CLAIM_SUBJECT_H
#define HELOSCOPE_DOCTOR_CLAIM_SUBJECT_H

#include "heloscope/doctor/claim_kind.h"
#include "heloscope/doctor/exam.h"
#include "heloscope/refusals/refusal.h"

struct claim_subject {
	const struct claim_kind *kind;
	char domain[DOMAIN_SIZE];  /* normalized; "": not known */
	char bounces[DOMAIN_SIZE]; /* that of the bounce address, where it is another; else "" */
	char sender[DOMAIN_SIZE];  /* whosever the mail was, as far as others than the reply say so; or "" */
	char helo[DOMAIN_SIZE];    /* the name that the server gives, printable; "": not known */
	char selector[DOMAIN_SIZE], signer[DOMAIN_SIZE]; /* of a DKIM key; "": not known */
	struct ipaddr address;                           /* from which it came; length 0: not known */
	bool is_address_of_reply; /* and nobody else names it: it may be a stranger's, and gets no record */
	bool is_helo_of_reply;    /* likewise */
	bool is_domain_of_reply;  /* likewise: the domain, or that of the key, is of another organization */
	bool can_be_otherwise;    /* the DNS can show the opposite of what the reply says */
	struct ipaddr named;      /* another public address, which the reply names; length 0: none */
	const char *list; /* the configuration's, as it is shown; NULL: the reply names none of them */
};

/* `text`: the normalized text of the refusal (refusals/normal.h). What the log or bounce does not tell is
 * taken from `given`; what neither does, from the text. The list is not looked for. */
struct claim_subject claim_subject_of(const struct refusal *refusal, const struct claim_kind *kind,
				      const char *text, const struct claim_subject *given);

/* Take out what a test of this kind does not need. */
void claim_subject_reduce(struct claim_subject *subject);

/* Whether an examination of one is that of the other, as they stand. */
bool claim_subject_equals(const struct claim_subject *a, const struct claim_subject *b);

/* Whether what comes of a test of one comes of the other, too. */
bool claim_subject_is_same(const struct claim_subject *a, const struct claim_subject *b);

/* The same for those that are the same. */
uint64_t claim_subject_hash(const struct claim_subject *subject);

/* What is tested, for people: "a.example", "192.0.2.1 as mail.example", "mail.example" (a HELO name, of no
 * known address), "a.example from 192.0.2.1". */
void claim_subject_add_to(const struct claim_subject *subject, struct strbuf *out);

/* Whether `text` can be asked for as a domain that has mail: then it is in `name`, normalized. */
bool claim_read_domain(struct span text, char name[DOMAIN_SIZE]) MUST_USE;

#endif
