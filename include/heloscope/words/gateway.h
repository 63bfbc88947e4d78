/*
 * gateway in words: whose Received field was believed, and what is not known for want of one.
 */
#ifndef HELOSCOPE_WORDS_GATEWAY_H
#define HELOSCOPE_WORDS_GATEWAY_H

#include "heloscope/base/strbuf.h"
#include "heloscope/facts/facts.h"
#include "heloscope/wire/authres.h"

/*
 * "client from Received of gateway 192.0.2.25", or "client not known: ...", of a message that a gateway
 * handed over. No octets that must not stand in a comment of a header field.
 */
void gateway_add_origin(const struct facts *facts, struct strbuf *text);

/* The same in full, for people; nothing of a message that a gateway did not hand over. */
void gateway_add_story(const struct facts *facts, struct strbuf *text);

/* The result none of a method that lacks its ground, with the reason, where RFC 8601 has it. */
void gateway_report(const struct facts *facts, enum method method, struct authres *authres);

/* The same in a sentence without full stop. */
void gateway_say(const struct facts *facts, struct strbuf *said);

#endif
