/*
 * control: what the commands ask the filter that runs, over its control socket.
 */
#ifndef HELOSCOPE_CLI_CONTROL_H
#define HELOSCOPE_CLI_CONTROL_H

#include <stddef.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

struct control_answer {
	long code;  /* of HTTP */
	char *text; /* for free(3); terminated */
	size_t length;
};

/* Ask; `control` as in the configuration. `body`: of a POST; NULL: GET. False with what to do when nobody
 * answers. */
bool control_ask(const char *control, const char *path, const char *body, struct control_answer *answer,
		 struct error *error) MUST_USE;

/* The same for the filter of the configuration at `config`, by the command of that name. False when nothing
 * came but the reason, which stands on standard error then. */
bool control_ask_filter(const char *command, const char *config, const char *path, const char *body,
			struct control_answer *answer) MUST_USE;

#endif
