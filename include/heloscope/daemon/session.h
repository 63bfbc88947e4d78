/*
 * session: one SMTP connection, from connect to close, message by message.
 *
 * Knows nothing of libmilter: the callbacks in milter.c, a test or a command line call these
 * functions in the order in which SMTP goes. A session belongs to one thread at a time;
 * different sessions to any. All text that it is given may be hostile, and is copied.
 */
#ifndef HELOSCOPE_DAEMON_SESSION_H
#define HELOSCOPE_DAEMON_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/daemon/message.h"
#include "heloscope/daemon/runtime.h"
#include "heloscope/wire/smtp_reply.h"

struct sockaddr;
struct session;

/* A connection begins. Takes a reference to `runtime`. NULL when memory ran out. */
struct session *session_new(struct runtime *runtime) MUST_USE;
void session_free(struct session *session); /* NULL is allowed */

/*
 * The client's address; a second time, another client's on the same connection to the MTA. NULL, AF_UNIX and
 * whatever is not IP, and loopback, are local: trusted. Lookups start here.
 */
void session_connect(struct session *session, const struct sockaddr *address);

/*
 * What the MTA calls itself, {j}: who reads its mail may trust fields in that name, so that arriving ones are
 * removed as those in our own are. NULL is allowed.
 */
void session_set_mta_name(struct session *session, const char *name);

/* HELO or EHLO. `tls_version`: that of the connection, NULL without TLS; see session_mail(). */
void session_helo(struct session *session, const char *name, const char *tls_version);

/* MAIL. A message that was under way is given up. */
void session_mail(struct session *session, const struct mail_command *mail);

/*
 * RCPT: waits for the lookups when it must, and judges. Returns the reply with which to refuse
 * this recipient, or NULL to take it. The reply is good until the next call. In mode audit, in which
 * nobody is refused, what is not known yet can wait for the end of the message; so can, in both, what rests
 * on its header or body.
 */
const struct smtp_reply *session_rcpt(struct session *session, const struct envelope_address *recipient);

/* One field of the header, in order. `value` as the MTA gives it. */
void session_header(struct session *session, const char *name, const char *value);

/* The header has ended, and the body comes, in pieces of any size. Need not be told to a session that needs
 * no more: session_last_stage(). */
void session_end_of_header(struct session *session);
void session_body(struct session *session, struct span octets);

/* The last stage that this connection needs: STAGE_MAIL, STAGE_HEADER or STAGE_BODY. All need the fields of
 * the header, of which forged ones go. */
enum stage session_last_stage(const struct session *session);

/* The configuration under which it began. Good as long as the session. */
const struct config *session_config(const struct session *session);

/* End of message. `queue_id` may be NULL. The edits are good until the next call. */
struct message_end session_end_of_message(struct session *session, const char *queue_id);

/*
 * The message is given up: RSET, a new MAIL, all recipients refused. May come twice, or without MAIL. Waits
 * for lookups of recipients that are not judged yet; the MTA waits for no reply to this.
 */
void session_abort(struct session *session);

#endif
