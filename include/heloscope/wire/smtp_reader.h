/*
 * smtp_reader: reads the replies of an SMTP server, octet by octet (RFC 5321, 4.2).
 *
 * Bounded whatever the server sends: the first line of a reply is kept up to a size, of the others
 * what a caller looks at when they come. No allocation, no waiting; not for sharing between threads.
 */
#ifndef HELOSCOPE_WIRE_SMTP_READER_H
#define HELOSCOPE_WIRE_SMTP_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define SMTP_LINE_MAX 2048          /* octets; RFC 5321, 4.5.3.1.5 allows 512 */
#define SMTP_LINES_MAX 128          /* of one reply */
#define SMTP_OCTETS_MAX (32U << 10) /* of a whole dialogue */

enum smtp_progress {
	SMTP_MORE,     /* go on */
	SMTP_LINE,     /* a line that is not the last of its reply has ended */
	SMTP_DONE,     /* the reply has ended: smtp_reader_next() before the next octet */
	SMTP_NO_SMTP,  /* what came is no reply, and the dialogue is over */
	SMTP_TOO_MUCH, /* longer than any server has reason to, and the dialogue is over */
};

struct smtp_reader {
	char line[SMTP_LINE_MAX]; /* the last line, raw, without its end */
	size_t length;
	bool has_line; /* `line` is whole */
	unsigned code; /* of this reply: 200 to 599; 0 before its first line has ended */
	size_t lines;  /* of this reply */
	size_t octets; /* so far, of all replies */
};

/* All octets 0 is a reader at the start of a dialogue. */

enum smtp_progress smtp_reader_take(struct smtp_reader *reader, char octet) MUST_USE;

/* The text of the last line, behind code and separator; raw. */
struct span smtp_reader_text(const struct smtp_reader *reader);

/* Be ready for the next reply. */
void smtp_reader_next(struct smtp_reader *reader);

#endif
