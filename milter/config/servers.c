#include "heloscope/config/servers.h"

#include <string.h>

#include "heloscope/config/words.h"

/* "192.0.2.53" or "192.0.2.53@5353". */
static bool
is_server(const char *text)
{
	const struct span whole = span_of(text);
	const char *at = strchr(text, '@');
	const size_t length = at != NULL ? (size_t)(at - text) : whole.length;
	struct ipaddr address;
	unsigned port;

	return ipaddr_parse((struct span){ text, length }, &address)
	       && (at == NULL || span_to_number(span_from(whole, length + 1), 1, 65535, &port));
}

/* Whether it is one; complains when not. */
static bool
check_server(struct config_reader *reader, struct word server)
{
	if (is_server(server.text))
		return true;
	config_complain(
		reader, server.place,
		"\"%.60s\" is not a name server; expected an address like 192.0.2.53 or 192.0.2.53@5353",
		server.text);
	return false;
}

void
config_set_servers(struct config_reader *reader, const struct value_set *servers)
{
	if (servers->kind == VALUE_WORD) {
		if (CONFIG_KNOWN(reader, "kind of servers", servers->items[0], config_server_modes)
		    == RESOLVER_RECURSIVE)
			reader->config->resolver.mode = RESOLVER_RECURSIVE;
		return;
	}
	reader->config->resolver.mode = RESOLVER_SERVERS;
	for (size_t i = 0; i < servers->count; i++)
		if (check_server(reader, servers->items[i]))
			config_add_text(reader, &reader->config->servers, servers->items[i].text);
}

void
config_put_servers(struct output *out, const struct config *config)
{
	if (config->resolver.mode != RESOLVER_SERVERS)
		output_put(out, "%s", config_server_modes[config->resolver.mode]);
	for (size_t i = 0; i < config->servers.count; i++)
		output_put(out, "%s%s", i > 0 ? ", " : "", config->servers.items[i]);
}

bool
config_same_servers(const struct config *a, const struct config *b)
{
	return a->resolver.mode == b->resolver.mode && a->resolver.mode != RESOLVER_SYSTEM
	       && text_set_equals(&a->servers, &b->servers);
}

void
config_add_zone(struct config_reader *reader, const struct value_set *zone_and_servers)
{
	const struct word zone = zone_and_servers->items[0];
	struct zone_set *zones = &reader->config->zones;
	char name[DOMAIN_SIZE];
	const char *first;

	if (!domain_normalize(span_of(zone.text), name)) {
		config_complain(reader, zone.place, "\"%.80s\" is not a zone; expected a domain name",
				zone.text);
		return;
	}
	first = config_said_before(reader, arena_printf(&reader->config->arena, "zone %s", name), zone.place);
	if (first != NULL)
		config_complain(
			reader, zone.place,
			"the zone \"%.80s\" is given twice, first in %s; expected it once, with all its servers",
			name, first);
	for (size_t i = 1; i < zone_and_servers->count; i++) {
		struct resolver_zone *items =
			arena_grow(&reader->config->arena, zones->items, zones->count, sizeof *items);

		if (items == NULL || !check_server(reader, zone_and_servers->items[i]))
			return;
		zones->items = items;
		items[zones->count++] = (struct resolver_zone){ arena_string(&reader->config->arena, name),
								zone_and_servers->items[i].text };
	}
}

bool
config_same_zones(const struct config *a, const struct config *b)
{
	if (a->zones.count != b->zones.count)
		return false;
	for (size_t i = 0; i < a->zones.count; i++)
		if (strcmp(a->zones.items[i].name, b->zones.items[i].name) != 0
		    || strcmp(a->zones.items[i].server, b->zones.items[i].server) != 0)
			return false;
	return true;
}
