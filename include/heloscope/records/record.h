/*
 * record: what is known of a message and what was decided, as one JSON object on one line.
 *
 * heloscope-records(5) describes it. It is rendered from facts and verdicts alone and holds all that policy
 * and words read. Text that came from the network is escaped as strbuf_add_escaped() does: a backslash is
 * doubled, octets that are not printable ASCII are \xHH. Only this directory knows the names of its members.
 */
#ifndef HELOSCOPE_RECORDS_RECORD_H
#define HELOSCOPE_RECORDS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/base/output.h"
#include "heloscope/base/span.h"
#include "heloscope/base/tree.h"
#include "heloscope/checks/policy.h"
#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"
#include "heloscope/wire/readings.h"
#include "heloscope/wire/smtp_reply.h"

/* A rule that was true and did not decide. */
struct record_note {
	const char
		*tag; /* what it adds to the message; NULL: it only tells, or its share left the client out */
	enum action action; /* what it would have done */
	bool has_share;     /* it acts, */
	unsigned share;     /* on so many percent of networks */
	const char *rule;   /* "heloscope.conf:31" */
};

#define RECORD_NOTES_MAX (2 * VERDICT_NOTES_MAX)
#define RECORD_REPLY_SIZE SMTP_REPLY_TEXT_SIZE /* room for any reply on one line */

/* What was decided for a recipient, or for several. */
struct record_verdict {
	enum action action;
	bool is_enforced, is_softened;
	enum dns_status withheld; /* as in struct verdict */
	enum overruled overruled; /* why a refusal was not done */
	bool is_apart;            /* as in struct verdict */
	enum stage pending_until; /* the message was given up before that; STAGE_CONNECT: it was decided */
	enum stage notes_until;   /* the same for notes; STAGE_CONNECT: they are whole */
	const char *rule;         /* "heloscope.conf:31": that decided, or is pending; NULL: none */
	const char *undecided;    /* as in struct verdict, by its place; NULL: none, and so below */
	enum action undecided_action; /* of that rule */
	unsigned undecided_methods;
	const char *reply; /* of a refusal, on one line: what was said, or would have been; NULL: not told */
	const struct facts *facts; /* the reading of the sender on which it rests: one of the record's */
	struct reasons reasons;    /* of a refusal, and so below */
	const char *text;          /* that the rule says instead, or NULL */
	struct record_note notes[RECORD_NOTES_MAX];
	size_t note_count;
};

struct record_recipient {
	struct envelope_address address;
	size_t verdict; /* index in `verdicts` */
};

struct message_record {
	const char *ident, *queue_id; /* queue_id: NULL when not known */
	const char *host;             /* whose filter wrote it; NULL: not told */
	int64_t time_s;               /* when MAIL came: seconds since 1970, as ident_time_s() has it */
	enum mode mode;
	const struct facts *facts;
	const struct record_verdict *verdicts; /* the different ones */
	const struct record_recipient *recipients;
	size_t recipient_count; /* kept */
	size_t recipient_total; /* that there were */
	unsigned waited_ms;
	bool is_unfinished; /* its end was not seen: the client gave up, or the MTA took over */
	size_t unwritten;   /* messages before it of which no record was written */
	unsigned cuts;      /* of one that was read: what it lacks for want of room, for record_make() */
};

/* What a record tells of `verdict`; the reply, on one line, or NULL, is kept as it is. */
struct record_verdict record_verdict_of(const struct verdict *verdict, const char *reply);

/* "answered", "too-many-of-all": how a record tells it. */
const char *record_status_token(enum dns_status status);

/* "no-answer", "lists-all": how a record tells why nothing follows from what a list says. */
const char *record_list_fault_token(enum list_fault fault);

/* "unreadable", "no-received": how a record tells why the client behind a gateway is not known; NULL: it is.
 */
const char *record_gateway_fault_token(enum gateway_fault fault);

enum record_length {
	RECORD_WHOLE, /* all, as far as BOUND_RECORD reaches */
	RECORD_SHORT, /* only what policy reads, and one verdict of each kind */
};

/* The line, of at most BOUND_RECORD octets without line end, for free(3); NULL when memory ran out. Any
 * thread. */
char *record_make(const struct message_record *record, enum record_length length) MUST_USE;

/* A record that was read, and what it lies in. */
struct record_reading {
	struct message_record
		record; /* with the very facts and verdicts of which it was made; one for each recipient */
	struct arena arena;
	struct tree tree;
};

/*
 * Read a line: the facts and verdicts that record_make() wrote, so that it would write the same octets again
 * from them. False, with nothing to release, when it is no record, or memory ran out. What it is read from
 * may be freed. Any thread.
 */
bool record_read(struct span line, struct record_reading *reading) MUST_USE;

/*
 * The same for many lines in turn, and only what policy reads: not the traces of SPF, whose words and answers
 * are no fault then, whatever they are, while all members must have their types and ranges as ever.
 * `reading`: all zero at first, then as the line before left it; its memory is used again, and released
 * behind the last, also one that was no record.
 */
bool record_read_next(struct span line, struct record_reading *reading) MUST_USE;
void record_release(struct record_reading *reading);

/* Print the record in a line as it is, for people who read JSON. False when it is none. */
bool record_print(struct span line, struct output *out);

#endif
