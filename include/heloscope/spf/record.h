/*
 * spf_record: reads an SPF record whole and strictly (RFC 7208, sections 4.6 and 12).
 *
 * Nothing is looked up and nothing evaluated. A record is right from end to end or not at all:
 * a fault names its place and what is wrong there. Any thread.
 */
#ifndef HELOSCOPE_SPF_RECORD_H
#define HELOSCOPE_SPF_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/wire/authres.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/spf/problem.h"

#define SPF_VERSION "v=spf1" /* with which a record begins */

enum spf_mechanism { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS };

struct spf_term {
	enum result qualifier; /* what a match gives: pass, fail, softfail or neutral */
	enum spf_mechanism mechanism;
	struct span text;          /* the whole term, as in the record */
	struct span domain_spec;   /* empty: the current domain; never empty where the grammar asks for one */
	struct ipaddr address;     /* ip4, ip6 */
	unsigned prefix4, prefix6; /* in bits; 32 and 128 unless said */
};

struct spf_record {
	struct spf_term *terms;
	size_t count;
	bool has_all, has_redirect, has_explanation;
	struct span redirect, explanation;           /* domain-specs */
	struct span redirect_text, explanation_text; /* the whole modifiers */
};

struct spf_fault {
	size_t at; /* octets of the record in front of the fault */
	enum spf_fault_kind kind;
};

/*
 * Whether a TXT record is an SPF record at all: "v=spf1", then a blank or the end (4.5).
 */
bool spf_record_is_one(struct span text);

/*
 * Read `text`, for which spf_record_is_one() holds. The terms lie in `arena`, their spans point
 * into `text`. Returns false with `fault`, and `record` untouched, at the first error.
 */
bool spf_record_parse(struct span text, struct arena *arena, struct spf_record *record,
		      struct spf_fault *fault) MUST_USE;

/* Whether a term counts against the limit of those that cause lookups (4.6.4); false for what is none. */
bool spf_term_counts(struct span term);

/* "include=other.example": by the grammar a modifier that nobody knows, and so passed over (6). */
bool spf_term_is_slip(struct span term);

/*
 * Whether a term matches more addresses than anybody sends from, whatever the DNS says: a network with a
 * prefix of less than 8 bits (IPv6: 16), or one that long around the addresses of "a" and "mx". "all" is
 * none.
 */
bool spf_term_is_wide(const struct spf_term *term);

/* A directive behind its "+", "-", "~" or "?". */
struct span spf_without_qualifier(struct span term);

/* Add the term that lets an address pass: " ip4:192.0.2.1". */
void spf_record_add_address(struct strbuf *text, const struct ipaddr *address);

/*
 * Add `record`, for which spf_record_is_one() holds, with that term in front of all others: there it
 * decides, whatever stands behind it.
 */
void spf_record_extend(struct strbuf *text, const char *record, const struct ipaddr *address);

/* One %{...} of a macro string (RFC 7208, section 7.1). */
struct spf_macro {
	char letter;     /* in lower case */
	bool is_escaped; /* the letter was in upper case */
	unsigned keep;   /* labels to keep from the right; 0: all */
	bool is_reversed;
	struct span delimiters; /* "." unless said */
};

/*
 * Read the macro that begins with the "%" at `*at`, and move `*at` behind it. `*literal` is the
 * octet that "%%", "%_" and "%-" stand for ('-' for "%20"), or NUL for a %{...}, which then is
 * in `macro`. `is_text` allows the letters of explanation text, c, r and t. Returns false, with
 * the reason in `fault`, when it is no macro.
 */
bool spf_macro_read(struct span text, size_t *at, bool is_text, char *literal, struct spf_macro *macro,
		    struct spf_fault *fault) MUST_USE;

#endif
