/*
 * dkim_reason: why a signature has the result that it has, a row each: enum, token, result (RFC 8601, 2.7.1).
 *
 * neutral: the signature cannot be processed; permerror: it is invalid whatever the message is; policy: it
 * verifies, or might, and is not taken here; fail: it was processed and does not verify.
 */
#ifndef HELOSCOPE_DKIM_REASON_H
#define HELOSCOPE_DKIM_REASON_H

#include "heloscope/wire/authres.h"

/* clang-format off */
#define DKIM_REASON_ROWS(ROW) \
	ROW(NONE,              "",                      PASS) \
	ROW(SYNTAX,            "syntax",                NEUTRAL)   /* no list of tags */ \
	ROW(TAG_TWICE,         "tag-twice",             NEUTRAL) \
	ROW(TAG_MISSING,       "tag-missing",           NEUTRAL) \
	ROW(TAG_VALUE,         "tag-value",             NEUTRAL)   /* a value that its tag cannot have */ \
	ROW(VERSION,           "version",               NEUTRAL) \
	ROW(ALGORITHM,         "algorithm",             NEUTRAL) \
	ROW(CANONICALIZATION,  "canonicalization",      NEUTRAL) \
	ROW(QUERY_METHOD,      "query-method",          NEUTRAL) \
	ROW(FIELD_NAMES,       "too-many-field-names",  PERMERROR) \
	ROW(FROM_UNSIGNED,     "from-not-signed",       PERMERROR) \
	ROW(IDENTITY,          "identity-outside",      PERMERROR) /* i= is not of d= */ \
	ROW(SHA1,              "rsa-sha1",              PERMERROR) /* RFC 8301, 3.1 */ \
	ROW(EXPIRED,           "expired",               PERMERROR) \
	ROW(FUTURE,            "signed-in-future",      PERMERROR) \
	ROW(TIMES,             "expires-before-signed", PERMERROR) \
	ROW(KEY_LOOKUP,        "key-lookup",            TEMPERROR) \
	ROW(KEY_NONE,          "no-key",                PERMERROR) \
	ROW(KEY_SYNTAX,        "key-syntax",            PERMERROR) \
	ROW(KEY_VERSION,       "key-version",           PERMERROR) \
	ROW(KEY_REVOKED,       "key-revoked",           PERMERROR) \
	ROW(KEY_TYPE,          "key-type",              PERMERROR) /* unknown, or not that of the signature */ \
	ROW(KEY_HASH,          "key-hash",              PERMERROR) /* h= of the key lacks sha256 */ \
	ROW(KEY_SERVICE,       "key-service",           PERMERROR) /* s= of the key lacks mail */ \
	ROW(KEY_IDENTITY,      "key-identity",          PERMERROR) /* t=s, and i= is of a subdomain */ \
	ROW(KEY_DATA,          "key-data",              PERMERROR) /* p= is no key of its type */ \
	ROW(KEY_SHORT,         "key-short",             PERMERROR) /* RFC 8301, 3.2 */ \
	ROW(KEY_LONG,          "key-long",              PERMERROR) \
	ROW(BODY_SHORT,        "body-shorter-than-signed", PERMERROR) /* l= is larger than the body */ \
	ROW(BODY_HASH,         "body-hash",             FAIL) \
	ROW(SIGNATURE,         "signature",             FAIL) \
	ROW(TESTING,           "testing",               NEUTRAL)   /* it fails, and the key has t=y */ \
	ROW(UNSIGNED_OCTETS,   "unsigned-octets",       POLICY)    /* it verifies, but l= leaves octets unsigned */ \
	ROW(HEADER_LONG,       "header-too-long",       POLICY)    /* not all of the header could be kept */ \
	ROW(WORK,              "too-much-work",         POLICY)    /* to verify it, with what was verified before */ \
	ROW(NO_MEMORY,         "no-memory",             TEMPERROR)

#define DKIM_REASON_ENUM(NAME, ...) DKIM_##NAME,
enum dkim_reason { DKIM_REASON_ROWS(DKIM_REASON_ENUM) DKIM_REASONS };
/* clang-format on */

/* Its token, and the result that it makes. */
const char *dkim_reason_word(enum dkim_reason reason);
enum result dkim_reason_result(enum dkim_reason reason);

#endif
