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

#include "heloscope/daemon/runtime.h"
#include "heloscope/wire/smtp_reply.h"

struct sockaddr;
struct session;

/* A connection begins. Takes a reference to `runtime`. NULL when memory ran out. */
struct session *session_new(struct runtime *runtime);
void session_free(struct session *session); /* NULL is allowed */

/*
 * The client's address. NULL, AF_UNIX and whatever is not IP, and loopback, are local: trusted.
 * Lookups start here.
 */
void session_connect(struct session *session, const struct sockaddr *address);

/*
 * What the MTA calls itself, {j}: who reads its mail may trust fields in that name, so that arriving ones are
 * removed as those in our own are. NULL is allowed.
 */
void session_set_mta_name(struct session *session, const char *name);

/* HELO or EHLO. `tls_version`: that of the connection, NULL without TLS; see session_mail(). */
void session_helo(struct session *session, const char *name, const char *tls_version);

/* What the MTA tells with MAIL. */
struct session_mail {
	struct envelope_address sender;
	const char *auth_name; /* {auth_authen}, NULL when not authenticated */
	struct tls_facts tls;  /* when TLS began after the last HELO, that HELO does not count (RFC
				  3207, 4.2) */
};

void session_mail(struct session *session, const struct session_mail *mail);

/*
 * RCPT: waits for the lookups when it must, and judges. Returns the reply with which to refuse
 * this recipient, or NULL to take it. The reply is good until the next call. In mode audit, in which
 * nobody is refused, what is not known yet can wait for the end of the message.
 */
const struct smtp_reply *session_rcpt(struct session *session, const struct envelope_address *recipient);

/* One field of the header, in order. `value` as the MTA gives it. */
void session_header(struct session *session, const char *name, const char *value);

/* Fields to remove, counted from 1 among those of their name, or one to add at the top. */
struct session_edit {
	const char *name;
	unsigned index;    /* the last one to remove; 0: to add */
	unsigned count;    /* to remove: so many, that one and those in front of it */
	const char *value; /* to add: LF and blanks between lines, no leading blank */
};

/* What is to be done to an accepted message. */
struct session_edits {
	const struct session_edit *edits; /* in the order in which to do them */
	size_t count;
	const char *quarantine; /* reason, or NULL */
	bool is_whole;          /* false: memory ran out, and the message must be deferred */
};

/* End of message. `queue_id` may be NULL. The edits are good until the next call. */
struct session_edits session_end_of_message(struct session *session, const char *queue_id);

/*
 * The message is given up: RSET, a new MAIL, all recipients refused. May come twice, or without MAIL. Waits
 * for lookups of recipients that are not judged yet; the MTA waits for no reply to this.
 */
void session_abort(struct session *session);

#endif
