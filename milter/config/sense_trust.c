#include "heloscope/config/sense_trust.h"

#include "heloscope/config/reader.h"

/* Networks that are larger than anybody's own. */

#define IPV4_PREFIX_MIN 8 /* as 10.0.0.0/8 */
#define IPV6_PREFIX_MIN 7 /* as fc00::/7 */

static bool
is_too_wide(const struct network *network)
{
	return network->prefix < (network->address.length == 4 ? IPV4_PREFIX_MIN : IPV6_PREFIX_MIN);
}

static void
look_at_networks(const struct network_set *networks, const char *setting, const char *what, const char *path,
		 struct output *messages)
{
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->items[i];
		char text[IPADDR_TEXT_SIZE];

		if (is_too_wide(network))
			config_warn(messages, path,
				    "trust { %s { %s/%u } } includes addresses of others, who %s; "
				    "expected only networks of your own",
				    setting, ipaddr_format(&network->address, text), network->prefix, what);
	}
}

/* Gateways. */

static bool
are_loopback(const struct network_set *networks)
{
	size_t i = 0;

	while (i < networks->count && networks->items[i].prefix >= IPV4_PREFIX_MIN
	       && ipaddr_is_loopback(&networks->items[i].address))
		i++;
	return i == networks->count;
}

/* Whether a network lies within one of a set. */
static bool
is_within(const struct network_set *set, const struct network *network)
{
	size_t i = 0;

	if (!network_set_contains(set, &network->address))
		return false;
	while (i < set->count
	       && !(set->items[i].prefix <= network->prefix
		    && network_contains(&set->items[i], &network->address)))
		i++;
	return i < set->count;
}

/* A gateway in a larger network of one's own is as it should be; told of is the first that says two things.
 */
static void
look_at_both(const struct config *config, const char *path, struct output *messages)
{
	for (size_t i = 0; i < config->trusted.count; i++) {
		const struct network *network = &config->trusted.items[i];
		char text[IPADDR_TEXT_SIZE];

		if (ipaddr_is_loopback(&network->address) || !is_within(&config->gateways, network))
			continue;
		config_warn(
			messages, path,
			"trust { networks { %s/%u } } has no effect, because it is in gateways { ... }, too, which counts: mail from there is judged by the client that the gateway names; remove it from one of the two",
			ipaddr_format(&network->address, text), network->prefix);
		return;
	}
}

static bool
refuses_now(const struct rule *rule)
{
	return !rule->is_audit && action_refuses(rule->action);
}

/* The first that does, or NULL. */
static const struct rule *
find_refusal(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++)
		if (refuses_now(&policy->rules.items[i]))
			return &policy->rules.items[i];
	return refuses_now(&policy->otherwise) ? &policy->otherwise : NULL;
}

static const struct rule *
find_any_refusal(const struct config *config)
{
	const struct rule *rule = find_refusal(&config->default_policy);

	for (size_t i = 0; rule == NULL && i < config->policies.count; i++)
		rule = find_refusal(&config->policies.items[i]);
	return rule;
}

static void
look_at_gateways(const struct config *config, const char *path, struct output *messages)
{
	const struct rule *rule = config->mode == MODE_ENFORCE ? find_any_refusal(config) : NULL;

	if (config->gateways.count == 0)
		return;
	if (are_loopback(&config->gateways))
		config_warn(
			messages, path,
			"trust { gateways { ... } } holds loopback addresses alone, which make no host a gateway; add the addresses from which gateways connect");
	else if (rule != NULL)
		config_warn(
			messages, rule->where,
			"this rule refuses mail from gateways, too: one that does not wait for the answer of this host has accepted the mail already and bounces it, mostly to forged addresses; unless all of them wait, stay in \"mode audit\", or use \"tag\" and \"quarantine\" in place of \"reject\" and \"defer\", which then defer only mail whose Received field cannot be read");
}

void
config_warn_of_trust(const struct config *config, const char *path, struct output *messages)
{
	look_at_networks(&config->trusted, "networks", "get past every check", path, messages);
	look_at_networks(&config->gateways, "gateways", "can then name any client in a Received field", path,
			 messages);
	look_at_both(config, path, messages);
	look_at_gateways(config, path, messages);
}
