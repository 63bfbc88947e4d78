/*
 * record_find: finds a record in a log of records by its reference, or a late one by its queue id, usually
 * without reading all of the log.
 *
 * References begin with the time and records stand in the order in which messages ended, so a binary
 * search finds the place; an hour around it is read, for messages take time. What is not found there is
 * looked for in the whole log, before it is said to be in none: a message may take longer, clocks are set
 * back, and that of one host may be ahead. Compressed files are read from their beginning, at first only
 * those that were written since then.
 */
#ifndef HELOSCOPE_RECORDS_FIND_H
#define HELOSCOPE_RECORDS_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"

/* How far the files were read that might hold it. */
enum record_extent {
	RECORD_EXTENT_WHOLE,
	RECORD_EXTENT_PART,   /* a look that was not thorough left something out */
	RECORD_EXTENT_FAULTY, /* something could not be read; `error` says what */
};

enum record_found {
	RECORD_FOUND,
	RECORD_ABSENT,
	RECORD_AMBIGUOUS,  /* several begin so; `error` names two */
	RECORD_UNREADABLE, /* not found, and something could not be read; `error` says what */
};

/*
 * Look in the log at `path` and its rotated files (heloscope/records/file.h) for the record whose reference
 * is or begins with `id`. `line`, which record_read() takes, is for free(3). Lines that are no record, torn
 * by a kill, are passed over. Unless it is to be thorough, only where it should stand is read, and no
 * compressed file. `extent`, which may be NULL, is told also when it was found.
 */
enum record_found record_find(const char *path, const char *id, bool is_thorough, char **line,
			      enum record_extent *extent, struct error *error) MUST_USE;

/*
 * The same for the last record with this queue id, of those since `since_s`, seconds since 1970, up to an
 * hour from now: MTAs use queue ids again. Compressed files that were written before are not read.
 */
enum record_found record_find_queue_id(const char *path, const char *queue_id, int64_t since_s,
				       bool is_thorough, char **line, struct error *error) MUST_USE;

#endif
