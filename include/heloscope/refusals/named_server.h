/*
 * named_server: which server refused, as a program wrote it beside the reply.
 *
 * Any thread.
 */
#ifndef HELOSCOPE_REFUSALS_NAMED_SERVER_H
#define HELOSCOPE_REFUSALS_NAMED_SERVER_H

#include "heloscope/base/span.h"

/*
 * The server that a log or bounce names in such a text: "host NAME[A] said: ...", "host NAME said: 550", "...
 * while talking to NAME.:", "relay=NAME[A]:25". Empty when it names none: a name in a sentence ("host NAME
 * not found", "connect to NAME first") may be anybody's.
 */
struct span named_server_in(struct span text);

/* The server that signed its reply, at the end: "... denied [NAME]", "... later (NAME)", with or without more
 * behind the name. Empty when none did. */
struct span named_signer_in(struct span text);

#endif
