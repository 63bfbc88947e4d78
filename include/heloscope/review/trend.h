/*
 * trend: what was counted, by the hour.
 *
 * A JSON object, from the hour, "2026-11-24T12", to an object of counts (heloscope/base/document.h). Beyond
 * TREND_HOURS_MAX hours no further one is noted. One thread.
 */
#ifndef HELOSCOPE_REVIEW_TREND_H
#define HELOSCOPE_REVIEW_TREND_H

#include <jansson.h>

#include "heloscope/base/must_use.h"

#define TREND_HOURS_MAX 131072 /* 15 years */

/* Count so many more of `name` at a time as clock_format() writes it; nothing at "". */
void trend_add(json_t *trend, const char *time, const char *name, json_int_t count);

/* Count all that another has. */
void trend_add_all(json_t *trend, json_t *part);

/* An array of rows, each with "time" and its counts, the oldest first; by day when it is long. For
 * json_decref(). */
json_t *trend_rows(json_t *trend) MUST_USE;

#endif
