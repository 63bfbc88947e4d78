/*
 * contact: the address or URL at the end of refusals, in which "%r" stands for the reference of the message
 * and
 * "%%" for a percent sign. No state; any thread.
 */
#ifndef HELOSCOPE_CONFIG_CONTACT_H
#define HELOSCOPE_CONFIG_CONTACT_H

#include <stdbool.h>

#include "heloscope/base/strbuf.h"

/* Add what keeps it from being printable ASCII (RFC 5321, 4.2), of 1 to CONFIG_CONTACT_MAX octets with any
 * reference, to be said behind it: " has ...". Nothing when it is good. */
void contact_tell_fault(const char *contact, struct strbuf *fault);

bool contact_has_reference(const char *contact);

/* Whether mail can be written to it; else it is a page, or a text. */
bool contact_is_mailbox(const char *contact);

/* Add it with `ident` as the reference. */
void contact_add(struct strbuf *text, const char *contact, const char *ident);

#endif
