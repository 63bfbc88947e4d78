/*
 * audit: a log of whole lines that never holds anybody up.
 *
 * Lines are queued and appended to a file by a thread of its own, one writev(2) a line. When the
 * disk is slower than the mail, or full, or the file cannot be opened, lines are dropped and counted,
 * and the program's log says so, also while the disk hangs: once a minute, and when it is over. The file is
 * opened at the first line, as whoever the process is by then, and again when it was renamed or removed. Any
 * thread.
 */
#ifndef HELOSCOPE_RECORDS_LOG_H
#define HELOSCOPE_RECORDS_LOG_H

#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"

struct record_log;

/* One reference. `path` is copied. NULL with the reason when the thread cannot start. */
struct record_log *record_log_new(const char *path, struct error *error) MUST_USE;
struct record_log *record_log_ref(struct record_log *log) MUST_USE;

/* The last one writes what is queued, for at most three seconds. NULL is allowed. */
void record_log_unref(struct record_log *log);

const char *record_log_path(const struct record_log *log);

/* Queue one line, without its line end. Takes `line`, which was allocated with malloc(3). */
void record_log_write(struct record_log *log, char *line);

/* How many lines were lost so far. */
size_t record_log_lost(struct record_log *log);

#endif
