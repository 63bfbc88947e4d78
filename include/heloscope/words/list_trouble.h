/*
 * list_trouble: what the administrator is told of a list that does not behave as lists do.
 *
 * Any thread; no state.
 */
#ifndef HELOSCOPE_WORDS_LIST_TROUBLE_H
#define HELOSCOPE_WORDS_LIST_TROUBLE_H

#include "heloscope/base/strbuf.h"
#include "heloscope/lists/exam.h"
#include "heloscope/lists/health.h"

/* " (IPv6)" for a part that has to be told from the rest of its list, else "". */
const char *list_part_mark(enum list_part part);

/* In JSON. */
const char *list_part_word(enum list_part part);

/*
 * "127.0.0.2, asked as 2.0.0.127.bl.example, is answered NXDOMAIN: ", and what to do: nothing when it is
 * well. The key does not show.
 */
void list_exam_tell(const struct list_exam *exam, struct strbuf *text);

/* A list_teller: a line in the log. */
void list_trouble_log(const struct list *list, enum list_part part, enum list_trouble trouble,
		      uint32_t answer, const struct list_proof *proof);

#endif
