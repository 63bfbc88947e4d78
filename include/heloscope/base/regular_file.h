/*
 * regular_file: opens what a configuration names for reading, and nothing but files.
 *
 * A FIFO, a device or a terminal would hold the reader up for ever, so it is neither waited for nor read.
 * Any thread.
 */
#ifndef HELOSCOPE_BASE_REGULAR_FILE_H
#define HELOSCOPE_BASE_REGULAR_FILE_H

#include <stdio.h>
#include <sys/stat.h>

#include "heloscope/base/error.h"

/*
 * Open the file at `path` for reading and fclose(3); symbolic links are followed. `status`, which may be
 * NULL, is what fstat(2) says of it. NULL with the reason alone, as "it is a directory", without the path.
 */
FILE *regular_file_open(const char *path, struct stat *status, struct error *reason);

#endif
