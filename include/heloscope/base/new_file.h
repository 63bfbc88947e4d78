/*
 * new_file: a file is written whole beside the old one and then takes its place.
 *
 * So a disk that is full, or an end in the middle, leaves the old file as it was. No symbolic link is
 * followed, which somebody else may have put where the file is to be; what is no file but a device is written
 * as it is. Any thread; two that write the same path at a time would disturb each other.
 */
#ifndef HELOSCOPE_BASE_NEW_FILE_H
#define HELOSCOPE_BASE_NEW_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "heloscope/base/must_use.h"

/* Write all to `file`, which stays open. False with errno when that failed. */
typedef bool new_file_writer(FILE *file, const void *context);

/*
 * Write `path` with `put`, by way of `path`.new, with `mode` (less the umask). Returns 0, or the errno of
 * what failed: ELOOP when `path` is a symbolic link; then nothing has changed.
 */
int new_file_write(const char *path, mode_t mode, new_file_writer *put, const void *context) MUST_USE;

#endif
