/*
 * pieces: how people and programs write about mail, read forgivingly: lines, words that stand somewhere,
 * addresses.
 *
 * A blank in the words that are looked for stands for any blanks and line ends, the case of letters does not
 * matter: who writes a notice wraps it anywhere. No allocation; any thread.
 */
#ifndef HELOSCOPE_REFUSALS_PIECES_H
#define HELOSCOPE_REFUSALS_PIECES_H

#include <stdbool.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/span.h"

/* Take the next line, without its end, off `rest`; false when nothing is left. */
bool text_next_line(struct span *rest, struct span *line);

/* Without blanks and line ends at both ends. */
struct span text_trim(struct span text);

/* Whether `text` begins with these words, blanks before them or not; then it is what follows. */
bool text_skip(struct span *text, const char *words);

/* Whether these words stand in it; then `before` and `behind`, which may be NULL, are what is around them. */
bool text_find(struct span text, const char *words, struct span *before, struct span *behind);

/* The first address (local part, "@", domain) that stands in it, without what is around; empty: none. */
struct span text_address(struct span text);

/* Take an address in brackets off `text`, as in "[192.0.2.1]:25"; false, and nothing is taken, when none
 * stands there. */
bool text_take_ip(struct span *text, struct ipaddr *address);

/* Whether it begins with a reply that refuses: 4xx or 5xx, then a blank, "-", ":" or the end. Its code; 0:
 * no. */
unsigned text_reply_code(struct span text);

#endif
