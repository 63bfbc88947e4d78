/*
 * authres: the Authentication-Results field of RFC 8601: its words, writing it, recognizing it.
 *
 * Knows nothing of checks. The writer makes tokens, quoted strings and comments of whatever it
 * is given, so that no value can end itself, open a comment or start a line. The reader only
 * tells whose field it is, and does that generously: it serves to remove forged fields, where
 * one too many does less harm than one too few. Any thread; no allocation.
 */
#ifndef HELOSCOPE_AUTHRES_H
#define HELOSCOPE_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/span.h"
#include "heloscope/strbuf.h"

/* Result words, as RFC 8601, 2.7 and the RFC of each method spell them. */
enum result {
	RESULT_UNCHECKED, /* the check did not run; never written */
	RESULT_NONE,
	RESULT_NEUTRAL,
	RESULT_PASS,
	RESULT_FAIL,
	RESULT_SOFTFAIL,
	RESULT_POLICY,
	RESULT_TEMPERROR,
	RESULT_PERMERROR,
	RESULTS
};

/* "pass" for RESULT_PASS and so on; "unchecked" for the first. */
const char *result_word(enum result result);

/* The result with that word, RESULT_UNCHECKED when there is none. */
enum result result_from_word(const char *word);

/* Whether it speaks against the message: fail, softfail, permerror. */
bool result_is_bad(enum result result);

/* A field in the making. Set up by authres_begin(); plain data, owns nothing. */
struct authres {
	struct strbuf *out;
	size_t column;
	bool has_result;
};

/*
 * Begin a field's value: "mx.example.org". Lines are folded with LF and blanks and kept within
 * 78 octets where a value allows it (RFC 5322, 2.1.1); the first counts the field's name.
 */
void authres_begin(struct authres *authres, struct strbuf *out, const char *authserv_id);

/* Add "; method=result". */
void authres_result(struct authres *authres, const char *method, enum result result);

/*
 * Add " ptype.property=value" to the last result. Octets outside 0x20 to 0x7e, quotes,
 * backslashes and percent signs are written as %HH; the value becomes a quoted string unless it
 * is a token (RFC 2045, 5.1). Values are cut at 255 octets, with "..." behind.
 */
void authres_property(struct authres *authres, const char *property, struct span value);

/* Add " (text)", escaped in the same way, parentheses too. */
void authres_comment(struct authres *authres, const char *text);

/* End the value: "; none" when there was no result (RFC 8601, 2.2, no-result). */
void authres_end(struct authres *authres);

/* Write one value as token or quoted string, as authres_property() does; for other fields. */
void authres_add_value(struct strbuf *out, struct span value);

/* What an arriving field says of its author. */
enum authres_author {
	AUTHRES_OTHER,       /* another authserv-id, or none */
	AUTHRES_OURS,        /* one of `ids`, or unreadable but naming one */
	AUTHRES_UNSUPPORTED, /* another authserv-id and a version that is not 1 (RFC 8601, section 5) */
};

/*
 * Read the value of an arriving field, folded or not, as far as its authserv-id and version.
 * `ids` are patterns as domain_matches() takes them. Case, folding, comments, quotes,
 * backslashes, one final dot and A-labels against U-labels make no difference; a comment or
 * quoted string that never ends makes it ours when an id occurs anywhere in it. Time is linear
 * in the length.
 */
enum authres_author authres_author(struct span value, const char *const *ids, size_t count);

#endif
