/*
 * Why a session knows no libmilter, and a message no session.
 *
 * Three lives are nested here: the connection, which has a client and a HELO; the messages on it, one
 * at a time; and the edits of a message's header. Each is a file, and each holds what ends with it, so
 * that to end it is to free one thing: whatever the client does next (RSET, another MAIL, a HELO in
 * the middle, a new client on the same connection, nothing at all) comes down to session_abort(), and
 * no flag has to be set back.
 *
 * A session that is idle holds no message and no answers, for there are thousands of them. What is
 * asked at connect and at HELO is asked by the inquiry while the client still talks: that is why these
 * calls return at once, and why only RCPT and the end of a message may wait.
 *
 * All rests on the runtime that was in use when the session was made: which checks are run, what they
 * may ask, and what was agreed on with the MTA. Were the configuration looked up anew for each
 * message, a check could be wanted for which no body comes.
 */
#include "heloscope/daemon/session.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/log.h"
#include "heloscope/metrics/counts.h"

struct session {
	struct message_needs
		needs; /* its inquiry is NULL when the client is trusted, a gateway, or not connected yet */
	bool has_tls;  /* at the last HELO */
	struct message *message; /* NULL between messages, and when memory ran out */
};

struct session *
session_new(struct runtime *runtime)
{
	const struct inquiry_needs needs = runtime_needs(runtime);
	struct session *session = calloc(1, sizeof *session);

	if (session == NULL)
		return NULL;
	session->needs.runtime = runtime_ref(runtime);
	session->needs.last_stage = inquiry_last_stage(&needs);
	counter_add(&counts.sessions_begun, 1);
	session->needs.client.is_trusted = true; /* until session_connect() */
	return session;
}

void
session_free(struct session *session)
{
	if (session == NULL)
		return;
	session_abort(session);
	inquiry_close(session->needs.inquiry);
	runtime_unref(session->needs.runtime);
	free(session->needs.helo);
	free(session->needs.mta_name);
	counter_add(&counts.sessions_ended, 1);
	free(session);
}

void
session_connect(struct session *session, const struct sockaddr *address)
{
	struct client_facts *client = &session->needs.client;
	const struct inquiry_needs needs = runtime_needs(session->needs.runtime);

	session_abort(session); /* a second connect: XCLIENT on some MTAs, or another client */
	free(session->needs.helo);
	session->needs.helo = NULL;
	session->has_tls = false;
	*client = (struct client_facts){ .port = 0 };
	(void)ipaddr_from_sockaddr(address, &client->address, &client->port);
	config_place_client(needs.config, client);
	inquiry_close(session->needs.inquiry);
	session->needs.inquiry = NULL;
	if (!client->is_trusted && client->gateway.address.length == 0)
		session->needs.inquiry = inquiry_new(&needs, client);
}

/* Count a line of SMTP. */
static void
hear(struct session *session, const char *word, const char *rest)
{
	session->needs.said += strlen(word) + span_of(rest).length + 2; /* with its CR and LF */
}

void
session_set_mta_name(struct session *session, const char *name)
{
	free(session->needs.mta_name);
	session->needs.mta_name = name != NULL ? strdup(name) : NULL;
}

void
session_helo(struct session *session, const char *name, const char *tls_version)
{
	session->has_tls = tls_version != NULL;
	hear(session, "EHLO ", name);
	free(session->needs.helo);
	session->needs.helo = NULL;
	if (session->needs.inquiry != NULL)
		inquiry_helo(session->needs.inquiry, name);
	else
		session->needs.helo = strdup(name);
}

/* TLS began after the last HELO, which does not count any more (RFC 3207, 4.2). */
static void
forget_helo(struct session *session)
{
	session->has_tls = true;
	free(session->needs.helo);
	session->needs.helo = NULL;
	if (session->needs.inquiry != NULL)
		inquiry_helo(session->needs.inquiry, NULL);
}

void
session_mail(struct session *session, const struct mail_command *mail)
{
	session_abort(session);
	hear(session, "MAIL FROM:", mail->sender.typed);
	if (mail->tls.version != NULL && !session->has_tls)
		forget_helo(session);
	session->message = message_begin(&session->needs, mail);
}

/* Nothing is refused or deferred then: not for want of memory, nor for what is beyond a bound. */
static bool
is_audit(const struct session *session)
{
	return session_config(session)->mode == MODE_AUDIT;
}

const struct smtp_reply *
session_rcpt(struct session *session, const struct envelope_address *recipient)
{
	const struct smtp_reply *reply;

	hear(session, "RCPT TO:", recipient->typed);
	reply = message_rcpt(session->message, recipient);
	return is_audit(session) ? NULL : reply;
}

void
session_header(struct session *session, const char *name, const char *value)
{
	hear(session, name, value);
	if (session->message != NULL)
		message_header(session->message, name, value);
}

void
session_end_of_header(struct session *session)
{
	if (session->message != NULL)
		message_end_of_header(session->message);
}

void
session_body(struct session *session, struct span octets)
{
	session->needs.said += octets.length;
	if (session->message != NULL)
		message_body(session->message, octets);
}

enum stage
session_last_stage(const struct session *session)
{
	return session->needs.last_stage;
}

const struct config *
session_config(const struct session *session)
{
	return runtime_config(session->needs.runtime);
}

struct message_end
session_end_of_message(struct session *session, const char *queue_id)
{
	struct message_end end = message_end(session->message, queue_id);

	if (is_audit(session)) {
		end.reply = NULL;
		end.is_whole = true;
	}
	return end;
}

void
session_abort(struct session *session)
{
	message_close(session->message);
	session->message = NULL;
}
