/*
 * contact: the address or URL at the end of refusals, in which "%r" stands for the reference of the message
 * and
 * "%%" for a percent sign. No state; any thread.
 */
#ifndef HELOSCOPE_CONFIG_CONTACT_H
#define HELOSCOPE_CONFIG_CONTACT_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"

/* Whether it is printable ASCII (RFC 5321, 4.2), of 1 to CONFIG_CONTACT_MAX octets with any reference. */
bool contact_is_good(const char *contact) MUST_USE;

bool contact_has_reference(const char *contact);

/* Whether mail can be written to it; else it is a page, or a text. */
bool contact_is_mailbox(const char *contact);

/* Add it with `ident` as the reference. */
void contact_add(struct strbuf *text, const char *contact, const char *ident);

#endif
