/*
 * look: the filter's own checks, for what the filter judges, too: one implementation of each.
 */
#ifndef HELOSCOPE_DOCTOR_LOOK_H
#define HELOSCOPE_DOCTOR_LOOK_H

#include "heloscope/doctor/exam.h"

/*
 * What the filter would find of a client at `address` that gives `helo` (NULL: nothing) and sends for the
 * bounce address: its own checks of names, HELO, SPF, sender and, when `peer` is not NULL, of the banner. The
 * facts are good until the next call; NULL when memory ran out. Waits.
 */
const struct facts *exam_look(struct exam *exam, const struct ipaddr *address, const char *helo,
			      const struct peer *peer);

#endif
