/*
 * config_text: scanner and grammar together.
 *
 * The scanner hands token by token to the grammar, which knows nothing of it.
 */
#ifndef HELOSCOPE_CONFIG_TEXT_H
#define HELOSCOPE_CONFIG_TEXT_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/config/reader.h"

/* Scan and parse `text`; complaints are counted in `reader`. False when memory ran out. */
bool config_parse_text(struct config_reader *reader, struct span text) MUST_USE;

#endif
