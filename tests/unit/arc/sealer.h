/*
 * sealer: messages with chains of ARC for tests, made with OpenSSL alone, as signer.h does it: all fields are
 * written in their canonical form.
 */
#ifndef TESTS_UNIT_ARC_SEALER_H
#define TESTS_UNIT_ARC_SEALER_H

#include "../dkim/signer.h"

#define SEALER_SETS_MAX 60
#define SEALER_FROM "joe@a.test"
#define SEALER_BODY "A body.\r\n"

/* A set as it is made; NULL or 0: as usual. */
struct sealer_set {
	const char *results; /* behind "i=N;" */
	const char *names;   /* h=, of which only From is in the message */
	const char *tags;    /* of the message signature, in front of b=, each with ";" behind */
	const char *seal_tags;
	const char *status; /* cv= */
	const char *body;   /* when it was made */
	const char *domain; /* d= of both */
	const char *selector;
	enum signer_key key;
};

struct sealer_chain {
	char *results[SEALER_SETS_MAX], *messages[SEALER_SETS_MAX], *seals[SEALER_SETS_MAX]; /* values */
	unsigned count;
};

/* Add a set to the chain. */
void sealer_add(struct sealer_chain *chain, const struct sealer_set *set);

void sealer_clear(struct sealer_chain *chain);

#endif
