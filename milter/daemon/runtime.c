#include "heloscope/daemon/runtime.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/base/log.h"
#include "heloscope/base/refcount.h"
#include "heloscope/checks/table.h"
#include "heloscope/config/settings.h"
#include "heloscope/dns/cache.h"
#include "heloscope/words/list_trouble.h"
#include "heloscope/lists/watcher.h"
#include "heloscope/peer/look_back.h"
#include "heloscope/dns/resolver.h"
#include "heloscope/daemon/rouse.h"
#include "heloscope/daemon/self_test.h"

struct runtime {
	struct refcount references;
	struct config *config;
	struct check_table table;
	struct shared_resolver *resolver;
	struct dns_resolver *asked;     /* its cache */
	struct shared_look_back *peers; /* NULL: nothing is looked at */
	struct list_health *health;
	struct list_watcher *watcher;
	struct record_log *record_log; /* NULL: none is wanted */
	struct share *share;           /* NULL: nothing is shared */
	struct meter *meter;
	struct rule_counts *rules;
	int64_t read; /* the configuration; seconds since 1970 */
};

/* A resolver outlives a reload that does not change it. */
struct shared_resolver {
	struct refcount references;
	struct dns_resolver *resolver, *cache;
	struct trust_anchor anchor;
	bool has_anchor;
	struct self_test *test;
};

/* What it held lies in pieces among what others hold: without a word the C library keeps that, tens of
 * megabytes for each reload. */
static void
resolver_unref(struct shared_resolver *shared)
{
	if (shared == NULL || !refcount_drop(&shared->references))
		return;
	self_test_free(shared->test);
	resolver_free(shared->resolver);
	dns_cache_free(shared->cache);
	free(shared);
	(void)malloc_trim(0);
}

/* A look-back outlives a reload that changes neither it nor its resolver. */
struct shared_look_back {
	struct refcount references;
	struct shared_resolver *resolver; /* counted */
	struct config *config;            /* counted: has the look-back's settings */
	struct share *share;              /* counted; NULL: nothing is shared */
	struct look_back *look_back;
};

static void
look_back_unref(struct shared_look_back *shared)
{
	if (shared == NULL || !refcount_drop(&shared->references))
		return;
	look_back_free(shared->look_back);
	share_unref(shared->share);
	resolver_unref(shared->resolver);
	config_unref(shared->config);
	free(shared);
}

static bool
get_look_back(struct runtime *runtime, struct config *config, const struct runtime *previous,
	      struct error *error)
{
	struct shared_look_back *before = previous != NULL ? previous->peers : NULL, *shared;
	struct look_back_settings settings = config->look_back;

	if (!config->looks_back)
		return true;
	if (before != NULL && before->resolver == runtime->resolver && before->share == runtime->share
	    && config_same(config, previous->config, EFFECT_LOOK_BACK)) {
		refcount_take(&before->references);
		runtime->peers = before;
		return true;
	}
	shared = calloc(1, sizeof *shared);
	if (shared == NULL) {
		error_set(error, "out of memory");
		return false;
	}
	refcount_take(&runtime->resolver->references);
	shared->resolver = runtime->resolver;
	shared->config = config_ref(config);
	shared->share = settings.share = runtime->share != NULL ? share_ref(runtime->share) : NULL;
	shared->look_back = look_back_new(&settings, shared->resolver->cache,
					  before != NULL ? before->look_back : NULL, error);
	runtime->peers = shared;
	return shared->look_back != NULL;
}

static struct shared_resolver *
get_resolver(const struct config *config, struct runtime *previous, struct error *error)
{
	struct shared_resolver *shared;

	if (previous != NULL && config_same(config, previous->config, EFFECT_RESOLVER)) {
		refcount_take(&previous->resolver->references);
		return previous->resolver;
	}
	shared = calloc(1, sizeof *shared);
	if (shared == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	shared->resolver = resolver_new(&config->resolver, error);
	if (shared->resolver != NULL)
		shared->cache = dns_cache_new(shared->resolver, config->cache_octets);
	if (shared->cache == NULL) {
		resolver_unref(shared);
		return NULL;
	}
	/* libunbound has read the same file a moment ago. */
	shared->has_anchor = config->resolver.trust_anchor != NULL
			     && trust_anchor_read(config->resolver.trust_anchor, &shared->anchor);
	return shared;
}

/* For these lists. */
static bool
test_resolver(struct shared_resolver *shared, struct list_health *health, struct error *error)
{
	if (shared->test != NULL)
		self_test_again(shared->test, health);
	else
		shared->test = self_test_new(health, shared->resolver,
					     shared->has_anchor ? &shared->anchor : NULL, error);
	return shared->test != NULL;
}

/* A log of records outlives a reload that does not move it. */
static bool
open_record_log(struct runtime *runtime, const struct config *config, const struct runtime *previous,
		struct error *error)
{
	const struct record_log *before = previous != NULL ? previous->record_log : NULL;

	if (config->records == NULL)
		return true;
	if (before != NULL && strcmp(record_log_path(before), config->records) == 0)
		runtime->record_log = record_log_ref(previous->record_log);
	else
		runtime->record_log = record_log_new(config->records, error);
	return runtime->record_log != NULL;
}

/* What is shared outlives a reload that does not change it; its strings are those of its configuration. */
static bool
get_share(struct runtime *runtime, const struct config *config, const struct runtime *previous,
	  struct error *error)
{
	if (config->share.server == NULL)
		return true;
	if (previous != NULL && previous->share != NULL
	    && config_same(config, previous->config, EFFECT_SHARE))
		runtime->share = share_ref(previous->share);
	else
		runtime->share = share_new(&config->share, error);
	return runtime->share != NULL;
}

struct runtime *
runtime_new(struct config *config, struct runtime *previous, struct error *error)
{
	struct runtime *runtime = calloc(1, sizeof *runtime);

	if (runtime == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	error_set(error, "out of memory");
	runtime->meter = previous != NULL ? meter_ref(previous->meter) : meter_new();
	if (runtime->meter == NULL)
		goto failed;
	runtime->resolver = get_resolver(config, previous, error);
	if (runtime->resolver == NULL)
		goto failed;
	if (!get_share(runtime, config, previous, error))
		goto failed;
	error_set(error, "out of memory");
	if (!get_look_back(runtime, config, previous, error))
		goto failed;
	error_set(error, "out of memory");
	runtime->health =
		list_health_new(config, previous != NULL ? previous->health : NULL, list_trouble_log);
	if (runtime->health == NULL)
		goto failed;
	runtime->watcher = list_watcher_new(runtime->health, runtime->resolver->resolver, error);
	if (runtime->watcher == NULL)
		goto failed;
	if (!open_record_log(runtime, config, previous, error))
		goto failed;
	error_set(error, "out of memory");
	runtime->rules = rule_counts_new(config, previous != NULL ? previous->rules : NULL);
	if (runtime->rules == NULL || !test_resolver(runtime->resolver, runtime->health, error))
		goto failed;
	runtime->read = (int64_t)time(NULL);
	runtime->config = config;
	runtime_use(runtime, checks_table(), runtime->resolver->cache);
	return runtime;
failed:
	runtime_unref(runtime);
	return NULL;
}

struct runtime *
runtime_ref(struct runtime *runtime)
{
	refcount_take(&runtime->references);
	return runtime;
}

void
runtime_unref(struct runtime *runtime)
{
	if (runtime == NULL || !refcount_drop(&runtime->references))
		return;
	list_watcher_free(runtime->watcher);
	look_back_unref(runtime->peers);
	resolver_unref(runtime->resolver);
	list_health_unref(runtime->health);
	record_log_unref(runtime->record_log);
	share_unref(runtime->share);
	meter_unref(runtime->meter);
	rule_counts_free(runtime->rules);
	config_unref(runtime->config);
	free(runtime);
}

void
runtime_settle(struct runtime *runtime)
{
	list_watcher_settle(runtime->watcher, runtime->config->timeout_ms);
}

void
runtime_save(struct runtime *runtime)
{
	if (runtime->peers != NULL)
		look_back_save(runtime->peers->look_back);
}

const struct config *
runtime_config(const struct runtime *runtime)
{
	return runtime->config;
}

void
runtime_use(struct runtime *runtime, struct check_table table, struct dns_resolver *resolver)
{
	runtime->table = table;
	runtime->asked = resolver;
}

struct inquiry_needs
runtime_needs(const struct runtime *runtime)
{
	return (struct inquiry_needs){
		.table = runtime->table,
		.resolver = runtime->asked,
		.config = runtime->config,
		.health = runtime->health,
		.peers = runtime->peers != NULL ? look_back_source(runtime->peers->look_back) : NULL,
		.before_wait = rouse,
	};
}

struct record_log *
runtime_record_log(const struct runtime *runtime)
{
	return runtime->record_log;
}

struct share *
runtime_share(const struct runtime *runtime)
{
	return runtime->share;
}

struct meter *
runtime_meter(const struct runtime *runtime)
{
	return runtime->meter;
}

void
runtime_look(const struct runtime *runtime, struct metrics_view *view)
{
	view->config = runtime->config;
	view->health = runtime->health;
	view->rules = runtime->rules;
	view->read = runtime->read;
	view->cache = dns_cache_look(runtime->resolver->cache);
	view->look_back = (struct look_back_look){ .waiting = 0 };
	if (runtime->peers != NULL)
		view->look_back = look_back_look(runtime->peers->look_back);
	view->resolver = self_test_report(runtime->resolver->test);
	view->share = (struct share_look){ .waiting = 0 };
	if (runtime->share != NULL)
		view->share = share_look(runtime->share);
	view->anchor = runtime->resolver->has_anchor ? &runtime->resolver->anchor : NULL;
}

const struct rule_counts *
runtime_rules(const struct runtime *runtime)
{
	return runtime->rules;
}

struct list_health *
runtime_health(const struct runtime *runtime)
{
	return runtime->health;
}

bool
runtime_forget(const struct runtime *runtime, const struct ipaddr *address, size_t *count)
{
	if (runtime->peers == NULL)
		return false;
	*count = look_back_forget(runtime->peers->look_back, address);
	return true;
}
