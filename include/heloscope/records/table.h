/*
 * table: the codec of each method. Only records/ includes this.
 */
#ifndef HELOSCOPE_RECORDS_TABLE_H
#define HELOSCOPE_RECORDS_TABLE_H

#include "heloscope/records/codec.h"

const struct codec *codec_of(enum method method);

#endif
