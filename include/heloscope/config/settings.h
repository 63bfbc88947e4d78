/*
 * config_settings: what each setting takes.
 */
#ifndef HELOSCOPE_CONFIG_SETTINGS_H
#define HELOSCOPE_CONFIG_SETTINGS_H

#include "heloscope/config/values.h"

void config_set_authserv_id(struct config_reader *reader, struct word id, const struct value_set *also);
void config_set_listen(struct config_reader *reader, struct word where);
void config_set_socket_mode(struct config_reader *reader, struct word mode);
void config_set_mode(struct config_reader *reader, struct word mode);
void config_set_log(struct config_reader *reader, struct word target, struct word level);
void config_set_audit_log(struct config_reader *reader, struct word path);
void config_set_servers(struct config_reader *reader, const struct value_set *servers);
void config_add_zone(struct config_reader *reader, struct word zone, const struct value_set *servers);
void config_set_probe_interval(struct config_reader *reader, struct word duration);
void config_set_timeout(struct config_reader *reader, struct word duration);
void config_set_cache(struct config_reader *reader, struct word size);
void config_set_spf(struct config_reader *reader, struct word engine);
void config_set_flag(struct config_reader *reader, bool *flag, struct word value);
void config_disable(struct config_reader *reader, const struct value_set *methods);
void config_set_probe(struct config_reader *reader, struct word value);
void config_set_probe_name(struct config_reader *reader, struct word name);
void config_set_probe_file(struct config_reader *reader, struct word path);
void config_set_probe_port(struct config_reader *reader, struct word port);
void config_set_probe_count(struct config_reader *reader, struct word count);
void config_set_probe_rate(struct config_reader *reader, struct word rate);
void config_set_probe_timeout(struct config_reader *reader, struct word duration);
void config_set_trust_anchor(struct config_reader *reader, struct word path);

#endif
