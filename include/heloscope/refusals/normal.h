/*
 * normal: the text of a refusal as it is compared, whoever wrote it down.
 *
 * Lines are joined; the reply code with which each of them begins goes, with its enhanced code; blanks,
 * control octets and the two characters "\n" that Exim writes become one blank; typographic quotes become
 * plain ones; letters of ASCII are lower case. Mail addresses say nothing of a reason, since anybody chooses
 * theirs: they are blotted out. Any thread.
 */
#ifndef HELOSCOPE_REFUSALS_NORMAL_H
#define HELOSCOPE_REFUSALS_NORMAL_H

#include "heloscope/base/strbuf.h"

/* Add `text` to `out`; `reply`: the code of the refusal, 0 for a fragment, or when none is known. */
void normal_add(struct strbuf *out, struct span text, unsigned reply);

/* What stands in place of each octet of a mail address; no fragment has it. */
#define NORMAL_BLOT '@'

/* Blot out the mail addresses in `text`, which is normal: local part and domain, wherever they stand, in
 * quotes or in a link. */
void normal_blot_addresses(struct strbuf *text);

/* How many octets of a normal text are plain words, with the blank behind each: not names of hosts, links,
 * addresses or numbers. */
size_t normal_words(struct span text);

#endif
