/*
 * list_prober: asks lists for their test entries, at the start and every few minutes, and tells
 * list_health what they answered.
 *
 * One thread that sleeps most of the time; answers come in on the resolver's thread.
 */
#ifndef HELOSCOPE_LISTS_PROBER_H
#define HELOSCOPE_LISTS_PROBER_H

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/error.h"
#include "heloscope/lists/health.h"

struct list_prober;

/*
 * Start. Takes a reference to `health`; `resolver` must outlive list_prober_free(). NULL with the
 * reason when the thread cannot start.
 */
struct list_prober *list_prober_new(struct list_health *health, struct dns_resolver *resolver,
				    struct error *error) MUST_USE;

/* Wait until every list has been asked once, at most `timeout_ms`; then rounds without answers end as such.
 */
void list_prober_settle(struct list_prober *prober, unsigned timeout_ms);

/* End the thread. Answers that come later are dropped. NULL is allowed. */
void list_prober_free(struct list_prober *prober);

#endif
