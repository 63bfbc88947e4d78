/*
 * smtp_reply: what an SMTP client is told when mail is not accepted.
 *
 * Plain data, always valid for RFC 5321, 4.2 and RFC 2034: printable US-ASCII, the enhanced
 * code of the class of the reply code and in every line, three lines at most, each so short that Sendmail,
 * which writes the recipient in front of it, stays below 512 octets (RFC 5321, 4.5.3.1.5) with all but the
 * longest addresses. Knows nothing of checks. Any thread.
 */
#ifndef HELOSCOPE_WIRE_SMTP_REPLY_H
#define HELOSCOPE_WIRE_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/strbuf.h"

#define SMTP_REPLY_LINES 3
#define SMTP_REPLY_LINE_SIZE 401 /* of a line, with the NUL, without "550-5.7.999 " */
#define SMTP_REPLY_TEXT_SIZE (SMTP_REPLY_LINES * SMTP_REPLY_LINE_SIZE + 20) /* of smtp_reply_add_to() */
#define SMTP_REPLY_XCODE_SIZE 10

struct smtp_reply {
	unsigned code;                     /* 400 to 599; 0 when there is no reply */
	char xcode[SMTP_REPLY_XCODE_SIZE]; /* enhanced status code (RFC 3463), as "5.7.1" */
	char lines[SMTP_REPLY_LINES][SMTP_REPLY_LINE_SIZE];
	size_t count; /* of lines, at least 1 in a reply */
};

/* Whether both are well formed and of one class, 4 or 5. `xcode` is terminated text. */
bool smtp_reply_codes_are_valid(unsigned code, const char *xcode);

/*
 * Fill `reply` with `text`, broken into lines between sentences: as few lines as that takes, but rather a
 * second and a third line than one of more than 200 octets. A sentence that is longer than any line is
 * broken between words. Octets that are not printable US-ASCII become "?"; what does not fit is cut and ends
 * in "...", and false comes back. The codes must be valid.
 */
bool smtp_reply_set(struct smtp_reply *reply, unsigned code, const char *xcode, const char *text);

/* Whether all of `text` goes into a reply, and no line of it ends within a sentence. */
bool smtp_reply_fits(const char *text);

/* Where the last sentence of the first `length` octets of `text` begins, blanks in front of it left out; 0:
 * it is the only one. */
size_t smtp_reply_last_sentence(const char *text, size_t length);

/* How many octets the first sentence of `text` has; all when it is the only one. */
size_t smtp_reply_first_sentence(const char *text);

/* Add the reply as one line: "550 5.7.1 text of all lines". */
void smtp_reply_add_to(const struct smtp_reply *reply, struct strbuf *out);

#endif
