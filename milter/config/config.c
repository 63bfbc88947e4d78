#include "heloscope/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/refcount.h"

#define ARENA_LIMIT (64U << 20)

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

bool
action_is_against(enum action action)
{
	return action_refuses(action) || action == ACTION_QUARANTINE;
}

struct config *
config_new(void)
{
	struct counted_config *counted = calloc(1, sizeof *counted);

	if (counted == NULL)
		return NULL;
	arena_init(&counted->config.arena, ARENA_LIMIT);
	counted->config.default_policy.otherwise = (struct rule){ .action = ACTION_ACCEPT, .percent = 100 };
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

bool
text_set_equals(const struct text_set *a, const struct text_set *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

const char *
config_said_at(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->said.count; i++)
		if (strcmp(config->said.items[i].name, name) == 0)
			return config->said.items[i].where;
	return NULL;
}

bool
config_trusts(const struct config *config, const struct ipaddr *address)
{
	if (address->length == 0 || ipaddr_is_loopback(address))
		return true;
	return network_set_contains(&config->trusted, address);
}

bool
config_has_list(const struct config *config, bool is_allow)
{
	for (size_t i = 0; i < config->lists.count; i++)
		if (config->lists.items[i].is_allow == is_allow && !config->lists.items[i].is_left_out)
			return true;
	return false;
}

bool
config_is_gateway(const struct config *config, const struct ipaddr *address)
{
	return network_set_contains(&config->gateways, address);
}

void
config_place_client(const struct config *config, struct client_facts *client)
{
	const struct ipaddr address = client->address;

	client->is_trusted = config_trusts(config, &address);
	if (address.length == 0 || ipaddr_is_loopback(&address) || !config_is_gateway(config, &address))
		return;
	client->is_trusted = false;
	client->gateway.address = client->gateway.believed = address;
	client->address = (struct ipaddr){ .length = 0 };
}

bool
config_trusts_client(const struct config *config, const struct client_facts *client)
{
	return client->gateway.address.length > 0 && client->address.length == 0
		       ? false
		       : config_trusts(config, &client->address);
}

bool
list_takes_family(const struct list *list, unsigned char length)
{
	const enum list_ipv6 ipv6 = list->entry != NULL ? list->entry->ipv6 : LIST_IPV6_UNKNOWN;

	return length == 4 ? ipv6 != LIST_IPV6_ONLY : ipv6 != LIST_IPV6_NO;
}

bool
config_switches_on(const struct config *config, enum method method)
{
	switch (method_words(method)->needs) {
	case SWITCH_LOOK_BACK:
		return config->looks_back;
	case SWITCH_ENABLE:
		return (config->enabled & 1U << method) != 0;
	default:
		return true;
	}
}

bool
config_wants(const struct config *config, enum method method)
{
	return (config->disabled & 1U << method) == 0 && config_switches_on(config, method);
}
