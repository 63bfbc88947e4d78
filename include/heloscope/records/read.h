/*
 * record_read: reads a record (heloscope-audit(5)) strictly: for explain, replay and report, whatever wrote
 * the file.
 *
 * What comes out holds each member that readers use in its type, numbers within their ranges, texts and lists
 * no longer than the filter writes them, and nothing nested deeper. Members that are not known are left as
 * they are: a later version may have added them.
 */
#ifndef HELOSCOPE_RECORDS_READ_H
#define HELOSCOPE_RECORDS_READ_H

#include <jansson.h>

#include "heloscope/base/span.h"

/* The record in a line, for json_decref(); NULL when it is none, or memory ran out. Any thread. */
json_t *record_read(struct span line);

#endif
