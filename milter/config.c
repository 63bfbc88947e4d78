#include "heloscope/config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/config_build.h"

#define ARENA_LIMIT (64U << 20)
#define DEFAULT_TIMEOUT_MS 5000

/* The reference count is not the reader's business, so it is not in the header. */
struct counted_config {
	struct config config; /* first */
	atomic_uint references;
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

static const char *
host_name(struct arena *arena)
{
	char name[256] = "";

	if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
		return "localhost";
	return arena_string(arena, name);
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
	config->trusts_authenticated = true;
	config->default_policy.otherwise = (struct rule){ .action = ACTION_ACCEPT, .percent = 100 };
}

static void
finish(struct config *config)
{
	if (config->authserv_id == NULL) {
		config->authserv_id = host_name(&config->arena);
		config->own_ids.items = arena_grow(&config->arena, NULL, 0, sizeof *config->own_ids.items);
		if (config->own_ids.items != NULL)
			config->own_ids.items[config->own_ids.count++] = config->authserv_id;
	}
	config->resolver.servers = config->servers.items;
	config->resolver.server_count = config->servers.count;
	config->resolver.zones = config->zones.items;
	config->resolver.zone_count = config->zones.count;
	config_resolve_lists(config);
}

struct config *
config_read(const char *path, FILE *messages)
{
	struct counted_config *counted = calloc(1, sizeof *counted);
	const char *slash = strrchr(path, '/');
	struct text_set said = { 0 };
	unsigned errors = 0;

	if (counted == NULL) {
		(void)fprintf(messages, "%s: out of memory\n", path);
		return NULL;
	}
	atomic_init(&counted->references, 1);
	arena_init(&counted->config.arena, ARENA_LIMIT);
	set_defaults(&counted->config);
	config_read_file(&counted->config, messages, path, slash != NULL ? slash + 1 : path, 0, &errors, &said);
	finish(&counted->config);
	if (counted->config.arena.has_failed) {
		(void)fprintf(messages, "%s: out of memory, or more than 64 MB of configuration\n", path);
		errors++;
	}
	if (errors > 0) {
		config_unref(&counted->config);
		return NULL;
	}
	return &counted->config;
}

struct config *
config_ref(struct config *config)
{
	struct counted_config *counted = (struct counted_config *)config;

	(void)atomic_fetch_add(&counted->references, 1);
	return config;
}

void
config_unref(struct config *config)
{
	struct counted_config *counted = (struct counted_config *)config;

	if (config == NULL || atomic_fetch_sub(&counted->references, 1) > 1)
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
	    || a->servers.count != b->servers.count || a->zones.count != b->zones.count
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
config_wants(const struct config *config, enum method method)
{
	return (config->disabled & 1U << method) == 0;
}
