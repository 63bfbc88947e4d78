/*
 * arc_reason: why a chain has the status that it has, a row each: enum, token, result.
 *
 * RFC 8617, 5.2.1 makes every failure a permanent one. Here a chain of which something could not be found out
 * is temperror, as everywhere: no rule takes it for one that fails. In a header field both are "fail".
 */
#ifndef HELOSCOPE_ARC_REASON_H
#define HELOSCOPE_ARC_REASON_H

#include "heloscope/wire/authres.h"

/* clang-format off */
#define ARC_REASON_ROWS(ROW) \
	ROW(NONE,         "",                  PASS) \
	ROW(NO_CHAIN,     "no-chain",          NONE) \
	ROW(INSTANCE,     "instance",          FAIL) /* a field without an instance from 1 to 50 */ \
	ROW(TWICE,        "field-twice",       FAIL) /* a set has a field twice */ \
	ROW(MISSING,      "field-missing",     FAIL) /* a set lacks a field, or all of them */ \
	ROW(FAILED,       "failed-before",     FAIL) /* the newest seal says cv=fail */ \
	ROW(STATUS,       "chain-status",      FAIL) /* cv= is not none in the first, pass in others */ \
	ROW(SEAL_NAMES,   "seal-names-fields", FAIL) /* a seal has h= */ \
	ROW(SEAL_SIGNED,  "seal-signed",       FAIL) /* the newest ARC-Message-Signature covers a seal */ \
	ROW(KEYS,         "too-many-keys",     FAIL) /* more keys than are asked for */ \
	ROW(HEADER_LONG,  "header-too-long",   FAIL) /* not all of the chain could be kept */ \
	ROW(MESSAGE,      "message-signature", FAIL) /* the newest ARC-Message-Signature does not verify */ \
	ROW(SEAL,         "seal",              FAIL) /* an ARC-Seal does not verify */ \
	ROW(NO_MEMORY,    "no-memory",         TEMPERROR)

#define ARC_REASON_ENUM(NAME, ...) ARC_##NAME,
enum arc_reason { ARC_REASON_ROWS(ARC_REASON_ENUM) ARC_REASONS };
/* clang-format on */

/* Its token, and the result that it makes. */
const char *arc_reason_word(enum arc_reason reason);
enum result arc_reason_result(enum arc_reason reason);

#endif
