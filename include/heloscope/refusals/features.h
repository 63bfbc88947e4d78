/*
 * features: what of a reply is compared with other replies, as numbers: its words, the notions they stand
 * for, which notion comes before which, its codes and the stage.
 *
 * Different features may fall on one number, seldom. No randomness: the same text has the same numbers in
 * every process.
 */
#ifndef HELOSCOPE_REFUSALS_FEATURES_H
#define HELOSCOPE_REFUSALS_FEATURES_H

#include "heloscope/refusals/codes.h"
#include "heloscope/refusals/notions.h"
#include "heloscope/refusals/refusal.h"

#define FEATURES_MAX 256 /* of a text; what is beyond says nothing */
#define FEATURE_NUMBERS 65536

/* Each once, in the order of their numbers. */
struct features {
	uint16_t items[FEATURES_MAX];
	size_t count;
};

/* Of a normal text (refusals/normal.h) in which addresses are blotted out, with the sights in it. */
void features_find(const struct place_text *text, const struct sights *sights, const struct codes *codes,
		   enum refusal_stage stage, struct features *features);

#endif
