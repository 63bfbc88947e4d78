/*
 * record_file: the files of a log of records, for reading: the log itself and those into which it was
 * rotated.
 */
#ifndef HELOSCOPE_RECORDS_FILE_H
#define HELOSCOPE_RECORDS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"
#include "heloscope/base/regular_file.h"

struct record_file {
	char *path;
	time_t changed;   /* when it was written last */
	size_t size;      /* octets on the disk */
	bool is_seekable; /* a file, and not compressed; else it is read from its beginning to its end */
};

/* The oldest first. */
struct record_files {
	struct record_file *items;
	size_t count;
};

/*
 * Find the log at `path` and the files beside it whose names begin with its name, which rotation makes; "-"
 * is standard input alone.
 * False, with the reason, when the folder cannot be read or holds none. `files` is for
 * record_files_clear() in any case.
 */
bool record_files_find(const char *path, struct record_files *files, struct error *error) MUST_USE;
void record_files_clear(struct record_files *files);

/*
 * Open a file for reading, and for fclose(3); one that gzip(1) made is expanded on the way, and cannot be
 * sought in. NULL with the reason, also for files of other compressors, and for what is no file: the log
 * stands in a directory of the filter's user, and who reads it may be root.
 */
FILE *record_file_open(const struct record_file *file, struct error *error) MUST_USE;

/* The sentence about a file of which reading has failed. */
void record_file_tell_fault(const struct record_file *file, const struct file_lines *lines,
			    struct error *error);

#endif
