/*
 * words_lists: why nothing follows from a DNS list, in words. Any thread.
 */
#ifndef HELOSCOPE_WORDS_LISTS_H
#define HELOSCOPE_WORDS_LISTS_H

#include "heloscope/facts/facts.h"

/* Of a finding in the state LIST_FAULT: "suspended: it lists everything". */
const char *list_fault_text(const struct list_finding *finding);

#endif
