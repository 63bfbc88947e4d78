/*
 * claim_subject: what a refusal is about: the domain, the address and the names of the sender's side, as the
 * log or bounce has them, or else the reply.
 *
 * A reply is a stranger's text: what is read in it is a public address, or a name by which a domain with mail
 * can be called, or nothing. Plain data; any thread.
 */
#ifndef HELOSCOPE_DOCTOR_CLAIM_SUBJECT_H
#define HELOSCOPE_DOCTOR_CLAIM_SUBJECT_H

#include "heloscope/doctor/exam.h"
#include "heloscope/refusals/refusal.h"

struct claim_subject {
	char domain[DOMAIN_SIZE]; /* of the bounce address, normalized; "": not known */
	char author[DOMAIN_SIZE]; /* that the reply is about, which may be the author's; "": it names none */
	char helo[DOMAIN_SIZE];   /* the name that the server gave, printable; "": not known */
	char selector[DOMAIN_SIZE], signer[DOMAIN_SIZE]; /* of a DKIM key; "": not known */
	struct ipaddr address;                           /* from which it came; length 0: not known */
};

/* `text`: the normalized text of the refusal (refusals/normal.h). What is not found is taken from `given`. */
struct claim_subject claim_subject_of(const struct refusal *refusal, const char *text,
				      const struct claim_subject *given);

/* Whether `text` can be asked for as a domain that has mail: then it is in `name`, normalized. */
bool claim_read_domain(struct span text, char name[DOMAIN_SIZE]) MUST_USE;

#endif
