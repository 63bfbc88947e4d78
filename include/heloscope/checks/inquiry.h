/*
 * inquiry: runs the checks (heloscope/checks/check.h) over one connection, as a session has it.
 *
 * Checks run on the caller's thread and on the resolver's, one at a time, under the inquiry's
 * lock. Answers that come late, when the message or the connection is gone, are dropped.
 */
#ifndef HELOSCOPE_CHECKS_INQUIRY_H
#define HELOSCOPE_CHECKS_INQUIRY_H

#include "heloscope/base/must_use.h"
#include "heloscope/checks/check.h"

/* Begin: the client is known, and the checks of STAGE_CONNECT start. NULL when memory ran out. */
struct inquiry *inquiry_new(const struct inquiry_needs *needs, const struct client_facts *client) MUST_USE;

/* The client said HELO or EHLO, or took it back (NULL: RFC 3207, 4.2). `name` is copied. */
void inquiry_helo(struct inquiry *inquiry, const char *name);

/* What it said, raw, or NULL. Good until the next inquiry_helo(). */
const char *inquiry_helo_given(const struct inquiry *inquiry);

/*
 * The client began a message. All checks are made for the first reading of `sender`, then those that need
 * the sender for each other one. `auth_name` as whom it
 * is authenticated, or NULL; `tls`: what the MTA tells of the session's TLS, or NULL. All are
 * copied. A deadline that passed was that of the message before: all is asked anew, as after a HELO.
 */
void inquiry_mail(struct inquiry *inquiry, const struct envelope_address *sender, const char *auth_name,
		  const struct tls_facts *tls);

/*
 * The message comes: fields of its header in order, then pieces of its body. Each is copied by who needs it.
 * What comes in another order is left out. With the end of the header, and of the body, the checks of that
 * stage can be run, and what was not asked before has a deadline of its own.
 */
void inquiry_header_field(struct inquiry *inquiry, const char *name, const char *value);
void inquiry_end_of_header(struct inquiry *inquiry);
void inquiry_body(struct inquiry *inquiry, struct span octets);
void inquiry_end_of_body(struct inquiry *inquiry);

/* What of a message the checks need that the configuration wants: STAGE_MAIL, the header, or the body, too.
 */
enum stage inquiry_last_stage(const struct inquiry_needs *needs);

/* Nothing more is found out about this message: from now on its facts do not change. */
void inquiry_end(struct inquiry *inquiry);

/* The message is over: let go of all that was found for it. Its facts are gone. */
void inquiry_forget_mail(struct inquiry *inquiry);

/* Whether inquiry_wait() would return at once. */
bool inquiry_is_complete(struct inquiry *inquiry);

/*
 * Wait until every check of the stages that have come is done, or `timeout_ms` have passed; then
 * those that still wait see timeouts and end. Returns the facts, or NULL when memory ran out. They are good
 * until the next call of inquiry_helo(), inquiry_mail() or inquiry_close(), and unchanging until more of the
 * message comes. Call after inquiry_mail(). Further calls return at once.
 */
const struct facts *inquiry_wait(struct inquiry *inquiry, unsigned timeout_ms);

/* The message was accepted: what lists were asked for its sake does not count against its client. */
void inquiry_accepted(struct inquiry *inquiry);

/* The connection is gone. Frees all once the last answer has come in. NULL is allowed. */
void inquiry_close(struct inquiry *inquiry);

#endif
