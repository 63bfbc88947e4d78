/*
 * taglist: lists of "tag=value" with ";" between them (RFC 6376, 3.2), as DKIM keys, DMARC, MTA-STS and TLS
 * reporting have them. Text only; any thread; the spans point into the text that was read.
 */
#ifndef HELOSCOPE_WIRE_TAGLIST_H
#define HELOSCOPE_WIRE_TAGLIST_H

#include <stdbool.h>

#include "heloscope/base/span.h"

struct tag {
	struct span text;        /* all of it, without blanks at its ends; may be empty */
	struct span name, value; /* without blanks at their ends; both empty when there is no "=" */
	bool has_equals;
};

/* Take the next off `rest`, whatever it is; false at the end. What stands behind a last ";" is none. */
bool taglist_next(struct span *rest, struct tag *tag);

/* The value of the first tag of that very name; empty when there is none. */
struct span taglist_value(struct span list, struct span name);

#endif
