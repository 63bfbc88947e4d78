/*
 * mailbox: the address inside MAIL FROM:<...> and RCPT TO:<...> (RFC 5321, 4.1.2).
 *
 * The MTA hands over what the client typed: with or without angle brackets, with source
 * routes, quotes, parameters behind it, control octets in it. Read strictly: what is not
 * plainly an address is MAILBOX_MALFORMED and never gets the friendlier of two readings. Text
 * only; any thread; the spans point into the text that was read.
 */
#ifndef HELOSCOPE_MAILBOX_H
#define HELOSCOPE_MAILBOX_H

#include "heloscope/domain.h"
#include "heloscope/span.h"

enum mailbox_form {
	MAILBOX_NULL,       /* "<>": the null reverse-path */
	MAILBOX_ADDRESS,    /* local part, which may be empty, and domain */
	MAILBOX_LITERAL,    /* the domain is an address literal */
	MAILBOX_LOCAL_ONLY, /* no domain, as in "<postmaster>" */
	MAILBOX_MALFORMED,
};

struct mailbox {
	enum mailbox_form form;
	struct span local;  /* as written, with its quotes; empty but for the forms with one */
	struct span domain; /* as written; empty but for MAILBOX_ADDRESS and MAILBOX_LITERAL */
	const char *name;   /* the domain normalized, for MAILBOX_ADDRESS, else "" */
};

/*
 * Read the path at the start of `text`. A source route (RFC 5321, appendix C) is skipped;
 * the domain begins behind the last "@" that is not quoted. Limits of 4.5.3.1: 64 octets of
 * local part, 255 of domain, 256 of path. `name`: DOMAIN_SIZE octets, in which the normalized domain
 * stands then.
 */
struct mailbox mailbox_parse(struct span text, char *name);

#endif
