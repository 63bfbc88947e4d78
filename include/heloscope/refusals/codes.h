/*
 * codes: reply codes and enhanced status codes in the text of a refusal, and what they alone say of it.
 *
 * Reply codes by RFC 5321, 4.2 and its like; enhanced codes by RFC 3463, 5248, 7372, 7504, 7505, 8616 and the
 * registry of IANA. A code says less than words do: what it means is told only when the words are not known.
 * Any thread.
 */
#ifndef HELOSCOPE_REFUSALS_CODES_H
#define HELOSCOPE_REFUSALS_CODES_H

#include "heloscope/config/refusals.h"
#include "heloscope/refusals/refusal.h"

/* The codes of a reply. */
struct codes {
	unsigned reply;                /* 400 to 599; 0: none was found */
	struct enhanced_code enhanced; /* class 0: none */
};

/*
 * Find the first reply code of a refusal, and the enhanced code that belongs to it, where they stand as codes
 * do: at the beginning of a line, behind what introduces a reply, or in front of an enhanced code. Numbers
 * within sentences, addresses and times are none.
 */
struct codes codes_find(struct span text);

/* The first digit; 0 when no code is known. */
unsigned codes_class(const struct codes *codes);

/* Read the enhanced code with which `text` begins, of class 2, 4 or 5. Returns its octets; 0 when there is
 * none. */
size_t codes_read_enhanced(struct span text, struct enhanced_code *code) MUST_USE;

/* Whether they are what an entry asks for. */
enum code_fit {
	CODE_DIFFERS,
	CODE_NOT_ASKED, /* the entry asks for none */
	CODE_NOT_KNOWN, /* the reply has none of the kind that it asks for */
	CODE_FITS
};
enum code_fit codes_fit(const struct codes *codes, const struct code_pattern *pattern);

/*
 * What codes say, a row each: NAME, what it is (an enhanced code's subject and detail, or a reply code and
 * -1), category, party. UNKNOWN where the code does not say it. Its words stand in
 * words/refusal.c.
 */
/* clang-format off */
#define CODE_ROWS(ROW) \
	ROW(MAILBOX_BAD,        1, 1, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(SYSTEM_BAD,         1, 2, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(MAILBOX_SYNTAX,     1, 3, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(MAILBOX_AMBIGUOUS,  1, 4, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(MAILBOX_MOVED,      1, 6, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(SENDER_SYNTAX,      1, 7, SENDER_DOMAIN, SENDERS_DOMAIN_OWNER) \
	ROW(SENDER_SYSTEM,      1, 8, SENDER_DOMAIN, SENDERS_DOMAIN_OWNER) \
	ROW(NULL_MX,            1, 10, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(MAILBOX_OTHER,      2, 0, UNKNOWN, RECIPIENT) \
	ROW(MAILBOX_DISABLED,   2, 1, MAILBOX_DISABLED, RECIPIENT) \
	ROW(MAILBOX_FULL,       2, 2, MAILBOX_FULL, RECIPIENT) \
	ROW(MESSAGE_TOO_LONG,   2, 3, SIZE, SENDING_SERVER_ADMIN) \
	ROW(LIST_EXPANSION,     2, 4, RECEIVER_FAULT, RECEIVER) \
	ROW(SYSTEM_OTHER,       3, 0, RECEIVER_FAULT, RECEIVER) \
	ROW(SYSTEM_FULL,        3, 1, RECEIVER_FAULT, RECEIVER) \
	ROW(SYSTEM_NOT_NOW,     3, 2, RECEIVER_FAULT, NOBODY_WAIT) \
	ROW(SYSTEM_INCAPABLE,   3, 3, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(SYSTEM_TOO_BIG,     3, 4, SIZE, SENDING_SERVER_ADMIN) \
	ROW(SYSTEM_CONFIG,      3, 5, RECEIVER_FAULT, RECEIVER) \
	ROW(NO_ANSWER,          4, 1, RECEIVER_FAULT, RECEIVER) \
	ROW(BAD_CONNECTION,     4, 2, RECEIVER_FAULT, NOBODY_WAIT) \
	ROW(NO_DIRECTORY,       4, 3, DNS_FAULT_RECEIVER, RECEIVER) \
	ROW(NO_ROUTE,           4, 4, DNS_FAULT_RECEIVER, RECEIVER) \
	ROW(CONGESTION,         4, 5, RATE, NOBODY_WAIT) \
	ROW(LOOP,               4, 6, LOOP, SENDING_SERVER_ADMIN) \
	ROW(EXPIRED,            4, 7, UNKNOWN, UNKNOWN) \
	ROW(PROTOCOL_OTHER,     5, 0, UNKNOWN, UNKNOWN) \
	ROW(COMMAND_INVALID,    5, 1, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(COMMAND_SYNTAX,     5, 2, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(RECIPIENTS_MANY,    5, 3, RATE, SENDING_SERVER_ADMIN) \
	ROW(ARGUMENTS_INVALID,  5, 4, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(PROTOCOL_VERSION,   5, 5, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(EXCHANGE_TOO_LONG,  5, 6, AUTH_REQUIRED, SENDING_SERVER_ADMIN) \
	ROW(CONTENT_OTHER,      6, 0, CONTENT, SENDING_SERVER_ADMIN) \
	ROW(MEDIA,              6, 1, CONTENT, SENDING_SERVER_ADMIN) \
	ROW(CONVERSION_BARRED,  6, 2, CONTENT, SENDING_SERVER_ADMIN) \
	ROW(CONVERSION_MISSING, 6, 3, CONTENT, SENDING_SERVER_ADMIN) \
	ROW(NOT_ASCII,          6, 7, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(UTF8_REPLY,         6, 8, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(UTF8_HEADER,        6, 9, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(POLICY_OTHER,       7, 0, UNKNOWN, UNKNOWN) \
	ROW(NOT_AUTHORIZED,     7, 1, UNKNOWN, UNKNOWN) \
	ROW(LIST_BARRED,        7, 2, POLICY, RECEIVER) \
	ROW(SECURITY_MISSING,   7, 4, POLICY, UNKNOWN) \
	ROW(CRYPTO_FAILED,      7, 5, TLS, UNKNOWN) \
	ROW(CREDENTIALS_BAD,    7, 8, AUTH_REQUIRED, SENDING_SERVER_ADMIN) \
	ROW(MECHANISM_WEAK,     7, 9, AUTH_REQUIRED, SENDING_SERVER_ADMIN) \
	ROW(ENCRYPTION_NEEDED,  7, 10, TLS, SENDING_SERVER_ADMIN) \
	ROW(ENCRYPTION_FOR_AUTH, 7, 11, TLS, SENDING_SERVER_ADMIN) \
	ROW(PASSWORD_OLD,       7, 12, AUTH_REQUIRED, SENDING_SERVER_ADMIN) \
	ROW(ACCOUNT_DISABLED,   7, 13, MAILBOX_DISABLED, RECIPIENT) \
	ROW(TRUST_NEEDED,       7, 14, AUTH_REQUIRED, SENDING_SERVER_ADMIN) \
	ROW(PRIORITY_LOW,       7, 15, POLICY, NOBODY_WAIT) \
	ROW(PRIORITY_TOO_BIG,   7, 16, SIZE, SENDING_SERVER_ADMIN) \
	ROW(MAILBOX_OWNER_NEW,  7, 17, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(DOMAIN_OWNER_NEW,   7, 18, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(RRVS_FAILED,        7, 19, POLICY, RECEIVER) \
	ROW(DKIM_NONE_PASSES,   7, 20, DKIM, SENDERS_DOMAIN_OWNER) \
	ROW(DKIM_NONE_TAKEN,    7, 21, DKIM, SENDERS_DOMAIN_OWNER) \
	ROW(DKIM_NOT_AUTHORS,   7, 22, DKIM, SENDERS_DOMAIN_OWNER) \
	ROW(SPF_FAILS,          7, 23, SPF, SENDERS_DOMAIN_OWNER) \
	ROW(SPF_ERROR,          7, 24, SPF, SENDERS_DOMAIN_OWNER) \
	ROW(PTR_FAILS,          7, 25, PTR, SENDING_SERVER_ADMIN) \
	ROW(SEVERAL_FAIL,       7, 26, DMARC, SENDERS_DOMAIN_OWNER) \
	ROW(SENDER_NULL_MX,     7, 27, SENDER_DOMAIN, SENDERS_DOMAIN_OWNER) \
	ROW(FLOOD,              7, 28, RATE, SENDING_SERVER_ADMIN) \
	ROW(ARC_FAILS,          7, 29, POLICY, UNKNOWN) \
	ROW(REQUIRETLS,         7, 30, TLS, RECEIVER) \
	ROW(CLOSING,            421, -1, UNKNOWN, NOBODY_WAIT) \
	ROW(MAILBOX_BUSY,       450, -1, UNKNOWN, NOBODY_WAIT) \
	ROW(LOCAL_ERROR,        451, -1, UNKNOWN, NOBODY_WAIT) \
	ROW(STORAGE_SHORT,      452, -1, RECEIVER_FAULT, NOBODY_WAIT) \
	ROW(TLS_NOT_NOW,        454, -1, UNKNOWN, NOBODY_WAIT) \
	ROW(SYNTAX_COMMAND,     500, -1, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(SYNTAX_ARGUMENTS,   501, -1, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(NOT_IMPLEMENTED,    502, -1, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(BAD_SEQUENCE,       503, -1, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(BAD_PARAMETER,      504, -1, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(NO_MAIL_HOST,       521, -1, UNKNOWN, UNKNOWN) \
	ROW(AUTH_WANTED,        530, -1, AUTH_REQUIRED, SENDING_SERVER_ADMIN) \
	ROW(AUTH_FAILED,        535, -1, AUTH_REQUIRED, SENDING_SERVER_ADMIN) \
	ROW(ENCRYPTION_WANTED,  538, -1, TLS, SENDING_SERVER_ADMIN) \
	ROW(MAILBOX_UNAVAILABLE, 550, -1, UNKNOWN, UNKNOWN) \
	ROW(NOT_LOCAL,          551, -1, MAILBOX_UNKNOWN, RECIPIENT) \
	ROW(STORAGE_EXCEEDED,   552, -1, UNKNOWN, UNKNOWN) \
	ROW(NAME_NOT_ALLOWED,   553, -1, UNKNOWN, UNKNOWN) \
	ROW(FAILED,             554, -1, UNKNOWN, UNKNOWN) \
	ROW(PARAMETERS_UNKNOWN, 555, -1, PROTOCOL, SENDING_SERVER_ADMIN) \
	ROW(DOMAIN_NO_MAIL,     556, -1, UNKNOWN, UNKNOWN)

#define CODE_ENUM(NAME, ...) CODE_##NAME,
enum code_word { CODE_ROWS(CODE_ENUM) CODE_WORDS };
/* clang-format on */

struct code_meaning {
	enum code_word word; /* CODE_WORDS: none of the codes is known, or says anything */
	enum refusal_category category;
	enum refusal_party party;
};

/* What the codes bear: the enhanced code first, then the reply code. */
struct code_meaning codes_meaning(const struct codes *codes);

#endif
