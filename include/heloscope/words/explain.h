/*
 * explain: the story of a message, told from its record (heloscope/records/record.h): to the
 * administrator of this site, or to whoever sent it.
 *
 * The record is the only source, so that a message which passed months ago and one that is tried
 * now are told in the same words.
 */
#ifndef HELOSCOPE_WORDS_EXPLAIN_H
#define HELOSCOPE_WORDS_EXPLAIN_H

#include <stdbool.h>

#include "heloscope/base/output.h"
#include "heloscope/records/record.h"

/* How something is marked, with a sign and a colour. */
enum explain_mark {
	EXPLAIN_NEITHER,
	EXPLAIN_GOOD,
	EXPLAIN_NOTE,
	EXPLAIN_UNKNOWN,
	EXPLAIN_WARNING,
	EXPLAIN_BAD,
	EXPLAIN_MARKS
};

void explain_put_mark(enum explain_mark mark, struct output *out);

/*
 * Everything: what was found and what it rests on, SPF term by term, what was decided, what can be done.
 * Rules are told by their place, with their text where `config`, which may be NULL, still has them
 * (config_rule_text()).
 */
void explain_story(const struct message_record *record, const struct config *config, struct output *out);

/* The same of a message that nobody sent: what would be done with it. */
void explain_trial(const struct message_record *record, const struct config *config, struct output *out);

/*
 * What a postmaster can paste into an answer to the sender: what was refused and why, and what to
 * change, with no word of rules, scores or files of this site.
 */
void explain_for_sender(const struct message_record *record, struct output *out);

/*
 * The same for a page that whoever has the reference can see, as HTML, and without recipients: what was
 * refused and what to change; then what was found, and the replies.
 */
void explain_refusal(const struct message_record *record, bool has_advice, struct output *out);
void explain_refusal_found(const struct message_record *record, struct output *out);

/* Of mail that was only tried without its content, likewise: what to change, and what was found; of DMARC
 * only that it passes. */
void explain_again(const struct message_record *record, struct output *out);

/* Whether a refusal was done, and its reply told. */
bool explain_was_told(const struct record_verdict *verdict);

/* One of several: reference, time, client, sender and recipient, and what was decided, on one line. */
void explain_line(const struct message_record *record, struct output *out);

/* Whether any recipient was, or in mode enforce would have been, refused or deferred; not where another
 * recipient had the message accepted. */
bool explain_is_refused(const struct message_record *record);

#endif
