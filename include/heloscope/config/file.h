/*
 * config_file: the files of a configuration.
 *
 * Bounds: so many files, so many octets of all together, so deep within each other; none within itself.
 */
#ifndef HELOSCOPE_CONFIG_FILE_H
#define HELOSCOPE_CONFIG_FILE_H

#include "heloscope/config/reader.h"

/* Read the file at `path` and what it includes. Complains when it cannot. */
void config_read_file(struct config_reading *reading, const char *path);

/* Read the file at `path` as if it stood here; for `include` of struct config_reading. */
void config_include(struct config_reader *reader, struct word path);

#endif
