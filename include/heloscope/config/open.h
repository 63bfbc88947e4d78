/*
 * config_open: how the files of a configuration are opened: those of settings, keys of lists, a trust-anchor.
 */
#ifndef HELOSCOPE_CONFIG_OPEN_H
#define HELOSCOPE_CONFIG_OPEN_H

#include <stdio.h>
#include <sys/stat.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"

/*
 * Open the file at `path` for reading and fclose(3), also behind links; `status`, which may be NULL, is what
 * fstat(2) says of it. NULL with the reason, and with what would let this user read it where that is what
 * is missing: a service is another user than who wrote the file.
 */
FILE *config_open_file(const char *path, struct stat *status, struct error *reason) MUST_USE;

#endif
