/*
 * view: the pages that a visitor sees. Any thread.
 */
#ifndef HELOSCOPE_PAGE_VIEW_H
#define HELOSCOPE_PAGE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/config/config.h"
#include "heloscope/records/record.h"

/* Other pages than that of a refusal, which are the same for everybody. */
enum view_kind {
	VIEW_NOTHING, /* there is no such page, or none any more */
	VIEW_METHOD,
	VIEW_BAD,
	VIEW_FOREIGN,
	VIEW_WAIT,
	VIEW_BUSY,
	VIEW_TESTING, /* another test of that client or its network is under way */
	VIEW_LATER,   /* all of the log is read for others */
	VIEW_FAULT,
	VIEWS
};

struct view_words {
	int code; /* of HTTP */
	const char *reason, *title, *text;
};

const struct view_words *view_words(enum view_kind kind);

/* The page as HTML, for free(3), with its length; NULL when memory ran out. */
char *view_make(enum view_kind kind, size_t *length) MUST_USE;

/* What is shown of a refusal. */
struct view_refusal {
	const struct message_record *record;
	const struct config *config;
	bool is_testing, was_tested;
	const char *tested; /* the record that came of the test; NULL: nothing came */
};

/* Whether a record is one of a refusal: only who was refused has the reference, so that of any other message
 * shows nothing. */
bool view_is_refusal(const struct message_record *record);

/* Its page, as view_make(). */
char *view_make_refusal(const struct view_refusal *refusal, size_t *length) MUST_USE;

/* The content security policy. False when memory ran out. */
bool view_add_policy(struct strbuf *policy) MUST_USE;

#endif
