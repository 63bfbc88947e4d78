/*
 * log_pairs: the form of a log line about a message, "name=value name=value ...", that no value can break.
 *
 * A value of printable ASCII without blank, backslash, single or double quote, "=", "<" or ">" stands as it
 * is; so does such a value in angle brackets, of an address. Any other stands in double quotes, in which \",
 * \\ and \xHH stand for a quote, a backslash and any octet. What is cut stands in quotes, and "..." behind
 * them. So a reader gets back what was written, and a stranger's words stay one value. Names are ours.
 */
#ifndef HELOSCOPE_BASE_LOG_PAIRS_H
#define HELOSCOPE_BASE_LOG_PAIRS_H

#include <stdbool.h>

#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"

/* Add a pair, whose value takes at most `room` octets as written, at least 8; before it a blank, but at the
 * beginning. */
void log_pairs_add(struct strbuf *line, const char *name, struct span value, size_t room);

/* The same for an address, in angle brackets: from=<anna@example.org>, from="<odd one>". */
void log_pairs_add_address(struct strbuf *line, const char *name, struct span address, size_t room);

#endif
