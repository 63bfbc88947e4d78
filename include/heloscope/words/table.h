/*
 * table: the telling of each method.
 */
#ifndef HELOSCOPE_WORDS_TABLE_H
#define HELOSCOPE_WORDS_TABLE_H

#include "heloscope/words/telling.h"

const struct telling *telling_of(enum method method);

#endif
