/*
 * list_watcher: asks lists for their test entries, at the start and every few minutes, and tells
 * list_health what they answered.
 *
 * One thread that sleeps most of the time; answers come in on the resolver's thread.
 */
#ifndef HELOSCOPE_LISTS_WATCHER_H
#define HELOSCOPE_LISTS_WATCHER_H

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/error.h"
#include "heloscope/lists/health.h"

struct list_watcher;

/*
 * Start. Takes a reference to `health`; `resolver` must outlive list_watcher_free(). NULL with the
 * reason when the thread cannot start.
 */
struct list_watcher *list_watcher_new(struct list_health *health, struct dns_resolver *resolver,
				      struct error *error) MUST_USE;

/* Wait until every list has been asked once, at most `timeout_ms`; then rounds without answers end as such.
 */
void list_watcher_settle(struct list_watcher *watcher, unsigned timeout_ms);

/* End the thread. Answers that come later are dropped. NULL is allowed. */
void list_watcher_free(struct list_watcher *watcher);

#endif
