/*
 * config_read: from a file to a configuration.
 */
#ifndef HELOSCOPE_CONFIG_READ_H
#define HELOSCOPE_CONFIG_READ_H

#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"

/*
 * Read the file at `path` and those it includes; NULL: nothing, so that all is as by default. Every error and
 * warning is written to `messages`, a line each: "PATH:line:column: what was found, what was expected", or
 * "PATH:line: warning: ..."; PATH is `path`, or as an included file was found from it. Returns a
 * configuration with one reference, or NULL when there was an error.
 */
struct config *config_read(const char *path, struct output *messages) MUST_USE;

#endif
