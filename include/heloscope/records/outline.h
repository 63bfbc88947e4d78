/*
 * outline: of a record only what reports count, read without making facts of it.
 *
 * Texts stand as they do in the record, escaped, and live until the next line or outline_release(); "" where
 * a member is missing. Each function that takes `at` tells one after the other: it is NULL before the first.
 */
#ifndef HELOSCOPE_RECORDS_OUTLINE_H
#define HELOSCOPE_RECORDS_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/base/tree.h"

struct outline {
	const char *ident, *time; /* RFC 3339 */
	const char *host;         /* that wrote it */
	const char *client, *sender;
	const char *domain; /* of the sender; "<>" for the null sender, and where there is none */
	bool passes;        /* SPF and reverse DNS */
	bool looks_forwarded;
	bool is_unfinished; /* its end was not seen */
	size_t unwritten;
	struct tree tree;
};

/*
 * `outline`: all zero at first, then as the line before left it; its memory is used again, and released
 * behind the last. False when the line is no record, or memory ran out. Any thread.
 */
bool outline_read(struct span line, struct outline *outline) MUST_USE;
void outline_release(struct outline *outline);

#define OUTLINE_OTHER "other"

/* The results: also those of checks that a later version may have. `result`: its token, or OUTLINE_OTHER. */
bool outline_check(const struct outline *outline, const struct node **at, const char **check,
		   const char **result);

/* The zones of block lists that list something, once for each listing. */
bool outline_listing(const struct outline *outline, const struct node **at, const char **zone);

struct outline_verdict {
	const char *action; /* its token, "apart" for one that was put apart, "pending" for one that the
			     * message did not live to see decided, or OUTLINE_OTHER */
	const char *rule;   /* "" when none decided, or is pending */
	bool accepts;       /* or holds: quarantine */
	bool refuses, is_enforced;
	const struct node *notes;
};

bool outline_verdict(const struct outline *outline, const struct node **at, struct outline_verdict *verdict);

/* A rule that only tells, or whose share left the client out. */
struct outline_note {
	const char *action, *rule; /* as in a verdict */
	bool has_share;
	unsigned share; /* in percent */
};

bool outline_note(const struct outline_verdict *verdict, const struct node **at, struct outline_note *note);

#endif
