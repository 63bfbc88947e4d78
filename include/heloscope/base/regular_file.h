/*
 * regular_file: opens files for reading, and nothing but files, and reads their lines within a bound.
 *
 * A FIFO, a device or a terminal would hold the reader up for ever, so it is neither waited for nor read.
 * Who reads what another user may have put there does not follow links, and holds no line of any length
 * that the other chose. Nothing else here opens a file for reading or reads lines (tests/check-calls.sh).
 * Any thread; a struct file_lines is one thread's.
 */
#ifndef HELOSCOPE_BASE_REGULAR_FILE_H
#define HELOSCOPE_BASE_REGULAR_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"
#include "heloscope/base/span.h"

/* A symbolic link as the last part of a path. */
enum regular_file_links {
	LINKS_FOLLOWED, /* of what an administrator names, and keeps */
	LINKS_REFUSED,  /* of what stands in a directory of the filter's user */
};

/*
 * Open the file at `path` for reading and fclose(3). `status`, which may be NULL, is what fstat(2) says of
 * it. NULL with the reason alone, as "it is a directory", without the path; errno is ENOENT when there is no
 * such file, and another otherwise.
 */
FILE *regular_file_open(const char *path, enum regular_file_links links, struct stat *status,
			struct error *reason) MUST_USE;

/* The same, for read(2) and close(2); -1 with the reason. */
int regular_file_open_fd(const char *path, enum regular_file_links links, struct stat *status,
			 struct error *reason) MUST_USE;

/* Whether `path` stands for standard input: "-". */
bool regular_file_is_input(const char *path);

/* The same; standard input, a pipe or terminal, too, where the path stands for it. */
int regular_file_open_input(const char *path, enum regular_file_links links, struct error *reason) MUST_USE;

/* A file that is read line by line. */
struct file_lines {
	FILE *file;        /* the caller's */
	char *memory;      /* what was read ahead, twice BOUND_LINE_READ octets and a NUL; */
	size_t begin, end; /* of it, what was not told yet */
	struct span
		line; /* the last one, without its end, with a NUL behind it; of one too long the beginning */
	off_t at;     /* where the next one begins */
	bool has_end; /* whether the last one had its end: without, it is torn */
	int failure;  /* errno of reading ahead, which is told behind all that came before it */
	int fault;    /* errno once reading has failed; 0 before. EBADMSG: what is compressed is damaged */
};

enum line_state {
	LINE_READ,
	LINE_TOO_LONG, /* more than BOUND_LINE_READ octets; read to its end, and not held */
	LINES_END,
	LINES_FAULT, /* then for ever; see `fault` */
};

/* Read from where `file` stands, which is its beginning or unknown. For file_lines_clear() in any case. */
void file_lines_init(struct file_lines *lines, FILE *file);
void file_lines_clear(struct file_lines *lines); /* closes nothing */

/* Read the next line from the octet `at` on, which need not be the first of a line. */
void file_lines_seek(struct file_lines *lines, off_t at);

/* Go to the end, so that `at` is how long the file is. */
void file_lines_seek_end(struct file_lines *lines);

enum line_state file_lines_next(struct file_lines *lines);

/* Why reading failed, as "Input/output error". */
const char *file_lines_reason(const struct file_lines *lines);

#endif
