/*
 * counts: what is counted of messages, of sessions, and of what the MTA does not send. See
 * heloscope/base/counter.h.
 */
#ifndef HELOSCOPE_METRICS_COUNTS_H
#define HELOSCOPE_METRICS_COUNTS_H

#include <stdbool.h>

#include "heloscope/base/counter.h"
#include "heloscope/config/config.h"

/* What a message can come to, as enum action has it. */
enum { VERDICTS = ACTION_QUARANTINE + 1 };

/* What the filter wants of the MTA: a row each: enum, token, and what is missing and what mends it. */
/* clang-format off */
#define MTA_LACK_ROWS(ROW) \
	ROW(MACRO_LISTS,  "macro-lists",  "the MTA does not let filters ask for macros; it must be told to send them (Postfix: milter_mail_macros, milter_rcpt_macros, milter_end_of_data_macros; Sendmail: confMILTER_MACROS_ENVFROM, confMILTER_MACROS_ENVRCPT, confMILTER_MACROS_EOM)") \
	ROW(MACRO_J,      "macro-j",      "the macro j at connect, so perhaps no macros at all: authenticated clients cannot be told from others (Postfix: milter_connect_macros = j)") \
	ROW(MAIL_ADDR,    "macro-mail_addr", "the macro {mail_addr}: all that a sender address may mean is judged (Postfix: milter_mail_macros; Sendmail: confMILTER_MACROS_ENVFROM)") \
	ROW(RCPT_ADDR,    "macro-rcpt_addr", "the macro {rcpt_addr}: all that a recipient address may mean is judged (Postfix: milter_rcpt_macros; Sendmail: confMILTER_MACROS_ENVRCPT)") \
	ROW(QUEUE_ID,     "macro-i",      "the macro i at the end of a message, so the log cannot name the queue id (Postfix: milter_end_of_data_macros = i; Sendmail: confMILTER_MACROS_EOM)") \
	ROW(STEPS,        "steps",        "header or body of messages, on connections that began before the configuration needed them; their mail is deferred: restart the MTA") \
	ROW(CONNECTIONS,  "connections",  "clients over more connections than can be kept in mind; mail of some is deferred") \
	ROW(HEADER,       "header-changes", "the MTA does not let filters change header fields; the filter cannot work with it (Sendmail: do not limit the filter's actions)") \
	ROW(QUARANTINE,   "quarantine",   "the MTA does not let filters quarantine; such messages are delivered")
/* clang-format on */

#define MTA_LACK_ENUM(NAME, ...) MTA_LACKS_##NAME,
enum mta_lack { MTA_LACK_ROWS(MTA_LACK_ENUM) MTA_LACKS };

struct mta_lack_words {
	const char *token, *text;
};
extern const struct mta_lack_words mta_lack_words[MTA_LACKS];

enum reload_result { RELOAD_SUCCESS, RELOAD_FAILURE, RELOAD_RESULTS };

struct counts {
	struct counter messages[VERDICTS][2]; /* by enum mode */
	struct counter sessions_begun, sessions_ended;
	struct histogram waits; /* of messages */
	struct counter reloads[RELOAD_RESULTS];
	_Atomic int last_reload; /* enum reload_result */
	struct counter lacks[MTA_LACKS];
	_Atomic int64_t lacked_at[MTA_LACKS]; /* last, in seconds since 1970 */
};
extern struct counts counts;

/* Messages of a verdict, in either mode; and sessions that are served now. */
uint64_t counts_messages(size_t verdict);
uint64_t counts_sessions(void);

/* Count that the configuration was read again, or could not be. */
void counts_reload(enum reload_result result);

/* Count that the MTA did not send something. */
void counts_lack(enum mta_lack lack);

#endif
