/*
 * messages: what the drivers for signatures read from standard input.
 *
 * "K NAME OCTETS" and a TXT record of so many octets, any number of times; then "M OCTETS PIECE" and a
 * message of so many octets, whose body is to be fed in pieces of PIECE octets. Records are those of the next
 * message alone.
 */
#ifndef TESTS_CONFORMANCE_MESSAGES_H
#define TESTS_CONFORMANCE_MESSAGES_H

#include "heloscope/dns/dns.h"

/* Read all, and hand over each message; the exit status. */
int messages_read(void (*check)(struct span message, size_t piece));

/* The record of that name; there is no such name for others, and for NULL. */
const struct dns_answer *messages_record(const char *name);

/* Take the next field off a message with CRLF; false at the end of the header, when the body is left. */
bool messages_next_field(struct span *rest, struct span *name, struct span *value);

#endif
