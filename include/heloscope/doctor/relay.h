/*
 * relay: whether a server relays mail of strangers.
 */
#ifndef HELOSCOPE_DOCTOR_RELAY_H
#define HELOSCOPE_DOCTOR_RELAY_H

#include "heloscope/doctor/exam.h"

/* Whether a server at `address` relays mail of strangers; `host` for words. Waits for it, at most
 * `patience_ms`. */
void exam_relay(struct exam *exam, const char *host, const struct ipaddr *address, unsigned patience_ms);

#endif
