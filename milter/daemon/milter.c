#include "heloscope/daemon/milter.h"

#include <libmilter/mfapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/daemon/agreed.h"
#include "heloscope/daemon/intake.h"
#include "heloscope/daemon/macros.h"
#include "heloscope/base/log.h"
#include "heloscope/metrics/counts.h"
#include "heloscope/daemon/edge.h"
#include "heloscope/base/span.h"

#define NAME "heloscope"
#define PACKET_MAX (1U << 20) /* octets; libmilter's 65,535 would cut off long header fields */

/* What we would like to do, if the MTA lets us. */
#define ACTIONS_NEEDED (SMFIF_ADDHDRS | SMFIF_CHGHDRS)
#define ACTIONS_WANTED (ACTIONS_NEEDED | SMFIF_QUARANTINE | SMFIF_SETSYMLIST)

struct connection {
	struct session *session;
	unsigned long steps; /* negotiated */
};

/*
 * libmilter passes a connection from thread to thread under locks that the thread sanitizer does
 * not follow: it is told that one callback of a connection is over before the next begins.
 */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define CALLBACK_BEGINS(context) __tsan_acquire(context)
#define CALLBACK_ENDS(context) __tsan_release(context)
#else
#define CALLBACK_BEGINS(context) ((void)(context))
#define CALLBACK_ENDS(context) ((void)(context))
#endif

static pthread_mutex_t runtime_lock = PTHREAD_MUTEX_INITIALIZER;
static struct runtime *runtime_in_use; /* guarded by runtime_lock */

/* What the MTA does not send is said once. */
static atomic_flag has_told_of_actions = ATOMIC_FLAG_INIT;
static atomic_flag has_told_of_macros = ATOMIC_FLAG_INIT;
static atomic_flag has_told_of_addresses = ATOMIC_FLAG_INIT;
static atomic_flag has_told_of_queue_id = ATOMIC_FLAG_INIT;
static atomic_flag has_told_of_default_id = ATOMIC_FLAG_INIT;
static atomic_flag has_told_of_nothing = ATOMIC_FLAG_INIT; /* kept of a connection */
static atomic_flag has_told_of_steps = ATOMIC_FLAG_INIT;

void
milter_use(struct runtime *runtime)
{
	struct runtime *before;

	(void)pthread_mutex_lock(&runtime_lock);
	before = runtime_in_use;
	runtime_in_use = runtime_ref(runtime);
	(void)pthread_mutex_unlock(&runtime_lock);
	runtime_unref(before);
}

struct runtime *
milter_runtime(void)
{
	struct runtime *runtime;

	(void)pthread_mutex_lock(&runtime_lock);
	runtime = runtime_ref(runtime_in_use);
	(void)pthread_mutex_unlock(&runtime_lock);
	return runtime;
}

/* Macros. */

/* NULL when the MTA does not send it. */
static const char *
macro_or_empty(SMFICTX *context, const char *name)
{
	char mutable_name[32];

	(void)strncpy(mutable_name, name, sizeof mutable_name - 1);
	mutable_name[sizeof mutable_name - 1] = '\0';
	return smfi_getsymval(context, mutable_name);
}

static const char *
macro(SMFICTX *context, const char *name)
{
	const char *value = macro_or_empty(context, name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Ask for what this configuration looks at. */
static void
ask_for_macros(SMFICTX *context, const struct config *config)
{
	for (int stage = SMFIM_FIRST; stage <= SMFIM_LAST; stage++) {
		char memory[128];
		struct strbuf names = STRBUF_OVER(memory);

		macros_add(config, stage, &names);
		if (names.length > 0)
			(void)smfi_setsymlist(context, stage, memory);
	}
}

/*
 * What is left out of a message, and the replies that nobody waits for: of header and body as much comes as
 * the checks of this connection need. Connect, HELO and MAIL keep their reply although it never says more
 * than "continue": Postfix holds back what needs no reply until something does, and lookups that could start
 * at connect would start at RCPT.
 */
static unsigned long
steps_for(enum stage last)
{
	return SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NR_HDR | SMFIP_HDR_LEADSPC
	       | (last < STAGE_HEADER ? SMFIP_NOEOH : SMFIP_NR_EOH)
	       | (last < STAGE_BODY ? SMFIP_NOBODY : SMFIP_NR_BODY);
}

/* Callbacks. Each begins with connection_of() and ends with ended(). */

static struct connection *
connection_of(SMFICTX *context)
{
	CALLBACK_BEGINS(context);
	return smfi_getpriv(context);
}

/* The connection's session; NULL after what should not happen, such as HELO without connect. */
static struct session *
session_of(SMFICTX *context)
{
	const struct connection *connection = connection_of(context);

	return connection != NULL ? connection->session : NULL;
}

static sfsistat
ended(SMFICTX *context, sfsistat status)
{
	CALLBACK_ENDS(context);
	return status;
}

/* A connection and its session, which keeps the configuration that is in use now. NULL: there is no room. */
static struct connection *
begin_connection(void)
{
	struct connection *connection = intake_has_room() ? calloc(1, sizeof *connection) : NULL;
	struct runtime *runtime = milter_runtime();

	if (connection != NULL)
		connection->session = session_new(runtime);
	if (connection != NULL && connection->session == NULL) {
		free(connection);
		connection = NULL;
	}
	runtime_unref(runtime);
	return connection;
}

static void
tell_of_actions(void)
{
	counts_lack(MTA_LACKS_MACRO_LISTS);
	if (!atomic_flag_test_and_set(&has_told_of_actions))
		log_warning(
			"the MTA does not let filters request macros: make sure that it sends {auth_authen}, {mail_addr} and {tls_version} with MAIL, {rcpt_addr} with RCPT, and i at end of message (Postfix: milter_mail_macros, milter_rcpt_macros, milter_end_of_data_macros; Sendmail: confMILTER_MACROS_ENVFROM, confMILTER_MACROS_ENVRCPT, confMILTER_MACROS_EOM)");
}

static sfsistat
on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long more,
	     unsigned long rest, unsigned long *our_actions, unsigned long *our_steps,
	     unsigned long *our_more, unsigned long *our_rest)
{
	struct connection *connection;

	(void)more;
	(void)rest;
	if ((actions & ACTIONS_NEEDED) != ACTIONS_NEEDED) {
		counts_lack(MTA_LACKS_HEADER);
		log_error(
			"the MTA does not let filters change header fields; the filter cannot work with it");
		return SMFIS_REJECT;
	}
	connection = begin_connection();
	if (connection == NULL)
		return SMFIS_REJECT; /* the MTA goes on as its default action for filters says */
	if ((actions & SMFIF_SETSYMLIST) != 0)
		ask_for_macros(context, session_config(connection->session));
	else
		tell_of_actions();
	connection->steps = steps & steps_for(session_last_stage(connection->session));
	agreed_keep(context, connection->steps);
	(void)smfi_setpriv(context, connection);
	*our_actions = actions & ACTIONS_WANTED;
	*our_steps = connection->steps;
	*our_more = *our_rest = 0;
	return ended(context, SMFIS_CONTINUE);
}

/* Whose name stands in the fields is worth a choice: readers trust the name that they know. */
static void
tell_of_default_id(const struct config *config, const char *mta_name)
{
	if (!config->has_default_id || mta_name == NULL
	    || span_equals_nocase(span_of(mta_name), span_of(config->authserv_id))
	    || atomic_flag_test_and_set(&has_told_of_default_id))
		return;
	log_warning(
		"authserv-id is not set, so fields are written in the name of this host, %s, but the MTA calls itself %s. Set authserv-id to the name that readers of the mail know",
		config->authserv_id, mta_name);
}

static void
end_connection(struct connection *connection)
{
	session_free(connection->session);
	free(connection);
}

/* Whether header and body come as far as a session needs them. */
static bool
has_steps(const struct connection *connection)
{
	const unsigned long left_out = connection->steps & (SMFIP_NOEOH | SMFIP_NOBODY);

	return (left_out & ~steps_for(session_last_stage(connection->session))) == 0;
}

/*
 * Another client on the connection of one that has gone (SMFIC_QUIT_NC): nothing of that is left, and what
 * was agreed on with the MTA holds. NULL when it cannot be served: then its mail is deferred, lest a check
 * that sees no body find that it was changed.
 */
static struct connection *
begin_again(SMFICTX *context)
{
	struct connection *connection;
	unsigned long steps;

	if (!agreed_find(context, &steps)) {
		counts_lack(MTA_LACKS_CONNECTIONS);
		if (!atomic_flag_test_and_set(&has_told_of_nothing))
			log_warning(
				"the MTA sends clients over more connections than can be kept in mind; mail of some is deferred");
		return NULL;
	}
	connection = begin_connection();
	if (connection == NULL)
		return NULL;
	connection->steps = steps;
	if (!has_steps(connection)) {
		counts_lack(MTA_LACKS_STEPS);
		if (!atomic_flag_test_and_set(&has_told_of_steps))
			log_warning(
				"the MTA sends clients over a connection on which it agreed not to send all that the configuration needs now; their mail is deferred until it connects anew: restart the MTA");
		end_connection(connection);
		return NULL;
	}
	(void)smfi_setpriv(context, connection);
	return connection;
}

static sfsistat
on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
	struct connection *connection = connection_of(context);
	const char *mta_name;

	(void)name; /* the MTA's idea of the client's name; we look for ourselves */
	connection = connection != NULL ? connection : begin_again(context);
	if (connection == NULL)
		return SMFIS_CONTINUE;
	mta_name = macro(context, "j");
	if (mta_name == NULL)
		counts_lack(MTA_LACKS_MACRO_J);
	if (mta_name == NULL && !atomic_flag_test_and_set(&has_told_of_macros))
		log_warning(
			"the MTA does not send the macro j at connect, so perhaps no macros at all: authenticated clients cannot be told from others (Postfix: milter_connect_macros = j, milter_mail_macros = i {auth_authen} {tls_version})");
	tell_of_default_id(session_config(connection->session), mta_name);
	session_set_mta_name(connection->session, mta_name);
	session_connect(connection->session, (const struct sockaddr *)address);
	return ended(context, SMFIS_CONTINUE);
}

static sfsistat
on_helo(SMFICTX *context, char *name)
{
	struct session *session = session_of(context);

	if (session != NULL)
		session_helo(session, name, macro(context, "{tls_version}"));
	return ended(context, SMFIS_CONTINUE);
}

/* An address of the envelope. Every MTA has something to tell of one, but perhaps not of the null sender. */
static struct envelope_address
envelope_address(SMFICTX *context, const char *typed, const char *macro_name, enum mta_lack lack)
{
	const struct envelope_address address = { typed != NULL ? typed : "",
						  macro_or_empty(context, macro_name) };

	if (address.used != NULL || span_equals(span_of(address.typed), SPAN("<>")))
		return address;
	counts_lack(lack);
	if (!atomic_flag_test_and_set(&has_told_of_addresses))
		log_warning(
			"the MTA does not send the macro %s, so it is not known what it makes of an address: all that an address may mean is judged, and the worst counts (Postfix: milter_mail_macros with {mail_addr}, milter_rcpt_macros with {rcpt_addr}; Sendmail: confMILTER_MACROS_ENVFROM, confMILTER_MACROS_ENVRCPT)",
			macro_name);
	return address;
}

static sfsistat
on_mail(SMFICTX *context, char **arguments)
{
	struct session *session = session_of(context);
	const struct mail_command mail = {
		.sender = envelope_address(context, arguments[0], "{mail_addr}", MTA_LACKS_MAIL_ADDR),
		.auth_name = macro(context, "{auth_authen}"),
		.tls = {
			.version = macro(context, "{tls_version}"),
			.cipher = macro(context, "{cipher}"),
			.bits = macro(context, "{cipher_bits}"),
			.verify = macro(context, "{verify}"),
			.cert_subject = macro(context, "{cert_subject}"),
		},
	};

	if (session != NULL)
		session_mail(session, &mail);
	return ended(context, SMFIS_CONTINUE);
}

/* Set the reply and return the code that goes with it, in one place: a reply that stays behind is sent later.
 */
static sfsistat
refuse(SMFICTX *context, const struct smtp_reply *reply)
{
	if (!milter_edge_reply(context, reply))
		log_error("libmilter does not take the reply %u %s; its default text is sent", reply->code,
			  reply->xcode);
	return reply->code >= 500 ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

static sfsistat
on_rcpt(SMFICTX *context, char **arguments)
{
	struct session *session = session_of(context);
	const struct envelope_address recipient =
		envelope_address(context, arguments[0], "{rcpt_addr}", MTA_LACKS_RCPT_ADDR);
	const struct smtp_reply *reply;

	if (session == NULL || arguments[0] == NULL)
		return SMFIS_TEMPFAIL;
	reply = session_rcpt(session, &recipient);
	return ended(context, reply == NULL ? SMFIS_CONTINUE : refuse(context, reply));
}

/* Where it was agreed on that nobody waits for a reply. */
static sfsistat
without_reply(const struct connection *connection, unsigned long step)
{
	return (connection->steps & step) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* The value with a blank in front, for the caller to free; NULL when memory ran out. */
static char *
with_blank(const char *value)
{
	const size_t size = strlen(value) + 1;
	char *whole = malloc(size + 1);

	if (whole == NULL)
		return NULL;
	whole[0] = ' ';
	memcpy(whole + 1, value, size);
	return whole;
}

/* An MTA that was not asked to leave the blank behind the colon has taken it away; a signature may cover it.
 */
static void
take_field(const struct connection *connection, const char *name, const char *value)
{
	const bool has_leading_blank = (connection->steps & SMFIP_HDR_LEADSPC) != 0;
	char *whole = has_leading_blank ? NULL : with_blank(value);

	session_header(connection->session, name, whole != NULL ? whole : value);
	free(whole);
}

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
	const struct connection *connection = connection_of(context);

	if (connection == NULL)
		return SMFIS_CONTINUE;
	take_field(connection, name, value);
	return ended(context, without_reply(connection, SMFIP_NR_HDR));
}

static sfsistat
on_end_of_header(SMFICTX *context)
{
	const struct connection *connection = connection_of(context);

	if (connection == NULL)
		return SMFIS_CONTINUE;
	session_end_of_header(connection->session);
	return ended(context, without_reply(connection, SMFIP_NR_EOH));
}

static sfsistat
on_body(SMFICTX *context, unsigned char *octets, size_t length)
{
	const struct connection *connection = connection_of(context);

	if (connection == NULL)
		return SMFIS_CONTINUE;
	session_body(connection->session, (struct span){ (const char *)octets, length });
	return ended(context, without_reply(connection, SMFIP_NR_BODY));
}

/* From the last to the first, so that no removal shifts the index of another. */
static bool
remove_fields(SMFICTX *context, const struct edit *edit)
{
	for (unsigned i = 0; i < edit->count; i++)
		if (!milter_edge_remove_field(context, edit->name, edit->index - i))
			return false;
	return true;
}

static bool
do_edit(SMFICTX *context, const struct edit *edit, bool has_leading_blank)
{
	if (edit->index > 0)
		return remove_fields(context, edit);
	return milter_edge_add_field(context, edit->name, edit->value, has_leading_blank);
}

/* Quarantine is less than the policy asks for when the MTA does not offer it, but no reason to lose mail. */
static void
quarantine(SMFICTX *context, const char *why)
{
	if (milter_edge_quarantine(context, why))
		return;
	counts_lack(MTA_LACKS_QUARANTINE);
	log_error("the MTA does not let filters quarantine; the message is delivered");
}

/* Take the message as it is to be. */
static sfsistat
change(SMFICTX *context, const struct connection *connection, const struct message_end *end)
{
	const bool is_audit = session_config(connection->session)->mode == MODE_AUDIT;
	bool is_done = end->is_whole;

	for (size_t i = 0; i < end->count && is_done; i++)
		is_done = do_edit(context, &end->edits[i], (connection->steps & SMFIP_HDR_LEADSPC) != 0);
	if (is_done && end->quarantine != NULL)
		quarantine(context, end->quarantine);
	if (is_done)
		return SMFIS_CONTINUE;
	/* Half a header would be worse than none: forged fields might stay. */
	log_error("the header of a message could not be changed%s", is_audit ? "" : "; it is deferred");
	return is_audit ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat
on_end_of_message(SMFICTX *context)
{
	const struct connection *connection = connection_of(context);
	const char *queue_id = macro(context, "i");
	struct message_end end;
	sfsistat status;

	if (connection == NULL)
		return SMFIS_TEMPFAIL;
	if (queue_id == NULL)
		counts_lack(MTA_LACKS_QUEUE_ID);
	if (queue_id == NULL && !atomic_flag_test_and_set(&has_told_of_queue_id))
		log_warning(
			"the MTA does not send the macro i (the queue id) at end of message, so the log cannot name it (Postfix: milter_end_of_data_macros = i; Sendmail: confMILTER_MACROS_EOM)");
	end = session_end_of_message(connection->session, queue_id);
	status = end.reply != NULL ? refuse(context, end.reply) : change(context, connection, &end);
	session_abort(connection->session);
	return ended(context, status);
}

static sfsistat
on_abort(SMFICTX *context)
{
	struct session *session = session_of(context);

	if (session != NULL)
		session_abort(session);
	return ended(context, SMFIS_CONTINUE);
}

static sfsistat
on_close(SMFICTX *context)
{
	struct connection *connection = connection_of(context);

	if (connection != NULL) {
		end_connection(connection);
		(void)smfi_setpriv(context, NULL);
	}
	return ended(context, SMFIS_CONTINUE);
}

static char filter_name[] = NAME;

static struct smfiDesc description = {
	.xxfi_name = filter_name,
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = ACTIONS_WANTED,
	.xxfi_connect = on_connect,
	.xxfi_helo = on_helo,
	.xxfi_envfrom = on_mail,
	.xxfi_envrcpt = on_rcpt,
	.xxfi_header = on_header,
	.xxfi_eoh = on_end_of_header,
	.xxfi_body = on_body,
	.xxfi_eom = on_end_of_message,
	.xxfi_abort = on_abort,
	.xxfi_close = on_close,
	.xxfi_negotiate = on_negotiate,
};

bool
milter_open(const char *listen, struct error *error)
{
	char where[256];

	(void)strncpy(where, listen, sizeof where - 1);
	where[sizeof where - 1] = '\0';
	(void)smfi_setmaxdatasize(PACKET_MAX);
	if (smfi_register(description) != MI_SUCCESS || smfi_setconn(where) != MI_SUCCESS) {
		error_set(error, "libmilter refuses the socket \"%s\"", listen);
		return false;
	}
	if (smfi_opensocket(false) != MI_SUCCESS) {
		error_set(error, "libmilter cannot listen on \"%.200s\"; the system log says why", listen);
		return false;
	}
	return true;
}

void
milter_stop(void)
{
	(void)smfi_stop();
}

bool
milter_run(void)
{
	if (smfi_main() == MI_SUCCESS)
		return true;
	log_error("libmilter ended with an error; the system log says more");
	return false;
}

void
milter_close(void)
{
	struct runtime *runtime;

	(void)pthread_mutex_lock(&runtime_lock);
	runtime = runtime_in_use;
	runtime_in_use = NULL;
	(void)pthread_mutex_unlock(&runtime_lock);
	runtime_unref(runtime);
}
