/*
 * authres: the Authentication-Results field of RFC 8601: its words, writing it, recognizing it.
 *
 * Knows nothing of checks. The writer makes tokens, quoted strings and comments of whatever it
 * is given, so that no value can end itself, open a comment or start a line. The reader only
 * tells whose field it is, and fails closed: it serves to remove forged fields, where one too many
 * does less harm than one too few. Any thread; no allocation.
 */
#ifndef HELOSCOPE_WIRE_AUTHRES_H
#define HELOSCOPE_WIRE_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"

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

/* What a result means for the message, from the most important to the least. */
enum authres_kind { AUTHRES_AGAINST, AUTHRES_FAULT, AUTHRES_FOR, AUTHRES_NOTHING, AUTHRES_KINDS };

/* Whether it speaks against the message: fail, softfail, permerror. */
bool result_is_bad(enum result result);

/*
 * A field in the making. Set up by authres_begin(); plain data, owns nothing.
 *
 * What `out` has no room for is left out by whole results, and the field says how many. So that the least
 * important ones are left out, the same results are told once more for each rank of importance, see
 * authres_tells_again(): of each method the first result that speaks against the message, that is a fault,
 * that speaks for it, that says nothing; then, in the same order, those that authres_mark() marks; then all
 * others.
 */
struct authres {
	struct strbuf *out;
	size_t column;
	size_t head;             /* octets of `out` up to the first result */
	size_t whole;            /* octets of `out` up to the end of the last result that stays */
	unsigned pass;           /* 0: all results; then the ranks, one by one */
	size_t told, kept;       /* results */
	bool is_open, is_marked; /* there is a result that may still be taken back; it is a marked one */
	const char *method;      /* of that result */
	enum result result;
	const char *first[AUTHRES_KINDS]; /* whose first result of each kind was told last */
	bool (*is_important)(const void *context, const char *property, struct span value);
	const void *context;
};

/*
 * Begin a field's value: "mx.example.org". Lines are folded with LF and blanks and kept within
 * 78 octets where a value allows it (RFC 5322, 2.1.1); the first counts the field's name. `out` is empty and
 * has room for the longest result, some 4,000 octets.
 */
void authres_begin(struct authres *authres, struct strbuf *out, const char *authserv_id);

/* Add " (text)" behind the authserv-id, as authres_comment(); before any result. */
void authres_remark(struct authres *authres, const char *text);

/* Results with a property of which that is true are marked. Keeps `context`. */
void authres_mark(struct authres *authres,
		  bool (*is_important)(const void *context, const char *property, struct span value),
		  const void *context);

/* Add "; method=result". Keeps `method`. Results of one method are told one after the other. */
void authres_result(struct authres *authres, const char *method, enum result result);

/*
 * Add " ptype.property=value" to the last result. Octets outside 0x20 to 0x7e, quotes,
 * backslashes and percent signs are written as %HH; the value becomes a quoted string unless it
 * is a token (RFC 2045, 5.1). Values are cut at 255 octets, with "..." behind.
 */
void authres_property(struct authres *authres, const char *property, struct span value);

/* Add " (text)", escaped in the same way, parentheses too. */
void authres_comment(struct authres *authres, const char *text);

/*
 * All results were told: whether they are to be told again, each in the same way, since they do not all fit.
 * A loop around the telling; ends after some ten rounds.
 */
bool authres_tells_again(struct authres *authres);

/* End the value: "; none" when there was no result (RFC 8601, 2.2, no-result); "(+3 results left out)". */
void authres_end(struct authres *authres);

/* Write one value as token or quoted string, as authres_property() does; for other fields. */
void authres_add_value(struct strbuf *out, struct span value);

/* What an arriving field says of its author. */
enum authres_author {
	AUTHRES_OTHER,       /* another authserv-id, cleanly readable */
	AUTHRES_OURS,        /* one of `ids`, or not cleanly readable */
	AUTHRES_UNSUPPORTED, /* another authserv-id and a version that is not 1 (RFC 8601, section 5) */
};

/*
 * Read the value of an arriving field, folded or not, as far as its authserv-id and version.
 * `ids` are patterns as domain_matches() takes them; case and dots at both ends make no difference.
 * An id is cleanly readable when nothing but it, a version, blanks, folding and plain comments
 * stands before the first ";": a token without "%", bare or in quotes, no other octets than
 * printable ASCII, no backslash, no encoded word (RFC 2047), no comment within a comment. Whatever
 * is not readable in this one way is ours, since some reader may take it so. Linear time.
 */
enum authres_author authres_author(struct span value, const char *const *ids, size_t count);

/*
 * Whether the value of a Received-SPF field may name one of `ids` anywhere: it does, with case,
 * blanks, quotes and comments between its octets aside, or it holds what is not clean, as above.
 */
bool authres_may_name(struct span value, const char *const *ids, size_t count);

#endif
