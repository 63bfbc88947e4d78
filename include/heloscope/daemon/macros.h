/*
 * macros: what the filter asks the MTA to send with each stage.
 */
#ifndef HELOSCOPE_DAEMON_MACROS_H
#define HELOSCOPE_DAEMON_MACROS_H

#include "heloscope/base/strbuf.h"
#include "heloscope/config/config.h"

/* Add those of `stage`, one of libmilter's SMFIM_, with blanks between them: of what the configuration looks
 * at. */
void macros_add(const struct config *config, int stage, struct strbuf *names);

#endif
