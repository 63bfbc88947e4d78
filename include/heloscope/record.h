/*
 * record: what is known of a message and what was decided, as one JSON object on one line.
 *
 * heloscope-audit(5) describes it. Rendered from facts and verdicts alone; holds all that policy
 * reads. Text that came from the network is escaped as strbuf_add_escaped() does: a backslash is
 * doubled, octets that are not printable ASCII are \xHH.
 */
#ifndef HELOSCOPE_RECORD_H
#define HELOSCOPE_RECORD_H

#include <jansson.h>

#include "heloscope/config.h"
#include "heloscope/facts.h"
#include "heloscope/policy.h"

#define RECORD_VERSION 1

struct record_recipient {
	const char *address; /* as given with RCPT */
	size_t verdict;      /* index in `verdicts` */
};

struct record {
	const char *ident, *queue_id; /* queue_id: NULL when not known */
	const struct facts *facts;
	const struct verdict *verdicts; /* the different ones */
	const struct record_recipient *recipients;
	size_t recipient_count; /* kept */
	size_t recipient_total; /* that there were */
	unsigned waited_ms;
};

/* The key of a method in "checks". */
const char *record_method_key(enum method method);

/* The line, without line end, for free(3); NULL when memory ran out. `config`: that of the message. */
char *record_make(const struct config *config, const struct record *record);

/* For readers of records: a member, or NULL; a text, or "" when it is missing or none. */
const json_t *record_member(const json_t *object, const char *key);
const char *record_text(const json_t *object, const char *key);

/* Whether that text is `value`. */
bool record_is(const json_t *object, const char *key, const char *value);

/* Whether an action of a verdict refuses: "reject" or "defer". */
bool record_is_refusal(const char *action);

/* The member of "checks" for a method, by its key; NULL when it was not checked. */
const json_t *record_check(const json_t *record, const char *method);

/* Whether that check had this result. */
bool record_has(const json_t *record, const char *method, const char *result);

/* The domain of the sender; "<>" for the null sender, and where there is none. */
const char *record_sender_domain(const json_t *record);

#endif
