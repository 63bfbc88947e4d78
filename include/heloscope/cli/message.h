/*
 * cli_message: a stored message that a command is given, read to its end.
 */
#ifndef HELOSCOPE_CLI_MESSAGE_H
#define HELOSCOPE_CLI_MESSAGE_H

#include <stdbool.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/wire/stored.h"

/*
 * Tell `handler` of the message in the file at `path`, "-" for standard input. What is odd about it is said
 * on standard error, for `command`, unless that is NULL. False with the reason; what was told until then has
 * been told.
 */
bool cli_message_read(const char *command, const char *path, const struct stored_handler *handler,
		      struct error *error) MUST_USE;

#endif
