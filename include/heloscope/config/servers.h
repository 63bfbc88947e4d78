/*
 * config_servers: whom the resolver asks, in general and for single zones.
 */
#ifndef HELOSCOPE_CONFIG_SERVERS_H
#define HELOSCOPE_CONFIG_SERVERS_H

#include "heloscope/config/values.h"

/* One word of config_server_modes, or addresses. */
void config_set_servers(struct config_reader *reader, const struct value_set *servers);
void config_put_servers(struct output *out, const struct config *config);

/* Whether both would ask the same. Never with "system": its file may have changed, and is read again. */
bool config_same_servers(const struct config *a, const struct config *b);

/* A zone, and behind it the addresses of its servers. */
void config_add_zone(struct config_reader *reader, const struct value_set *zone_and_servers);
bool config_same_zones(const struct config *a, const struct config *b);

#endif
