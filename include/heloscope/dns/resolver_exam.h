/*
 * resolver_exam: asks what the self-test of the resolver needs to know, and waits: for a thread that has
 * nothing else to do.
 *
 * Three questions go to the resolver, as those of mail do: the addresses of a root server, and a top-level
 * domain that is made up, so that no cache has it; the root says that there is none, and signs that. Three go
 * to each name server itself, for the root alone: libunbound cannot be told to use TCP, and tells not who
 * answered. A resolver that begins at the root has none, so the root server found just now is asked.
 */
#ifndef HELOSCOPE_DNS_RESOLVER_EXAM_H
#define HELOSCOPE_DNS_RESOLVER_EXAM_H

#include "heloscope/base/must_use.h"
#include "heloscope/dns/lookup.h"
#include "heloscope/dns/resolver_report.h"

#define RESOLVER_EXAM_SERVER_MS 4000 /* that name servers have, for two questions after another, each */

/*
 * Fill all of `evidence` but timeout and anchor. `lookup` is new, and of the resolver that has these
 * settings. False when memory ran out, or when `stop_fd` could be read meanwhile; lookup_stop() has to go
 * with that.
 */
bool resolver_exam_run(const struct resolver_settings *settings, struct lookup *lookup, int stop_fd,
		       struct resolver_evidence *evidence) MUST_USE;

#endif
