/*
 * message: what there is of a message, from MAIL to its end: facts, recipients, verdicts, what is told of it.
 *
 * An idle session has none. Belongs to its session, and to its thread. All text may be hostile, and is
 * copied.
 */
#ifndef HELOSCOPE_DAEMON_MESSAGE_H
#define HELOSCOPE_DAEMON_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/daemon/edits.h"
#include "heloscope/daemon/runtime.h"
#include "heloscope/wire/smtp_reply.h"

struct message;

/* What a message stands on: its connection, which outlives it. */
struct message_needs {
	struct runtime *runtime;
	struct inquiry *inquiry; /* NULL: trusted, a gateway, or memory ran out */
	struct client_facts client;
	char *helo;            /* raw, or NULL; where there is an inquiry, it has it */
	char *mta_name;        /* {j}, or NULL */
	size_t said;           /* octets of SMTP that the meter does not know of yet */
	size_t apart;          /* recipients that were put apart since a message was accepted */
	enum stage last_stage; /* what checks need of a message: MAIL, its header, or its body, too */
};

/* What the MTA tells with MAIL. */
struct mail_command {
	struct envelope_address sender;
	const char *auth_name; /* {auth_authen}, NULL when not authenticated */
	struct tls_facts tls;  /* when TLS began after the last HELO, that HELO does not count (RFC
				  3207, 4.2) */
};

/* Begins with MAIL. Keeps `needs`. NULL when memory ran out. */
struct message *message_begin(struct message_needs *needs, const struct mail_command *mail) MUST_USE;

/* RCPT: see session_rcpt(). NULL, a message for which there was no memory, is deferred. */
const struct smtp_reply *message_rcpt(struct message *message, const struct envelope_address *recipient);

/* A field of the header has come. */
void message_header(struct message *message, const char *name, const char *value);

void message_end_of_header(struct message *message);

/* A piece of the body, of any size. */
void message_body(struct message *message, struct span octets);

/* What is to be done at the end of a message: refuse it, or accept it with edits. */
struct message_end {
	const struct smtp_reply *reply; /* with which to refuse it, or NULL */
	const struct edit *edits;       /* in the order in which to do them */
	size_t count;
	const char *quarantine; /* reason, or NULL */
	bool is_whole;          /* false: memory ran out, and the message must be deferred */
};

/* End of message: it is told in log and record. NULL is allowed. What comes back is good until the next call.
 */
struct message_end message_end(struct message *message, const char *queue_id);

/* Give the message up, or away after its end: it is told in log and record when it was not. NULL is allowed.
 */
void message_close(struct message *message);

#endif
