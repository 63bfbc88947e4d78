/*
 * findings: the refusals that were read out of one bounce, one for each recipient.
 *
 * A bounce says the same more than once: in its fields, in its text, in the transcript of the session. Of
 * each recipient the fullest account is kept, and what it lacks is taken from the others. Texts lie in the
 * arena, or wherever the reader had them, and must stay until all was handed over. One thread.
 */
#ifndef HELOSCOPE_MAILS_FINDINGS_H
#define HELOSCOPE_MAILS_FINDINGS_H

#include <stdbool.h>

#include "heloscope/base/arena.h"
#include "heloscope/refusals/refusal.h"

/* How much an account tells. */
enum worth {
	WORTH_NOTHING, /* that there is such a recipient */
	WORTH_STATUS,  /* an enhanced code, or words of the sending server about the recipient */
	WORTH_WORDS,   /* words that are said to be the reason */
	WORTH_REPLY    /* a reply, with its code */
};

struct finding {
	struct refusal refusal;
	enum worth worth;
};

struct findings {
	struct arena *arena;
	struct finding *items;
	size_t count;     /* at most BOUND_BOUNCE_RECIPIENTS */
	bool is_complete; /* the recipients are all known, from fields: texts add none */
};

void findings_init(struct findings *findings, struct arena *arena);

/* Note what is said of a recipient; none: of all of whom nothing better is said. */
void findings_add(struct findings *findings, const struct refusal *refusal, enum worth worth);

/* What `text` is worth as an answer; of no words nothing. */
enum worth findings_worth(struct span text);

/* Whether an answer was found. */
bool findings_has_answer(const struct findings *findings, enum worth at_least);

#endif
