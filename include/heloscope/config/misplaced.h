/*
 * config_misplaced: words of heloscope.conf(5) that stand where no statement begins with them.
 *
 * Who writes "reject" outside a policy wants to know where it belongs, not all that could stand there.
 */
#ifndef HELOSCOPE_CONFIG_MISPLACED_H
#define HELOSCOPE_CONFIG_MISPLACED_H

#include "heloscope/config/reader.h"

/* Complain of a word that belongs elsewhere. False when it belongs nowhere. */
bool config_complain_of_misplaced(struct config_reader *reader, struct place place, const char *word);

/* Complain of a word that has another name now. False when it has none. */
bool config_complain_of_renamed(struct config_reader *reader, struct place place, const char *word);

#endif
