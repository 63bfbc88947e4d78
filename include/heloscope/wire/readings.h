/*
 * readings: all that an address of the envelope may come to.
 *
 * A client may spell one address in many ways (comments, quotes, backslashes, source routes, "%" and "!"),
 * and what counts is the address that the MTA makes of it. The MTA tells that one with a macro; without it,
 * or when it tells no domain, there is only what was typed. Where that can be read in several ways, all are
 * told, and whoever judges lets the worst of them count.
 */
#ifndef HELOSCOPE_WIRE_READINGS_H
#define HELOSCOPE_WIRE_READINGS_H

#include "heloscope/base/bounds.h"
#include "heloscope/wire/mailbox.h"

/* An address of the envelope. */
struct envelope_address {
	const char *typed; /* what stands behind "MAIL FROM:" or "RCPT TO:"; not NULL */
	const char *used;  /* what the MTA says that it will use: {mail_addr}, {rcpt_addr}; NULL: not told */
};

/* A copy in the arena; "" where that had no room. */
struct envelope_address envelope_address_copy(const struct envelope_address *address, struct arena *arena);

#define READINGS_MAX (BOUND_READINGS + 1)

struct readings {
	struct mailbox items[READINGS_MAX]; /* different ones */
	size_t count;                       /* at least 1 */
};

/*
 * All that `address` may come to. The first is the MTA's, when that has a domain (RFC 5321 leaves it to the
 * MTA), then what was typed if it differs. When the MTA tells no domain that would say which reading is
 * right, all others follow: with each domain that stands behind an "@" or a "%" or before a "!", also where
 * quotes hid that, and the local part at its other side, from or up to any mark that could end it. So
 * whatever an MTA strips, skips or cuts off, the plain address that it comes to is among them. Where there
 * are more than BOUND_READINGS, or it would take too long to find them, one of MAILBOX_UNREAD is among them,
 * which may be any address; never the first.
 */
struct readings mailbox_readings(const struct envelope_address *address, struct arena *arena);

#endif
