/*
 * log_clock: time stamps of logs, as syslog, journalctl(1) and MTAs write them.
 *
 *   Nov 27 10:00:00            of syslog (RFC 3164), with or without fractions; has no year
 *   2026-11-27T10:00:00.1+01:00, 2026-11-27 10:00:00.1 +0100, 2026-11-27T10:00:00Z
 *   Fri 2026-11-27 10:00:00 UTC, Fri Nov 27 10:00:00
 *   1795000000.123456          seconds since 1970
 *
 * Without a zone they are local time. Where the year is missing, it is the last in which the stamp is not
 * later than the log itself: a log is read that was written in one year, or across a new one. One thread at a
 * time.
 */
#ifndef HELOSCOPE_MAILS_LOG_CLOCK_H
#define HELOSCOPE_MAILS_LOG_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

struct log_clock {
	time_t written;   /* when the log was written last */
	int written_year; /* in local time */
	int64_t minute; /* the last that was converted, as a number, and what it is; asking the system for */
	time_t minute_begins; /* each line would take longer than all the rest */
};

/* Begin with a log that was written last at `written`. */
void log_clock_init(struct log_clock *clock, time_t written);

/*
 * Take a stamp, and blanks behind it, off the beginning of `text`. False, with nothing taken, when none
 * stands there. `seconds` since 1970, UTC; NULL: it need not be known.
 */
bool log_clock_read(struct log_clock *clock, struct span *text, time_t *seconds) MUST_USE;

#endif
