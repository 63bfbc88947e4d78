/*
 * metrics_text: the numbers in the text format of Prometheus, version 0.0.4.
 */
#ifndef HELOSCOPE_METRICS_TEXT_H
#define HELOSCOPE_METRICS_TEXT_H

#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/metrics/view.h"

#define METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* All of them, for free(3); NULL when memory ran out. */
char *metrics_text(const struct metrics_view *view, size_t *length) MUST_USE;

/* Add the value of a label: what the format or UTF-8 does not allow is written visibly. */
void metrics_add_label_value(struct strbuf *text, const char *value);

#endif
