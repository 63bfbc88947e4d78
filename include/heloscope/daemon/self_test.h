/*
 * self_test: sees in the background whether the resolver can do what mail and lists need of it: at the start
 * and at each reload, once a day while all is well, and each test-interval while something is not. Tells the
 * log; changes no verdict, and trusts and suspends no list.
 *
 * One thread that sleeps most of the time. Any thread.
 */
#ifndef HELOSCOPE_DAEMON_SELF_TEST_H
#define HELOSCOPE_DAEMON_SELF_TEST_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/error.h"
#include "heloscope/dns/resolver_report.h"
#include "heloscope/lists/health.h"

struct self_test;

/*
 * Start. Takes a reference to `health`, whose configuration is that of `resolver`; that, and `anchor` (NULL:
 * none), must outlive self_test_free(). NULL with the reason when the thread cannot start.
 */
struct self_test *self_test_new(struct list_health *health, struct dns_resolver *resolver,
				const struct trust_anchor *anchor, struct error *error) MUST_USE;

/* Test again, now that these are the lists: of a configuration whose resolver is the same. */
void self_test_again(struct self_test *test, struct list_health *health);

/* What was found last. */
struct resolver_report self_test_report(struct self_test *test);

/* End the thread, without waiting for answers. NULL is allowed. */
void self_test_free(struct self_test *test);

#endif
