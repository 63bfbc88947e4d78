/*
 * stored: a message from a file, read as an MTA reads it from a client: its fields, then its body.
 *
 * As Postfix hands them to a filter: a line ends with LF, and CRs right before it belong to that end; others
 * become blanks. A field has its blanks behind the colon, LF where it is folded, and at most STORED_FIELD_MAX
 * octets; of each of its lines what stands behind NUL is lost. The first line that is no field ends the
 * header, also without an empty line. Lines of the body end with CRLF, the last one, too. An mbox (its first
 * line begins with "From ") ends with its first message, and one ">" goes where lines begin with ">From ".
 *
 * Takes pieces of any size, and comes to the same wherever they are cut. Holds one field and a little of the
 * body; one thread.
 */
#ifndef HELOSCOPE_WIRE_STORED_H
#define HELOSCOPE_WIRE_STORED_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define STORED_FIELD_MAX 102400 /* octets of name and value: Postfix's header_size_limit */
#define STORED_BODY_PIECE 16384

/* What is told of the message, in this order; good during the call. NULL: not wanted. */
struct stored_handler {
	void (*field)(void *context, const char *name, const char *value);
	void (*end_of_header)(void *context);
	void (*body)(void *context, struct span octets);
	void *context;
};

enum stored_fault {
	STORED_GOOD,
	STORED_EMPTY,     /* not one octet, or nothing behind the first line of an mbox */
	STORED_NO_HEADER, /* the first line is no field; nothing was told */
};

struct stored {
	struct stored_handler handler;
	enum { STORED_HEADER, STORED_BODY, STORED_OVER } phase;
	enum stored_fault fault;
	char text[STORED_FIELD_MAX + 1]; /* the field, and the line that is read */
	size_t length, line_at;          /* of that; where its last line begins */
	bool has_field;                  /* what stands there is a field, which may go on */
	bool is_inside;                  /* an octet of a line was read, and not its end */
	bool is_lost;                    /* no more of this line is kept */
	size_t carriage_returns;         /* of the body, that may belong to the end of a line */
	size_t quotes, matched; /* of an mbox: the ">" and the part of "From " with which a line began */
	bool is_beginning, is_behind_empty;
	char piece[STORED_BODY_PIECE];
	size_t piece_length;
	bool is_mbox;
	bool has_more;        /* of an mbox: another message stands behind */
	bool lacks_separator; /* no empty line stands between header and body */
	bool has_cut;         /* a field was too long, or held NUL */
};

/* Begin. */
void stored_init(struct stored *stored, const struct stored_handler *handler);

void stored_add(struct stored *stored, struct span octets);

/* All has come. Tells the rest. */
enum stored_fault stored_finish(struct stored *stored) MUST_USE;

#endif
