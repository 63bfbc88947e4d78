/*
 * runtime: what sessions stand on: a configuration, its resolver, the health of its lists and its
 * log of records. Immutable but for what these do by themselves; any thread.
 */
#ifndef HELOSCOPE_DAEMON_RUNTIME_H
#define HELOSCOPE_DAEMON_RUNTIME_H

#include "heloscope/base/must_use.h"
#include "heloscope/records/log.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/config/config.h"
#include "heloscope/base/error.h"
#include "heloscope/records/meter.h"
#include "heloscope/metrics/view.h"
#include "heloscope/share/share.h"

struct runtime;

/*
 * Reference counted; each session keeps the runtime that it began with. Takes over the caller's
 * reference to `config`. A resolver asked in the same way is taken over from `previous` (may be
 * NULL) with its cache, and so are what is known of lists, and a log of records that has not moved.
 * NULL with the reason, and `config` still the caller's, when the resolver cannot start.
 */
struct runtime *runtime_new(struct config *config, struct runtime *previous, struct error *error) MUST_USE;
struct runtime *runtime_ref(struct runtime *runtime) MUST_USE;
void runtime_unref(struct runtime *runtime); /* NULL is allowed; the last one ends the resolver */

/* Wait until the lists have been asked for their test entries once, or the timeout has passed. */
void runtime_settle(struct runtime *runtime);

/* Write down what is to outlive the program. */
void runtime_save(struct runtime *runtime);

const struct config *runtime_config(const struct runtime *runtime);

/* For tests: have other checks made, and another resolver asked. Both outlive the runtime; not for a runtime
 * that is in use. */
void runtime_use(struct runtime *runtime, struct check_table table, struct dns_resolver *resolver);

/* What an inquiry needs, with all checks of the program. */
struct inquiry_needs runtime_needs(const struct runtime *runtime);

/* NULL when no log of records is wanted. */
struct record_log *runtime_record_log(const struct runtime *runtime);

/* NULL when nothing is shared with other hosts. */
struct share *runtime_share(const struct runtime *runtime);

/* What whoever watches the filter sees of it; good as long as the runtime. `view->started` stays as it is. */
void runtime_look(const struct runtime *runtime, struct metrics_view *view);

/* How often each rule would have acted. */
const struct rule_counts *runtime_rules(const struct runtime *runtime);

struct list_health *runtime_health(const struct runtime *runtime);

/* look_back_forget(). False when servers are not looked at. */
bool runtime_forget(const struct runtime *runtime, const struct ipaddr *address, size_t *count);

/* Of what strangers may make us write; the same one after a reload. */
struct meter *runtime_meter(const struct runtime *runtime);

#endif
