/*
 * record: what is known of a message and what was decided, as one JSON object on one line.
 *
 * heloscope-audit(5) describes it. Rendered from facts and verdicts alone; holds all that policy
 * reads. Text that came from the network is escaped as strbuf_add_escaped() does: a backslash is
 * doubled, octets that are not printable ASCII are \xHH.
 */
#ifndef HELOSCOPE_WORDS_RECORD_H
#define HELOSCOPE_WORDS_RECORD_H

#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"
#include "heloscope/checks/policy.h"

struct record_recipient {
	struct envelope_address address;
	size_t verdict; /* index in `verdicts` */
};

struct record {
	const char *ident, *queue_id; /* queue_id: NULL when not known */
	const struct facts *facts;
	const struct verdict *verdicts; /* the different ones */
	const struct record_recipient *recipients;
	size_t recipient_count; /* kept */
	size_t recipient_total; /* that there were */
	unsigned waited_ms;
	size_t unwritten; /* messages before it of which no record was written */
};

enum record_length {
	RECORD_WHOLE, /* all, as far as BOUND_RECORD reaches */
	RECORD_SHORT, /* only what policy reads, and one verdict of each kind */
};

/* The line, of at most BOUND_RECORD octets without line end, for free(3); NULL when memory ran out. `config`:
 * that of the message. */
char *record_make(const struct config *config, const struct record *record, enum record_length length);

#endif
