/*
 * cut: what a record gives up for want of room, in the order in which it does, and what it then says of that.
 *
 * Only records/ includes this.
 */
#ifndef HELOSCOPE_RECORDS_CUT_H
#define HELOSCOPE_RECORDS_CUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "heloscope/records/take.h"

/* The first seven stand in a record without its verdicts, in the order in which they are given up. */
enum cut {
	CUT_LOOKUPS,
	CUT_TRACE,
	CUT_TEXTS,
	CUT_LISTS,
	CUT_SIGNATURES,
	CUT_NAMES,
	CUT_CHECKS,
	CUT_RECIPIENTS,
	CUT_REPLIES,
	CUT_VERDICTS,
	CUTS
};

/*
 * Give up of a record without verdicts what does not fit into `most` octets, and what was given up before:
 * `cuts`, bits 1 << enum cut. What policy reads is given up only when it does not fit into `last`. Returns
 * what is given up now.
 */
unsigned cut_to(json_t *record, size_t most, size_t last, unsigned cuts);

/* Shorten all texts of a recipient's verdict; whether there was anything to shorten. */
bool cut_recipient(json_t *verdict);

/* The words for `cuts`; NULL for none. */
json_t *cut_put(unsigned cuts);
unsigned cut_take(struct taking *taking, const struct node *words);

#endif
