/*
 * metrics_table: each number that the filter tells, a row each: what it is called, what it means, by what it
 * is told apart, how it is drawn, and when somebody should be woken for it. The text for Prometheus, the
 * dashboard and the alerts are all made of these rows, so that they cannot part.
 *
 * Labels have values from enums or from the configuration, never from who sends mail. Any thread.
 */
#ifndef HELOSCOPE_METRICS_TABLE_H
#define HELOSCOPE_METRICS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/counter.h"
#include "heloscope/metrics/view.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_KINDS };

/* "counter" and so on. */
extern const char *const metric_kinds[METRIC_KINDS];

/* What a metric is told apart by: how many values there are, and their words. */
struct metric_label {
	const char *name;
	size_t (*count)(const struct metrics_view *view);
	const char *(*word)(const struct metrics_view *view, size_t index);
};

#define METRIC_LABELS 2

/* When somebody should look. */
struct metric_alert {
	const char *name;      /* NULL: never */
	const char *condition; /* in PromQL, with $METRIC for the name */
	const char *during;    /* so long */
	const char *severity;
	const char *summary, *advice;
};

struct metric {
	const char *name;
	enum metric_kind kind;
	const char *unit; /* as the name ends with it before "_total"; "": a mere number */
	const char *help;
	const struct metric_label *labels[METRIC_LABELS]; /* NULL: none */
	const char *title;                                /* on the dashboard */
	struct metric_alert alert;

	/* Where the value at these two labels is, 0 for those that there are not. One of them. */
	uint64_t (*value)(const struct metrics_view *view, size_t first, size_t second);
	const struct histogram *(*histogram)(const struct metrics_view *view, size_t first, size_t second);

	/* Whether there is such a series; NULL: all of them. */
	bool (*has)(const struct metrics_view *view, size_t first, size_t second);
};

const struct metric *metrics_table(size_t *count);

/* Call `take` for each series of a metric. */
void metric_each(const struct metric *metric, const struct metrics_view *view,
		 void (*take)(void *context, const struct metric *metric, const struct metrics_view *view,
			      size_t first, size_t second),
		 void *context);

#endif
