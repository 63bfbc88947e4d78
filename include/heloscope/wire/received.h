/*
 * received: what a Received field says of the client from which its writer took a message.
 *
 * Only what the writer saw itself counts: the address of the connection, read at the one place where that
 * kind of server writes it. A client chooses its HELO name, often the name in its reverse DNS, and all fields
 * below; so nothing is searched for. A field that is in none of the known spellings, or that could be read in
 * two ways, tells nothing. Whether the writer is to be believed is the caller's business. Pure.
 */
#ifndef HELOSCOPE_WIRE_RECEIVED_H
#define HELOSCOPE_WIRE_RECEIVED_H

#include <stdbool.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define RECEIVED_TLS_SIZE 8 /* room for "TLSv1.3" */

enum received_finding {
	RECEIVED_UNREADABLE,
	RECEIVED_NO_CLIENT, /* its writer had the message from a program of its own host */
	RECEIVED_CLIENT,    /* it names the client */
	RECEIVED_INSIDE, /* its writer had the message from within its own system, or from an alias or a queue
			    of its own: the field below tells */
};

struct received {
	enum received_finding finding;
	struct ipaddr address;               /* of RECEIVED_CLIENT; else length 0 */
	struct span helo;                    /* of RECEIVED_CLIENT; within the value; not empty */
	bool lacks_brackets;                 /* it is a literal that is written without */
	char tls_version[RECEIVED_TLS_SIZE]; /* of its connection, as OpenSSL spells it; "": not told */
};

/* Read the value of a field, folded or not. `value` must outlive what comes back. Linear time. */
struct received received_read(struct span value) MUST_USE;

#endif
