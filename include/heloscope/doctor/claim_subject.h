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

#include "heloscope/doctor/exam.h"
#include "heloscope/refusals/refusal.h"

/* What is under test. */
enum claim_about {
	CLAIM_ABOUT_NOTHING, /* of what the refusal says nothing stands in the DNS */
	CLAIM_ABOUT_ADDRESS, /* whoever's mail it was: the domain tells only how the address may be called */
	CLAIM_ABOUT_DOMAIN,  /* and the address, where the kind of refusal has to do with one */
};

struct claim_subject {
	enum claim_about about;
	char domain[DOMAIN_SIZE]; /* of the bounce address, normalized; "": not known */
	char helo[DOMAIN_SIZE];   /* the name that the server gives, printable; "": not known */
	struct ipaddr address;    /* from which it came; length 0: not known */
	bool is_address_of_reply; /* and nobody else names it: it may be a stranger's, and gets no record */
};

/* `text`: the normalized text of the refusal (refusals/normal.h). What the log or bounce does not tell is
 * taken from `given`; what neither does, from the text. */
struct claim_subject claim_subject_of(const struct refusal *refusal, const char *text,
				      const struct claim_subject *given);

/* Whether what comes of a test of one comes of the other. */
bool claim_subject_equals(const struct claim_subject *a, const struct claim_subject *b);

/* The same for those that are equal. */
uint64_t claim_subject_hash(const struct claim_subject *subject);

/* What is tested, for people: "a.example", "192.0.2.1", "a.example from 192.0.2.1". */
void claim_subject_add_to(const struct claim_subject *subject, struct strbuf *out);

/* Whether `text` can be asked for as a domain that has mail: then it is in `name`, normalized. */
bool claim_read_domain(struct span text, char name[DOMAIN_SIZE]) MUST_USE;

#endif
