/*
 * judge: whether a message to the test address is answered.
 *
 * Its header alone is never believed: the record of the filter says who sent it, and as whom it was
 * authenticated. Any thread.
 */
#ifndef HELOSCOPE_REFLECT_JUDGE_H
#define HELOSCOPE_REFLECT_JUDGE_H

#include "heloscope/records/record.h"
#include "heloscope/reflect/letter.h"
#include "heloscope/reflect/silence.h"

/* By the message alone, before its record is looked for. `own`: the test address. */
enum silence judge_letter(const struct letter *letter, const char *own) MUST_USE;

/*
 * By its record. The author must be the one who was recorded, if one was, and SPF of the sender or a
 * signature must have passed for the author's domain or one of its organization: by the DMARC check where
 * that was made, which knows strict alignment, else by the public suffix list.
 */
enum silence judge_record(const struct letter *letter, const struct message_record *record) MUST_USE;

#endif
