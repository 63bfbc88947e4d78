#include "heloscope/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/refcount.h"

#define ARENA_LIMIT (64U << 20)
#define DEFAULT_TIMEOUT_MS 5000
#define DEFAULT_CACHE_OCTETS (8UL << 20)
#define DEFAULT_PROBE_INTERVAL_MS 300000

/* The reference count is not the reader's business, so it is not in the header. */
struct counted_config {
	struct config config; /* first */
	struct refcount references;
};

static const char *const action_words[ACTIONS] = {
	[ACTION_ACCEPT] = "accept",         [ACTION_REJECT] = "reject", [ACTION_DEFER] = "defer",
	[ACTION_QUARANTINE] = "quarantine", [ACTION_TAG] = "tag",       [ACTION_DEFAULT] = "default",
};

const char *
action_word(enum action action)
{
	return action_words[action];
}

bool
action_refuses(enum action action)
{
	return action == ACTION_REJECT || action == ACTION_DEFER;
}

static void
set_defaults(struct config *config)
{
	config->listen = "inet:8891@127.0.0.1";
	config->socket_mode = 0660;
	config->user = "heloscope";
	config->log_target = LOG_TARGET_SYSLOG;
	config->log_level = LOG_LEVEL_INFO;
	config->timeout_ms = DEFAULT_TIMEOUT_MS;
	config->cache_octets = DEFAULT_CACHE_OCTETS;
	config->probe_interval_ms = DEFAULT_PROBE_INTERVAL_MS;
	config->trusts_authenticated = true;
	config->probe = (struct prober_settings){
		.port = 25, .timeout_ms = 60000, .at_a_time = 20, .per_minute = 60
	};
	config->default_policy.otherwise = (struct rule){ .action = ACTION_ACCEPT, .percent = 100 };
}

struct config *
config_new(void)
{
	struct counted_config *counted = calloc(1, sizeof *counted);

	if (counted == NULL)
		return NULL;
	arena_init(&counted->config.arena, ARENA_LIMIT);
	set_defaults(&counted->config);
	return &counted->config;
}

struct config *
config_ref(struct config *config)
{
	struct counted_config *counted = (struct counted_config *)config;

	refcount_take(&counted->references);
	return config;
}

void
config_unref(struct config *config)
{
	struct counted_config *counted = (struct counted_config *)config;

	if (config == NULL || !refcount_drop(&counted->references))
		return;
	arena_clear(&config->arena);
	free(counted);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
config_same_resolver(const struct config *a, const struct config *b)
{
	/* The file of RESOLVER_SYSTEM may have changed: read it again. */
	if (a->resolver.mode != b->resolver.mode || a->resolver.mode == RESOLVER_SYSTEM
	    || a->cache_octets != b->cache_octets || a->servers.count != b->servers.count
	    || a->zones.count != b->zones.count
	    || !same_text(a->resolver.trust_anchor, b->resolver.trust_anchor))
		return false;
	for (size_t i = 0; i < a->servers.count; i++)
		if (strcmp(a->servers.items[i], b->servers.items[i]) != 0)
			return false;
	for (size_t i = 0; i < a->zones.count; i++)
		if (strcmp(a->zones.items[i].name, b->zones.items[i].name) != 0
		    || strcmp(a->zones.items[i].server, b->zones.items[i].server) != 0)
			return false;
	return true;
}

bool
config_same_probe(const struct config *a, const struct config *b)
{
	const struct prober_settings *one = &a->probe, *other = &b->probe;

	return a->probes == b->probes && same_text(one->ehlo_name, other->ehlo_name)
	       && same_text(one->why, other->why) && same_text(one->file, other->file)
	       && one->port == other->port && one->timeout_ms == other->timeout_ms
	       && one->at_a_time == other->at_a_time && one->per_minute == other->per_minute
	       && network_set_equals(&one->allowed, &other->allowed)
	       && network_set_equals(&one->trusted, &other->trusted);
}

bool
config_trusts(const struct config *config, const struct ipaddr *address)
{
	if (address->length == 0 || ipaddr_is_loopback(address))
		return true;
	return network_set_contains(&config->trusted, address);
}

bool
list_takes_family(const struct list *list, unsigned char length)
{
	const enum list_ipv6 ipv6 = list->entry != NULL ? list->entry->ipv6 : LIST_IPV6_UNKNOWN;

	return length == 4 ? ipv6 != LIST_IPV6_ONLY : ipv6 != LIST_IPV6_NO;
}

bool
config_wants(const struct config *config, enum method method)
{
	return (config->disabled & 1U << method) == 0
	       && (config->probes || !method_words(method)->needs_probe);
}
