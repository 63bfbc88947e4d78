/*
 * audit_file: the files of an audit log, for reading: the log itself and those into which it was rotated.
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

struct audit_file {
	char *path;
	time_t changed;   /* when it was written last */
	size_t size;      /* octets on the disk */
	bool is_seekable; /* a file, and not compressed; else it is read from its beginning to its end */
};

/* The oldest first. */
struct audit_files {
	struct audit_file *items;
	size_t count;
};

/*
 * Find the log at `path` and the files beside it whose names begin with its name, which rotation makes; "-"
 * is standard input alone.
 * False, with the reason, when the folder cannot be read or holds none. `files` is for
 * audit_files_clear() in any case.
 */
bool audit_files_find(const char *path, struct audit_files *files, struct error *error) MUST_USE;
void audit_files_clear(struct audit_files *files);

/*
 * Open a file for reading, and for fclose(3); one that gzip(1) made is expanded on the way, and cannot be
 * sought in. NULL with the reason, also for files of other compressors, and for what is no file: the log
 * stands in a directory of the filter's user, and who reads it may be root.
 */
FILE *audit_file_open(const struct audit_file *file, struct error *error) MUST_USE;

/* The sentence about a file of which reading has failed. */
void audit_file_tell_fault(const struct audit_file *file, const struct file_lines *lines,
			   struct error *error);

#endif
