/*
 * list_exam: asks one part of a list now whether it is well, and waits. For the command line.
 */
#ifndef HELOSCOPE_LISTS_EXAM_H
#define HELOSCOPE_LISTS_EXAM_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/lists/round.h"
#include "heloscope/dns/lookup.h"

struct list_exam {
	const struct list *list;
	enum list_part part;
	struct list_question *questions;
	size_t count;

	/* What list_exam_end() finds. */
	enum list_trouble trouble; /* LIST_WELL; LIST_UNCHECKED when memory ran out; or what is wrong */
	struct list_proof proof;   /* that shows it, unless it is well */
	unsigned slowest_ms;
};

/* Ask; the list has the part. The questions are in `arena`. */
struct list_exam list_exam_begin(const struct list *list, enum list_part part, struct lookup *lookup,
				 struct arena *arena) MUST_USE;

/* Wait for the answers. */
void list_exam_end(struct list_exam *exam, struct lookup *lookup);

#endif
