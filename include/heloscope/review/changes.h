/*
 * changes: recorded messages judged again under another configuration, and counted: which verdicts would
 * change, and whose mail it is.
 *
 * A log is counted in parts, each on any thread; put together in the order of the log they tell what one
 * would.
 */
#ifndef HELOSCOPE_REVIEW_CHANGES_H
#define HELOSCOPE_REVIEW_CHANGES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/config/config.h"
#include "heloscope/doctor/examiner.h"
#include "heloscope/records/record.h"
#include "heloscope/review/seen.h"

#define CHANGES_MISTAKES_MAX 10 /* that are kept one by one; all are counted */

/* Hosts and domains that were seen for so long are old acquaintances. */
#define CHANGES_KNOWN_AFTER_S (14L * 24 * 3600)

struct new_refusal;

/* Why a new refusal is likely a mistake. */
enum mistake {
	MISTAKE_NONE,
	MISTAKE_ALLOW_LIST,
	MISTAKE_PASSES, /* SPF and reverse DNS */
	MISTAKE_FORWARDED,
	MISTAKE_VOUCHED, /* DMARC passes */
	MISTAKE_SEALED,  /* sealers who were trusted vouch for it */
	MISTAKE_KNOWN_HOST,
	MISTAKE_KNOWN_DOMAIN,
	MISTAKES
};

/* As "why" of a row in `mistakes` holds them. */
extern const char *const change_mistake_tokens[MISTAKES];

/* What is counted. Tables are those of heloscope/review/counts.h. */
struct changes {
	const struct config *config;
	struct examiner *examiner; /* NULL: the DNS is not asked */
	int64_t since_s;           /* what is older only tells who is known */
	size_t messages, recipients, changed, unknown;
	size_t asked;     /* messages for which the DNS was asked now */
	size_t moved;     /* the same verdict, by another rule */
	json_t *changes;  /* from which action to which, by which rule */
	json_t *hosts;    /* of newly refused mail */
	json_t *domains;  /* of its senders */
	json_t *mistakes; /* an array of objects, the first CHANGES_MISTAKES_MAX */
	size_t mistake_count;
	struct seen seen; /* hosts and domains whose mail was accepted */
	struct arena memory;
	struct new_refusal *refusals, *last; /* new ones; changes_add() tells which are likely mistakes */
	struct record_reading reading;       /* of the last line, */
	struct arena review;                 /* and what was made of it */
};

/* `config` and `examiner`, which one thread uses at a time, must outlive `changes`. False when memory ran
 * out; changes_clear() is allowed all the same. */
bool changes_init(struct changes *changes, const struct config *config, struct examiner *examiner,
		  int64_t since_s) MUST_USE;
void changes_clear(struct changes *changes);

/* Count the record in a line. False when it is none, or memory ran out. `part` is for changes_add(). */
bool changes_take(struct changes *part, struct span line);

/* Count what `part` has counted, which comes behind it; what is told is that of a whole to which parts were
 * added. */
void changes_add(struct changes *whole, const struct changes *part);

/* As an object for json_decref(); NULL when memory ran out. */
json_t *changes_json(const struct changes *changes);

#endif
