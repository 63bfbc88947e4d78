/*
 * recognize: which refusal of the catalogue a reply is, and what that says.
 *
 * An entry fits when its codes, its server and all of its fragments do; a fragment that is denied does not
 * where the entry says that something is there (refusals/place.h). A server that is known to belong to one
 * operator rules out entries of others that have servers of their own; a server of nobody those with few
 * words. A frame that is a guess fits where little else is said, and nobody's refusal of a recipient not
 * where none was named yet, or the code is of a sender. Of those that fit wins, in this order: with a sign of
 * the server's operator; with another sign, or text of that operator; with text, of an operator; with text,
 * of anybody; a frame that says something; by codes or server alone. Then the one to whose operator the
 * server belongs; then the one with more octets of fragments; then the one that asks for more codes and
 * servers. Where that says no more than that a rule refused, one of the same kind that names a reason is
 * taken. Where none fits, or a frame that says no more than that there was a refusal, a code speaks that
 * names a check; else the gist of the words (refusals/gist.h); else other codes; where they say nothing, what
 * was learned of known replies (refusals/learned.h); and where that is not clear, the stage: who refuses at
 * the greeting knows nothing but the sending IP address. The gist is also believed where an entry of anybody
 * without a sign fits, if that asks for nothing but a code, has few words and names no reason, or says what
 * the gist tells more nearly.
 *
 * The operator of an entry is who refused if it was his server, or the words are many, or what only he
 * writes; else he whose server it was.
 */
#ifndef HELOSCOPE_REFUSALS_RECOGNIZE_H
#define HELOSCOPE_REFUSALS_RECOGNIZE_H

#include "heloscope/refusals/catalogue.h"
#include "heloscope/refusals/codes.h"

enum permanence { PERMANENCE_UNKNOWN, PERMANENCE_NO, PERMANENCE_YES };

struct recognition {
	const struct refusal_entry *entry; /* the catalogue's; NULL: none fits */
	const struct refusal_entry *rival; /* another that fits just as well; NULL: none does */
	bool is_known;      /* an entry fits the text, though its words may bear another category */
	const char *owner;  /* who refused: the entry's, else whose server it was; NULL: not known */
	bool is_used;       /* the owner has no servers that are known: a program or a list that others use */
	struct span host;   /* the server; where the refusal has none, from its text; empty: not known */
	struct codes codes; /* of the text; else those that stood beside it */
	enum code_word word; /* what the codes say; CODE_WORDS: nothing. Of use without an entry alone */
	bool is_gist;        /* the words bear the category (refusals/gist.h, learned.h), without an entry */
	enum refusal_stage stage; /* that bears the category, where neither entry nor codes do; else NONE */
	enum refusal_category category;
	enum refusal_party party;
	enum permanence permanence; /* the effective one, whatever the first digit says */
};

/* With memory for one text at a time: one for each thread. It keeps the catalogue, which must stay. NULL when
 * memory ran out. */
struct recognizer *recognizer_new(const struct catalogue *catalogue) MUST_USE;
void recognizer_free(struct recognizer *recognizer); /* NULL is allowed */

struct recognition recognize(struct recognizer *recognizer, const struct refusal *refusal);

#endif
