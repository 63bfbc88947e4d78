/*
 * shape: the first gate for a line that may be a record (heloscope-records(5)), whatever wrote it.
 *
 * What comes out holds each known member in its type, numbers within their ranges, texts and
 * lists no longer than the filter writes them, and nothing nested deeper. Members that are not known are left
 * as they are: a later version may have added them.
 */
#ifndef HELOSCOPE_RECORDS_SHAPE_H
#define HELOSCOPE_RECORDS_SHAPE_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/base/tree.h"

/* Read the object in a line. False, with nothing to clear, when it is no record, or memory ran out. Any
 * thread.
 */
bool record_parse(struct span line, struct tree *tree) MUST_USE;

#endif
