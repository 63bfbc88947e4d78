/*
 * forwarding: whether a message that fails SPF looks as if somebody had forwarded it.
 *
 * SPF of MAIL FROM fails or softfails, at a client whose reverse DNS name and HELO name are good; and a DKIM
 * signature of the domain in From passes, or DMARC does (which then rests on a signature). So who is not
 * the author, and has no signature of the author's domain, cannot make it so: what anybody can write
 * (List-Id, ARC) is a sign that is told beside those, and decides nothing. Whose MAIL FROM it is does not
 * matter: who signs mail of his own may use any.
 */
#ifndef HELOSCOPE_FACTS_FORWARDING_H
#define HELOSCOPE_FACTS_FORWARDING_H

#include "heloscope/facts/facts.h"

/* In this order the least certain of several counts. */
enum forwarding { FORWARDING_NONE, FORWARDING_UNKNOWN, FORWARDING_LIKELY };

/* What it rests on, as bits; and that without which nothing looks forwarded. */
#define FORWARDING_NEEDED (1U << METHOD_SPF | 1U << METHOD_IPREV | 1U << METHOD_HELO | 1U << METHOD_DKIM)
#define FORWARDING_METHODS (FORWARDING_NEEDED | 1U << METHOD_DMARC)

/* By one reading of the sender. FORWARDING_UNKNOWN: by what is known it is not so, and might be. */
enum forwarding facts_forwarding(const struct facts *facts);

#endif
