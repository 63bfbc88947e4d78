/*
 * mailbox: the address inside MAIL FROM:<...> and RCPT TO:<...> (RFC 5321, 4.1.2), in one reading.
 *
 * It is read as generously as any MTA does: a domain is never lost to a strange spelling. What else a
 * spelling may mean is told by heloscope/wire/readings.h. Text only; any thread; strings live in the caller's
 * arena.
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
	MAILBOX_UNREAD,     /* stands for what else an address may mean, see heloscope/wire/readings.h */
};

/* One address as it is meant: without comments, blanks, quotes, backslashes and route. */
struct mailbox {
	enum mailbox_form form;
	const char *local;  /* raw; not quoted even where it had to be */
	const char *domain; /* MAILBOX_ADDRESS: normalized; else raw, in lower case; "" without one */
	const char *text;   /* raw: both as one would write them, quoted where needed; "" for MAILBOX_NULL */
	bool is_completed;  /* typed without a domain: it is the MTA's own */
};

/*
 * Read the address at the start of `text`. Behind the last "@" that is neither quoted nor in a comment, or a
 * quoted one behind that, the domain begins, which is read until no quotes, comments or backslashes are left;
 * where quotes or comments never end and no "@" is outside, they count as plain characters. There is no limit
 * of length: MTAs take more than RFC 5321, 4.5.3.1 asks for.
 */
struct mailbox mailbox_read(struct span text, struct arena *arena) MUST_USE;

/* The same with all quotes, parentheses and backslashes as plain characters. */
struct mailbox mailbox_read_plainly(struct span text, struct arena *arena) MUST_USE;

/* The address of a local part, which is kept, and a domain, which is read as above; empty: without one. */
struct mailbox mailbox_make(const char *local, struct span domain, struct arena *arena) MUST_USE;

#endif
