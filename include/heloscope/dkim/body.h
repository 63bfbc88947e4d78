/*
 * dkim_body: the canonical form of a body, hashed as it comes (RFC 6376, 3.4.3 and 3.4.4).
 *
 * The hash does not depend on how the body was cut into pieces, and nothing of it is kept. A line ends with
 * CRLF; a CR or LF by itself is an octet like others. One thread at a time.
 */
#ifndef HELOSCOPE_DKIM_BODY_H
#define HELOSCOPE_DKIM_BODY_H

#include "heloscope/dkim/hasher.h"

struct dkim_body {
	enum dkim_canon canon;
	bool holds;     /* something of what follows: */
	uint64_t lines; /* ends of lines, which count when more than empty lines follows */
	bool has_blank; /* blanks, which count when they do not end the line */
	bool has_cr;    /* CR, which may begin the end of a line */
	struct dkim_hasher hasher;
};

/* Begin; `marks` as dkim_hasher_init() takes them. Ends with dkim_body_clear(). */
void dkim_body_init(struct dkim_body *body, enum dkim_canon canon, struct dkim_mark *marks, size_t count);
void dkim_body_clear(struct dkim_body *body);

void dkim_body_add(struct dkim_body *body, struct span octets);

/* All has come: the marks are reached. Returns how many octets the canonical body has. */
uint64_t dkim_body_finish(struct dkim_body *body);

#endif
