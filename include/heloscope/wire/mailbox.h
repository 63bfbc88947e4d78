/*
 * mailbox: the address inside MAIL FROM:<...> and RCPT TO:<...> (RFC 5321, 4.1.2), in all its readings.
 *
 * A client may spell one address in many ways (comments, quotes, backslashes, source routes, "%" and "!"),
 * and what counts is the address that the MTA makes of it. The MTA tells that one with a macro; without it,
 * or when it tells no domain, there is only what was typed. It is read as generously as any MTA does: a
 * domain is never lost to a strange spelling. Where it can be read in several ways, all are told, and whoever
 * judges lets the worst of them count. Text only; any thread; strings live in the caller's arena.
 */
#ifndef HELOSCOPE_WIRE_MAILBOX_H
#define HELOSCOPE_WIRE_MAILBOX_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/base/domain.h"
#include "heloscope/base/span.h"

enum mailbox_form {
	MAILBOX_NULL,       /* "<>": the null reverse-path */
	MAILBOX_ADDRESS,    /* local part, which may be empty, and domain */
	MAILBOX_LITERAL,    /* the domain is an address literal */
	MAILBOX_LOCAL_ONLY, /* no domain, as in "<postmaster>" */
	MAILBOX_MALFORMED,  /* a domain that the DNS cannot hold, or nothing at all */
};

/* One address as it is meant: without comments, blanks, quotes, backslashes and route. */
struct mailbox {
	enum mailbox_form form;
	const char *local;  /* raw; not quoted even where it had to be */
	const char *domain; /* MAILBOX_ADDRESS: normalized; else raw, in lower case; "" without one */
	const char *text;   /* raw: both as one would write them, quoted where needed; "" for MAILBOX_NULL */
	bool is_completed;  /* typed without a domain: it is the MTA's own */
};

/* An address of the envelope. */
struct envelope_address {
	const char *typed; /* what stands behind "MAIL FROM:" or "RCPT TO:"; not NULL */
	const char *used;  /* what the MTA says that it will use: {mail_addr}, {rcpt_addr}; NULL: not told */
};

/*
 * Read the address at the start of `text`. Behind the last "@" that is neither quoted nor in a comment, or a
 * quoted one behind that, the domain begins, which is read until no quotes, comments or backslashes are left;
 * where quotes or comments never end and no "@" is outside, they count as plain characters. There is no limit
 * of length: MTAs take more than RFC 5321, 4.5.3.1 asks for.
 */
struct mailbox mailbox_read(struct span text, struct arena *arena) MUST_USE;

#define READINGS_MAX 4

struct readings {
	struct mailbox items[READINGS_MAX]; /* different ones */
	size_t count;                       /* at least 1 */
};

/*
 * All that `address` may come to. The first is the MTA's, when that has a domain (RFC 5321 leaves it to the
 * MTA), then what was typed if it differs. When the MTA tells no domain that would say which reading is
 * right, routes inside the local part follow: user%domain@relay, domain!user@relay, "user@domain"@relay.
 */
struct readings mailbox_readings(const struct envelope_address *address, struct arena *arena);

#endif
