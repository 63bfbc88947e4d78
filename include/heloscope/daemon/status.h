/*
 * status: what the filter does now, as JSON: etc/status.schema.json says what stands in it.
 */
#ifndef HELOSCOPE_DAEMON_STATUS_H
#define HELOSCOPE_DAEMON_STATUS_H

#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/metrics/counts.h"
#include "heloscope/metrics/view.h"

/* How many messages there were in the last minutes. */
struct status_recent {
	unsigned seconds;
	uint64_t messages[VERDICTS];
};

/* In one line, for free(3); NULL when memory ran out. `file`: of the configuration. `now_ms`: of
 * clock_now_ms(). */
char *status_make(const struct metrics_view *view, const char *file, const struct status_recent *recent,
		  uint64_t now_ms) MUST_USE;

#endif
