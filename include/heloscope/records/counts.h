/*
 * record_counts: what is counted of the log of records. See heloscope/base/counter.h.
 */
#ifndef HELOSCOPE_RECORDS_COUNTS_H
#define HELOSCOPE_RECORDS_COUNTS_H

#include "heloscope/base/counter.h"

/* Why a message has no record: the disk is full or too slow, or its network has used up what it may make us
 * write (heloscope/records/meter.h). */
enum record_drop { RECORD_DROP_DISK, RECORD_DROP_ALLOWANCE, RECORD_DROPS };

struct record_counts {
	struct counter written, dropped[RECORD_DROPS];
};
extern struct record_counts record_counts;

#endif
