/*
 * check_arc: the chain of ARC (RFC 8617), with which forwarders and mailing lists tell what they found before
 * they changed a message.
 *
 * The key of a signature is asked for as soon as its field has come, of BOUND_ARC_KEYS keys at most; the body
 * is hashed as it passes by when the form of the chain is good, and is not waited for when it is not.
 */
#ifndef HELOSCOPE_CHECKS_ARC_H
#define HELOSCOPE_CHECKS_ARC_H

#include "heloscope/checks/check.h"

extern const struct check check_arc;

/* Which sealers that configuration trusts. Writes in arc->sealers. */
void check_arc_trust(const struct arc_facts *arc, const struct config *config);

#endif
