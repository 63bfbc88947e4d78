/*
 * doctor: a sender's own set-up, looked at as a receiver would: which of these domains, sent from these
 * addresses, would be refused, and which record to change.
 */
#ifndef HELOSCOPE_DOCTOR_DOCTOR_H
#define HELOSCOPE_DOCTOR_DOCTOR_H

#include "heloscope/doctor/exam.h"

#include "heloscope/base/arena.h"
#include "heloscope/config/config.h"
#include "heloscope/dns/lookup.h"

/* Look at `domain`, which is normalized; `config` leaves no check out. The report's memory lies in `arena`.
 * Waits for the DNS. */
void doctor_examine(const char *domain, const struct doctor_order *order, struct config *config,
		    struct lookup *lookup, struct arena *arena, struct doctor_report *report);

/*
 * The same of the addresses of the order alone: reverse DNS, HELO where the order has one, lists. `domain`
 * tells which name an address may be meant to have; "": it is not known.
 */
void doctor_examine_addresses(const char *domain, const struct doctor_order *order, struct config *config,
			      struct lookup *lookup, struct arena *arena, struct doctor_report *report);

#endif
