/*
 * config_sense_peer: a warning of rules that refuse the mail of hosts that only send, which have no server at
 * which banner and peer-tls could find anything.
 */
#ifndef HELOSCOPE_CONFIG_SENSE_PEER_H
#define HELOSCOPE_CONFIG_SENSE_PEER_H

#include "heloscope/config/config.h"

/* A line, if the rule is one. */
void config_warn_of_peer(const struct rule *rule, struct output *messages);

#endif
