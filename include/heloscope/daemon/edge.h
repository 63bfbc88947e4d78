/*
 * milter_edge: all text that is handed to libmilter, and so to SMTP clients and into messages.
 *
 * Nothing else calls these functions of libmilter (tests/check-calls.sh). Whatever a caller gives, what goes
 * out is printable US-ASCII: other octets go out as "?", a line of a reply is one line and has no conversion
 * of libmilter's printf(3), and a field has no line end but those that fold it (RFC 5322, 2.2.3). Composing
 * text that reads well is the caller's business; this is the last that it passes. In a callback of `context`
 * alone.
 */
#ifndef HELOSCOPE_DAEMON_EDGE_H
#define HELOSCOPE_DAEMON_EDGE_H

#include <libmilter/mfapi.h>
#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/wire/smtp_reply.h"

/* Set the reply to the command. False when libmilter does not take it: then it sends a text of its own. */
bool milter_edge_reply(SMFICTX *context, const struct smtp_reply *reply) MUST_USE;

/*
 * Add a field on top. `value` may be folded with LF and blanks; where the MTA keeps what stands behind the
 * colon as it is, `has_leading_blank` begins it with one. False when memory ran out or libmilter fails.
 */
bool milter_edge_add_field(SMFICTX *context, const char *name, const char *value,
			   bool has_leading_blank) MUST_USE;

/* Remove a field, counted from 1 among those of its name, which goes back as the MTA gave it, whatever it
 * holds. False as above.
 */
bool milter_edge_remove_field(SMFICTX *context, const char *name, unsigned index) MUST_USE;

/* Have the message held, with that reason, of which 255 octets go out. False when the MTA does not offer it.
 */
bool milter_edge_quarantine(SMFICTX *context, const char *reason) MUST_USE;

#endif
