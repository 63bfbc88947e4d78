/*
 * words_answer: the first sentences of an explanation: what became of a message, what is wrong and what to
 * do, in the words of the refusal. Any thread.
 */
#ifndef HELOSCOPE_WORDS_ANSWER_H
#define HELOSCOPE_WORDS_ANSWER_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/records/record.h"
#include "heloscope/words/compose.h"

#define ANSWER_SIZE 4000 /* room for any */

/* Under what the reply stands below, in an explanation for the administrator and in one for the sender. */
#define ANSWER_TOLD "The sender was told"
#define ANSWER_WOULD_BE_TOLD "The sender would be told"
#define ANSWER_REMEDIES "What can be done"
#define ANSWER_ANSWERED "What our server answered"

/* For the administrator of this site; of a message that was only tried: what would become of it. And for
 * whoever sent the message: without rules. */
void answer_tell(const struct message_record *record, struct strbuf *text);
void answer_tell_trial(const struct message_record *record, struct strbuf *text);
void answer_tell_sender(const struct message_record *record, struct strbuf *text);

/* The verdict of the recipients for whom it was worst, what was done before what would be; NULL: there is
 * none. */
const struct record_verdict *answer_worst_of(const struct message_record *record);

/* Whether the message came to no end although the filter had not refused it: nobody knows here what became of
 * it. */
bool answer_is_lost(const struct message_record *record);

/* Whether the MTA was told to hold the message (quarantine): for all whose mail was accepted. */
bool answer_is_held(const struct message_record *record);

/* Add what it needs to know whether the rule applies that is undecided: "spf and dnswl (wl.test)". */
void answer_add_lacking(const struct record_verdict *verdict, struct strbuf *text);

/* Methods, as bits, that failed for accepted mail only because somebody sent it on or changed it. */
unsigned answer_explained(const struct message_record *record);

/* What the reply to a refusal tells first: what was found, and what can be done. */
void answer_first_cause(const struct record_verdict *verdict, struct strbuf *found, struct strbuf *remedy);

/* What it tells besides: " There is 1 more cause (see WHERE); fixing either is enough." Nothing when there is
 * none. `where`: NULL, or what is said of the place of the reply. */
void answer_more_causes(const struct record_verdict *verdict, const char *where, struct strbuf *text);

/* All that it tells; heloscope/words/compose.h. */
struct cause_summary answer_causes(const struct record_verdict *verdict);
bool answer_cause(const struct record_verdict *verdict, size_t number, struct told_cause *told) MUST_USE;

#endif
