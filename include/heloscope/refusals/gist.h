/*
 * gist: what a reply is about whose words no entry of the catalogue knows.
 *
 * Words of several languages stand for notions ("mailbox" and "postfach" for a mailbox, "unknown" and
 * "sconosciuto" for what is not known), and notions close together in a sentence for a category. That bears
 * less than an entry: what to do is told in general words. Where the words speak for several categories
 * alike, or for none, nothing is said.
 */
#ifndef HELOSCOPE_REFUSALS_GIST_H
#define HELOSCOPE_REFUSALS_GIST_H

#include "heloscope/config/refusals.h"
#include "heloscope/refusals/codes.h"
#include "heloscope/refusals/notions.h"
#include "heloscope/refusals/refusal.h"

struct gist {
	enum refusal_category category; /* CATEGORY_UNKNOWN: nothing is said */
	enum refusal_party party;
	bool is_weak;   /* words that may stand beside any reason */
	bool is_strong; /* words that leave little doubt */
};

/* `stage`: what is said before a recipient was named is not about one; the codes tell whether to try again,
 * and of what kind it is. */
struct gist gist_of(const struct sights *sights, enum refusal_stage stage, const struct codes *codes);

#endif
