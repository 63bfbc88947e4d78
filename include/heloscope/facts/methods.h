/*
 * methods: what can be found out about a message, a row each.
 *
 * To add a method is to add its row. From it come its enum and its words here, its check (check_NAME,
 * checks/table.c), what is said of it (tell_NAME, words/telling.c) and how it stands in a record
 * (codec_NAME, records/codec.c); rules, `disable` and the manual's check take it from here, too.
 */
#ifndef HELOSCOPE_FACTS_METHODS_H
#define HELOSCOPE_FACTS_METHODS_H

#include <stdbool.h>

#include "heloscope/wire/authres.h"

/* When a client says what a check needs. What is known earlier is asked earlier. */
enum stage { STAGE_CONNECT, STAGE_HELO, STAGE_MAIL, STAGE_HEADER, STAGE_BODY, STAGES };

/* What a method can find, as bits. */
#define METHOD_CAN(word) (1U << RESULT_##word)
#define METHOD_FINDS_OR_NOT                                                                                  \
	(METHOD_CAN(NONE) | METHOD_CAN(PASS) | METHOD_CAN(FAIL) | METHOD_CAN(TEMPERROR)                      \
	 | METHOD_CAN(PERMERROR))
#define METHOD_USUAL (METHOD_FINDS_OR_NOT | METHOD_CAN(NEUTRAL))
#define METHOD_SPF_RESULTS (METHOD_USUAL | METHOD_CAN(SOFTFAIL))
#define METHOD_SIGNATURES (METHOD_USUAL | METHOD_CAN(POLICY))
#define METHOD_CHAINS (METHOD_FINDS_OR_NOT & ~METHOD_CAN(PERMERROR))
#define METHOD_BLOCKS (METHOD_FINDS_OR_NOT & ~METHOD_CAN(PASS))
#define METHOD_ALLOWS (METHOD_FINDS_OR_NOT & ~METHOD_CAN(FAIL))

/* Whether a method is there without a word in the configuration, with `look-back yes`, or with `enable`. */
enum method_switch { SWITCH_NONE, SWITCH_LOOK_BACK, SWITCH_ENABLE };

/*
 * ENUM and name, the word of policies, the method in Authentication-Results (RFC 8601, 2.7), the stage since
 * which its result can be known, what switches it on, whether it rests on the client, whether it rests on the
 * sender (and is found for each reading of it), the ptype.property that its value has (NULL: several or
 * none), and what it can find.
 */
/* clang-format off */
#define METHOD_ROWS(ROW) \
	ROW(IPREV,    iprev,    "iprev",    "iprev",    STAGE_CONNECT, SWITCH_NONE,      true,  false, "policy.iprev",    METHOD_USUAL) \
	ROW(HELO,     helo,     "helo",     "x-helo",   STAGE_HELO,    SWITCH_NONE,      true,  false, "smtp.helo",       METHOD_USUAL) \
	ROW(SPF,      spf,      "spf",      "spf",      STAGE_MAIL,    SWITCH_NONE,      true,  true,  "smtp.mailfrom",   METHOD_SPF_RESULTS) \
	ROW(SPF_HELO, spf_helo, "spf-helo", "spf",      STAGE_HELO,    SWITCH_NONE,      true,  false, "smtp.helo",       METHOD_SPF_RESULTS) \
	ROW(DKIM,     dkim,     "dkim",     "dkim",     STAGE_BODY,    SWITCH_ENABLE,    false, false, NULL,              METHOD_SIGNATURES) \
	ROW(DMARC,    dmarc,    "dmarc",    "dmarc",    STAGE_BODY,    SWITCH_ENABLE,    false, true,  "header.from",     METHOD_FINDS_OR_NOT) \
	ROW(ARC,      arc,      "arc",      "arc",      STAGE_BODY,    SWITCH_ENABLE,    false, false, NULL,              METHOD_CHAINS) \
	ROW(SENDER,   sender,   "sender",   "x-sender", STAGE_MAIL,    SWITCH_NONE,      false, true,  "smtp.mailfrom",   METHOD_USUAL) \
	ROW(DNSBL,    dnsbl,    "dnsbl",    "x-dnsbl",  STAGE_MAIL,    SWITCH_NONE,      true,  true,  NULL,              METHOD_BLOCKS) \
	ROW(DNSWL,    dnswl,    "dnswl",    "dnswl",    STAGE_MAIL,    SWITCH_NONE,      true,  true,  NULL,              METHOD_ALLOWS) \
	ROW(BANNER,   banner,   "banner",   "x-banner", STAGE_MAIL,    SWITCH_LOOK_BACK,  true,  false, "policy.banner",   METHOD_USUAL) \
	ROW(TLS,      tls,      "tls",      "x-tls",    STAGE_MAIL,    SWITCH_LOOK_BACK,  false, false, "policy.tls",      METHOD_USUAL) \
	ROW(PEER_TLS, peer_tls, "peer-tls", "x-tls",    STAGE_MAIL,    SWITCH_LOOK_BACK,  true,  false, "policy.peer-tls", METHOD_USUAL)
/* clang-format on */

#define METHOD_ENUM(NAME, ...) METHOD_##NAME,
enum method { METHOD_ROWS(METHOD_ENUM) METHODS };

struct method_words {
	const char *policy_word; /* as in `reject when WORD = fail` */
	const char *method;
	enum stage stage;
	enum method_switch needs;
	bool rests_on_client, rests_on_sender;
	const char *property;
	unsigned results; /* bits 1 << enum result */
};

/* The words of `method`; and the method of a policy word, METHODS when there is none. */
const struct method_words *method_words(enum method method);
enum method method_from_word(const char *word);

#endif
