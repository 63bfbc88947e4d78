/*
 * words_helo: why a name is none to give with HELO, in words. Any thread.
 */
#ifndef HELOSCOPE_WORDS_HELO_H
#define HELOSCOPE_WORDS_HELO_H

#include "heloscope/base/domain.h"

/* What goes behind "is", as in "a host name without a domain". */
const char *helo_fault_text(enum helo_fault fault);

#endif
